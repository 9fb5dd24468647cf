"""The demo's own rooms: mails and pushes that went out stand there to be read."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from realtime.delivery.alert import Alert
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.headers import Mailbox as MailAddress
from realtime.delivery.email.relay import parse_relays
from realtime.delivery.email.sender import MailSender
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.compose import compose_push
from realtime.delivery.push.encrypt import SubscriptionKeys, encrypt
from realtime.delivery.push.vapid import VapidKey, VapidSigner
from realtime.demo.mailbox import Mailbox
from realtime.demo.outbox import Outbox
from realtime.demo.people import SELLER, Person
from realtime.demo.push_service import DemoPushService
from realtime.demo.routes import DemoRoutes
from tests.support.clock import NOON, StillClock

ORIGIN = "http://127.0.0.1:8000"
KEY = VapidKey.generate()


def an_alert(**changes: Any) -> Alert:
    facts = {
        "number": "FO-1",
        "service": "Logo design",
        "buyer": "Anna Brandt",
        "price": {"amount": 12_050, "currency": "EUR"},
    }
    values: dict[str, Any] = {
        "notification_id": "n1",
        "category": "new_order",
        "template": "order_created",
        "locale": "de",
        "timezone": "Europe/Berlin",
        "account_id": SELLER.account,
        "account_name": SELLER.name,
        "email": SELLER.email,
        "facts": facts,
        "link": f"{ORIGIN}/orders/1",
        "unsubscribe_url": f"{ORIGIN}/u/token",
        "message_id": "<d1@example.com>",
        "at": NOON,
        **changes,
    }
    return Alert(**values)


class Demo:
    """The demo's parts, wired as the server wires them, and a client that asks them."""

    def __init__(self) -> None:
        clock = StillClock()
        outbox = Outbox(clock=clock)
        self.mailbox = Mailbox(outbox=outbox, clock=clock)
        self.pushes = DemoPushService(
            origin=ORIGIN, public_key=KEY.public_text, outbox=outbox, clock=clock
        )
        self.sender = MailSender(parse_relays(self.mailbox.url), helo="example.com")
        self._signer = VapidSigner(keys=[KEY], subject="mailto:ops@example.com", clock=clock)
        self._composer = MailComposer(
            sender=MailAddress("Orderwire", "no-reply@example.com"),
            settings_url=f"{ORIGIN}/settings",
            clock=clock,
        )
        routes = DemoRoutes(
            place_order=_order, make_token=_token, mailbox=self.mailbox, outbox=outbox
        )
        app = Starlette(routes=[*routes.routes(), *self.pushes.routes()])
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url=ORIGIN, follow_redirects=False
        )

    async def mail(self, **changes: Any) -> Outcome:
        """Send a mail to the mailbox."""
        return await self.sender.send(self._composer.compose(an_alert(**changes)))

    async def push(self, **changes: str) -> int:
        """Send a push to the seller's browser; return the status."""
        endpoint, keys = self.pushes.subscribe(SELLER)
        body = encrypt(compose_push(an_alert()), SubscriptionKeys(keys.p256dh, keys.auth))
        headers = {
            "Authorization": self._signer.authorization(ORIGIN),
            "Content-Encoding": "aes128gcm",
            "TTL": "60",
            "Urgency": "high",
            **changes,
        }
        return (await self.client.post(endpoint, content=body, headers=headers)).status_code

    async def outbox(self, after: int = 0) -> list[dict[str, Any]]:
        """Ask what left the house."""
        answer = await self.client.get("/demo/outbox", params={"after": after})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


async def _order() -> dict[str, Any]:
    return {"id": "o1", "number": "FO-1"}


def _token(person: Person) -> str:
    return f"token-of-{person.account}"


@asynccontextmanager
async def a_demo() -> AsyncIterator[Demo]:
    demo = Demo()
    await demo.mailbox.start()
    try:
        yield demo
    finally:
        await demo.client.aclose()
        await demo.sender.close()
        await demo.mailbox.close()


async def test_what_left_the_house_is_told_with_its_why() -> None:
    async with a_demo() as demo:
        assert (await demo.mail()).result is Result.ACCEPTED
        assert await demo.push() == 201
        mail, push = await demo.outbox()
        assert (mail["n"], mail["kind"], mail["account"]) == (1, "email", "sabine")
        assert mail["title"] == "Neuer Auftrag FO-1 von Anna B."
        assert mail["body"].startswith("Hallo Sabine! Du hast einen neuen Auftrag.")
        assert mail["why"] == "„Neuer Auftrag“ ist für E-Mail eingeschaltet."
        assert (push["n"], push["kind"], push["title"]) == (
            2,
            "push",
            "Neuer Auftrag von Anna Brandt",
        )
        assert [item["n"] for item in await demo.outbox(after=1)] == [2]


async def test_a_broken_relay_takes_nothing_until_it_is_mended() -> None:
    async with a_demo() as demo:
        assert (await demo.client.post("/demo/relay", json={"broken": True})).status_code == 204
        assert (await demo.client.get("/demo/state")).json()["relay_broken"] is True
        outcome = await demo.mail()
        assert (outcome.result, outcome.code) == (Result.RETRY, "451 4.3.0")
        await demo.client.post("/demo/relay", json={"broken": False})
        assert (await demo.mail()).result is Result.ACCEPTED


async def test_the_state_names_the_people_and_how_to_become_one() -> None:
    async with a_demo() as demo:
        state = (await demo.client.get("/demo/state")).json()
        assert [(person["account"], person["role"]) for person in state["people"]] == [
            ("sabine", "seller"),
            ("anna", "buyer"),
            ("ops", "operator"),
        ]
        assert state["people"][0]["link"] == "/#token=token-of-sabine"
        assert state["service"] == {"id": "logo-design", "title": "Logo design"}


async def test_an_order_and_a_token_are_had_by_asking() -> None:
    async with a_demo() as demo:
        order = await demo.client.post("/demo/orders")
        assert (order.status_code, order.json()["id"]) == (201, "o1")
        token = await demo.client.post("/demo/token", json={"account": "anna"})
        assert token.json() == {"token": "token-of-anna"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/demo/outbox?after=x", None, 422),
        ("POST", "/demo/relay", {"broken": "yes"}, 422),
        ("POST", "/demo/token", {"account": "nobody"}, 404),
        ("POST", "/demo/token", {}, 422),
        ("GET", "/demo/mail/9", None, 404),
        ("GET", "/demo/mail/9/html", None, 404),
    ],
)
async def test_what_is_not_there_or_not_understood_is_said_so(
    method: str, path: str, body: object, status: int
) -> None:
    async with a_demo() as demo:
        assert (await demo.client.request(method, path, json=body)).status_code == status


async def test_a_mail_is_shown_as_it_looks_as_text_and_with_its_headers() -> None:
    async with a_demo() as demo:
        assert "No mail yet" in (await demo.client.get("/demo/mail")).text
        await demo.mail()
        assert "Neuer Auftrag FO-1" in (await demo.client.get("/demo/mail")).text
        assert "iframe" in (await demo.client.get("/demo/mail/1")).text
        assert "Preis: 120,50" in (await demo.client.get("/demo/mail/1?view=text")).text
        headers = (await demo.client.get("/demo/mail/1?view=headers")).text
        assert "List-Unsubscribe=One-Click" in headers
        assert (await demo.client.get("/demo/mail/1?view=sound")).status_code == 404


async def test_a_mail_is_shut_in() -> None:
    """Nothing in it runs, loads, or opens over the page."""
    async with a_demo() as demo:
        await demo.mail()
        answer = await demo.client.get("/demo/mail/1/html")
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox allow-popups")
        assert "default-src 'none'" in policy
        assert "allow-scripts" not in policy
        assert '<base target="_blank">' in answer.text


async def test_a_mail_to_somebody_else_is_kept_but_is_not_the_demos_news() -> None:
    async with a_demo() as demo:
        await demo.mail(email="somebody@example.com")
        assert len(demo.mailbox.mails) == 1
        assert await demo.outbox() == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "vapid t=a.b.c, k=AAAA"}, 403),
        ({"Authorization": "Bearer x"}, 401),
        ({"Content-Encoding": "gzip"}, 400),
        ({"TTL": "0"}, 400),
        ({"Urgency": "now"}, 400),
        ({"Topic": "a" * 33}, 400),
    ],
)
async def test_a_push_that_a_push_service_would_refuse_is_refused(
    headers: dict[str, str], status: int
) -> None:
    async with a_demo() as demo:
        assert await demo.push(**headers) == status
        assert await demo.outbox() == []


async def test_a_push_without_a_subscription_is_gone_and_a_huge_one_is_too_large() -> None:
    async with a_demo() as demo:
        headers = {
            "Authorization": VapidSigner(
                keys=[KEY], subject="mailto:ops@example.com", clock=StillClock()
            ).authorization(ORIGIN),
            "Content-Encoding": "aes128gcm",
            "TTL": "60",
        }
        gone = await demo.client.post("/demo/push/sabine", content=b"x")
        nobody = await demo.client.post("/demo/push/nobody", content=b"x")
        assert (gone.status_code, nobody.status_code) == (410, 410)
        endpoint, _ = demo.pushes.subscribe(SELLER)
        huge = await demo.client.post(endpoint, content=b"x" * 5_000, headers=headers)
        rubbish = await demo.client.post(endpoint, content=b"x" * 200, headers=headers)
        assert (huge.status_code, rubbish.status_code) == (413, 400)


async def test_the_payload_is_what_the_service_worker_reads() -> None:
    payload = json.loads(compose_push(an_alert()))
    assert set(payload) == {"title", "body", "link", "tag", "category", "id"}
