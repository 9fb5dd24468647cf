"""Attachments over HTTP: uploaded as a form, looked at, fetched by links, by those who may."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from domain.identity import Identity
from tests.support.eventually import eventually_reads
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR
from tests.support.pictures import a_picture

NOTHING: Sequence[str] = []


async def uploaded(
    api: HttpApi, caller: Identity, name: str = "brief.txt", content: bytes = b"What I want"
) -> httpx2.Response:
    """Upload a file as a form."""
    files = {"file": (name, content, "application/x-lie")}
    return await api.call(caller, "POST", "/v1/attachments", files=files)


async def an_attachment(api: HttpApi, caller: Identity, **more: Any) -> dict[str, Any]:
    """Upload a file, and return what is said of it."""
    answer = await uploaded(api, caller, **more)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_file_comes_back_as_it_was_sent(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam)

    fetched = await api.call(None, "GET", shown["url"])

    assert (shown["name"], shown["type"], shown["size"]) == ("brief.txt", "text/plain", 11)
    assert shown["status"] == "ready"
    assert (fetched.status_code, fetched.content) == (200, b"What I want")
    assert await api.call(sam, "GET", f"/v1/attachments/{shown['id']}") != fetched


# --- links ----------------------------------------------------------------------------------------


def changed(url: str, **query: str) -> str:
    """Change a link."""
    parts = urlsplit(url)
    old = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{parts.path}?{urlencode(old | query)}"


async def test_a_link_is_for_one_file_in_one_form_until_one_moment(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    one = await an_attachment(api, sam, name="a.png", content=a_picture())
    other = await an_attachment(api, sam)
    url = one["url"]

    for wrong in (
        url.replace(one["id"], other["id"]),
        changed(url, until="99999999999"),
        changed(url, until="soon"),
        url.replace("/file?", "/preview?"),
        changed(url, signature="0" * 64),
        changed(url, signature="ä"),
        changed(url, signature=""),
    ):
        refused = await api.call(None, "GET", wrong)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found"), wrong
    assert (await api.call(None, "GET", url)).status_code == 200


async def test_a_link_expires(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam)
    api.market.clock.advance(timedelta(minutes=59))
    still = await api.call(None, "GET", shown["url"])
    api.market.clock.advance(timedelta(minutes=31))

    expired = await api.call(None, "GET", shown["url"])
    again = (await api.call(sam, "GET", f"/v1/attachments/{shown['id']}")).json()

    assert still.status_code == 200
    assert (expired.status_code, expired.json()["code"]) == (403, "link_expired")
    assert (await api.call(None, "GET", again["url"])).status_code == 200


async def test_links_of_one_half_hour_are_the_same_so_that_browsers_keep_what_they_have(
    api: HttpApi,
) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam)
    api.market.clock.advance(timedelta(seconds=1))
    first = (await api.call(sam, "GET", f"/v1/attachments/{shown['id']}")).json()["url"]
    api.market.clock.advance(timedelta(minutes=29))
    second = (await api.call(sam, "GET", f"/v1/attachments/{shown['id']}")).json()["url"]

    fetched = await api.call(None, "GET", second)
    kept = await api.call(None, "GET", first, headers={"If-None-Match": fetched.headers["etag"]})

    assert first == second
    assert fetched.headers["cache-control"] == "private, max-age=3659, immutable"
    assert (kept.status_code, kept.content) == (304, b"")


# --- who may --------------------------------------------------------------------------------------


async def test_who_may_read_an_attachment(api: HttpApi) -> None:
    """The uploader and operators always; the counterpart once it was sent; nobody else ever."""
    market = api.market
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    thread = await market.direct(bea, sam)
    attachment_id = (await an_attachment(api, bea))["id"]
    path = f"/v1/attachments/{attachment_id}"

    async def seen_by(caller: Identity | None) -> int:
        return (await api.call(caller, "GET", path)).status_code

    before = [await seen_by(who) for who in (bea, sam, eve, OPERATOR, BACKEND, None)]
    await market.send(bea, thread, "Here", attachments=(attachment_id,))
    after = [await seen_by(who) for who in (bea, sam, eve, OPERATOR, BACKEND, None)]

    assert before == [200, 404, 404, 200, 403, 401]
    assert after == [200, 200, 404, 200, 403, 401]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/attachments"), ("PATCH", "/v1/attachments/a"), ("DELETE", "/v1/attachments/a")],
)
async def test_only_accounts_upload(api: HttpApi, method: str, path: str) -> None:
    for caller, status in ((OPERATOR, 403), (BACKEND, 403), (None, 401)):
        assert (await api.call(caller, method, path)).status_code == status


async def test_one_who_is_not_known_uploads_nothing(api: HttpApi) -> None:
    assert (await uploaded(api, Identity("nobody"))).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_account_has_so_many_that_are_not_sent(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    for _ in range(100):
        await api.market.uploads.begin(sam, "a", 10)

    refused = await uploaded(api, sam)

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_attachments")
    assert (await uploaded(api, bea)).status_code == 201


async def test_what_was_uploaded_and_not_sent_is_removed_after_a_day(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    kept, sent = (await an_attachment(api, bea), await an_attachment(api, bea))
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, attachments=(sent["id"],))
    market.clock.advance(timedelta(days=1))

    gone = await api.call(bea, "GET", f"/v1/attachments/{kept['id']}")
    swept = await market.attachment_sweep.sweep()

    assert gone.status_code == 404
    assert swept == 1
    there = await api.call(sam, "GET", f"/v1/attachments/{sent['id']}")
    assert (await api.call(None, "GET", there.json()["url"])).content == b"What I want"


async def test_the_sweep_goes_on_when_it_is_rung_and_stops_when_told(api: HttpApi) -> None:
    market = api.market
    sam, _ = await market.sam_and_bea()
    shown = await an_attachment(api, sam)
    await market.attachment_sweep.start()

    dropped = await api.call(sam, "DELETE", f"/v1/attachments/{shown['id']}")
    for doorbell in market.ear.doorbells:
        market.attachment_sweep.ring(doorbell)

    assert dropped.status_code == 204
    await eventually_reads(NOTHING, lambda: market.uploaded("sam"))
    await market.attachment_sweep.close()
    assert (await api.call(None, "GET", shown["url"])).status_code == 404


async def test_what_is_part_of_something_cannot_be_dropped(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    shown = await an_attachment(api, bea)
    await market.send(bea, await market.direct(bea, sam), attachments=(shown["id"],))

    refused = await api.call(bea, "DELETE", f"/v1/attachments/{shown['id']}")
    foreign = await api.call(sam, "DELETE", f"/v1/attachments/{shown['id']}")

    assert (refused.status_code, refused.json()["code"]) == (409, "attachment_used")
    assert foreign.status_code == 404
