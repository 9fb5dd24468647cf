"""A mail provider's webhook: the same news as reports by mail, with a signature."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

import msgspec

from realtime.api.bodies import MAX_BODY_BYTES
from storage.rows import fetch_all
from storage.tables import deliveries, suppressions
from tests.support.http_api import INBOUND_SECRET, HttpApi

EVENTS = "/v1/inbound/events"


def signed(
    api: HttpApi, body: bytes, *, secret: bytes = INBOUND_SECRET, age: int = 0
) -> dict[str, str]:
    at = int(api.market.clock.now().timestamp()) - age
    digest = hmac.digest(secret, f"msg_1.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,b3RoZXI= v1,{base64.b64encode(digest).decode()}",
        "content-type": "application/json",
    }


async def test_a_provider_tells_the_same_with_a_signature(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    await api.market.order(id="o1")
    async with api.market.database.reading() as connection:
        rows = await fetch_all(connection, deliveries.select())
    mail = next(row for row in rows if row.channel == "email" and row.category == "new_order")
    push = next(row for row in rows if row.channel == "push" and row.category == "new_order")
    body = msgspec.json.encode(
        {
            "events": [
                {"type": "complaint", "message_id": f"<{mail.id}@market.example>"},
                {"type": "bounce", "message_id": f"<{push.id}@market.example>", "status": "5.1.1"},
                {"type": "bounce", "message_id": "<nobody@market.example>", "status": "5.1.1"},
            ]
        }
    )
    answer = await api.call(None, "POST", EVENTS, content=body, headers=signed(api, body))
    assert (answer.status_code, answer.json()) == (200, {"noted": 1, "unknown": 2})
    async with api.market.database.reading() as connection:
        [row] = await fetch_all(connection, suppressions.select())
    assert (row.address, row.reason) == ("sam@example.com", "complaint")


async def test_whoever_does_not_sign_is_not_listened_to(api: HttpApi) -> None:
    body = b'{"events": [{"type": "complaint", "message_id": "<d1@x>"}]}'
    good = signed(api, body)
    for headers in (
        {},
        good | {"webhook-signature": "v1,nonsense"},
        good | {"webhook-timestamp": "soon"},
        good | {"webhook-timestamp": "9" * 5_000},  # more digits than Python reads
        good | {"webhook-id": "msg_2"},
        signed(api, body, secret=b"another"),
        signed(api, body, age=301),
        signed(api, b"other"),
    ):
        answer = await api.call(None, "POST", EVENTS, content=body, headers=headers)
        assert answer.status_code == 401, headers
    assert (await api.call(None, "POST", EVENTS, content=body, headers=good)).status_code == 200


async def test_signed_nonsense_is_named(api: HttpApi) -> None:
    body = b'{"events": [{"type": "joy", "message_id": "x"}]}'
    answer = await api.call(None, "POST", EVENTS, content=body, headers=signed(api, body))
    assert [error["path"] for error in answer.json()["errors"]] == ["events[0].type"]


async def test_no_more_is_read_of_a_stranger_than_a_body_may_have(api: HttpApi) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 64 * 1024
            yield b" " * 64 * 1024

    headers = {"content-type": "application/json"}
    answer = await api.call(None, "POST", EVENTS, content=endless(), headers=headers)
    assert answer.status_code == 413
    assert read <= 2 * MAX_BODY_BYTES
