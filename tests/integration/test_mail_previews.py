"""Operators look at mails and send them to themselves: as people get them, but about nobody."""

from collections.abc import AsyncIterator

import pytest

from realtime.delivery.alert import FACTS
from realtime.delivery.email import samples
from realtime.delivery.email.relay import parse_relays
from storage.engine import Database
from storage.rows import fetch_all
from storage.tables import audit_log
from tests.support.http_api import HttpApi
from tests.support.mail_server import MailServer
from tests.support.marketplace import OPERATOR, Marketplace

MAILS = "/v1/ops/mails"


@pytest.fixture
async def sqlite_api(sqlite_url: str) -> AsyncIterator[HttpApi]:
    """The API; mails about nobody are the same on every database."""
    database = Database.open(sqlite_url)
    api = HttpApi(Marketplace(database))
    yield api
    await api.close()
    await database.close()


def test_every_template_has_a_sample() -> None:
    assert {name.partition(".")[0] for name in samples.names()} == set(FACTS)


@pytest.mark.parametrize("locale", ["de", "en", "de-AT", "fr"])
async def test_every_mail_can_be_looked_at(sqlite_api: HttpApi, locale: str) -> None:
    names = (await sqlite_api.call(OPERATOR, "GET", MAILS)).json()["items"]
    assert len(names) > 30
    for each in names:
        answer = await sqlite_api.call(OPERATOR, "GET", f"{MAILS}/{each['name']}?locale={locale}")
        shown = answer.json()
        assert answer.status_code == 200, each
        assert shown["subject"]
        assert "https://market.example/orders" in shown["text"]
        assert "</html>" in shown["html"]
        assert "{" not in shown["subject"] + shown["text"], each


async def test_a_mail_that_there_is_not_is_not_found(sqlite_api: HttpApi) -> None:
    for name in ("nothing", "order_changed", "order_changed.nothing"):
        shown = await sqlite_api.call(OPERATOR, "GET", f"{MAILS}/{name}")
        sent = await sqlite_api.call(
            OPERATOR, "POST", f"{MAILS}/{name}/test", json={"to": "olga@example.com"}
        )
        assert (shown.status_code, sent.status_code) == (404, 404)


async def test_a_mail_is_sent_to_whoever_looks_after_them(database: Database) -> None:
    async with MailServer().running() as server:
        market = Marketplace(database, relays=parse_relays(server.url))
        api = HttpApi(market)
        server.tell("rcpt", None, "550 5.1.1 nobody")
        body = {"to": "olga@example.com", "locale": "de"}
        path = f"{MAILS}/message_received/test"
        first = (await api.call(OPERATOR, "POST", path, json=body)).json()
        second = (await api.call(OPERATOR, "POST", path, json=body)).json()
        await market.mail_previews.close()
        await api.close()
    assert first == {
        "accepted": True,
        "result": "accepted",
        "reason": "sent",
        "status": "250 2.0.0",
        "detail": "2.0.0 Ok: queued",
    }
    assert (second["accepted"], second["reason"]) == (False, "hard_bounce")
    [mail] = server.received
    assert mail.recipient == "olga@example.com"
    assert mail.message["Subject"] == "2 neue Nachrichten von Anna B. zu Auftrag FO-1234"
    async with database.reading() as connection:
        deeds = await fetch_all(connection, audit_log.select())
    assert [(deed.actor, deed.action, deed.about) for deed in deeds] == [
        ("olga", "mail.test", "mail:message_received")
    ] * 2
    assert "example.com" not in str([deed.detail for deed in deeds])


async def test_without_a_mail_server_it_is_said(sqlite_api: HttpApi) -> None:
    path = f"{MAILS}/order_created/test"
    answer = await sqlite_api.call(OPERATOR, "POST", path, json={"to": "olga@example.com"})
    assert (answer.status_code, answer.json()["reason"]) == (200, "no_relay")
    await sqlite_api.market.mail_previews.close()
