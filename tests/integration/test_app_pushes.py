"""Pushes to apps, by APNs and FCM: over HTTP/2, to services that check who we are."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.preferences import Channel
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.apns import ApnsApp, ApnsKey, ApnsSender
from realtime.delivery.push.by_kind import SenderByKind
from realtime.delivery.push.carrier import PushCarrier
from realtime.delivery.push.fcm import FcmAccount, FcmSender
from realtime.delivery.push.native import NativeConnection
from realtime.delivery.push.sender import Push, PushLimits
from realtime.delivery.reasons import Reason
from storage import accounts
from storage.engine import Database
from tests.support.app_push_services import AppPushServices, Told
from tests.support.certificates import Authority, make_authority
from tests.support.clock import NOON, StillClock
from tests.support.delivery_world import PUBLIC_URL, a_world
from tests.support.http_api import HttpApi

APPLE = ec.generate_private_key(ec.SECP256R1())
GOOGLE = rsa.generate_private_key(65_537, 2_048)
TOKEN = "0123456789abcdef" * 4
PUSH = Push(
    kind="apns",
    endpoint=TOKEN,
    p256dh="",
    auth="",
    payload=json.dumps(
        {"title": "New order", "body": "A logo", "link": "/orders/o1", "tag": "n1", "id": "n1"}
    ).encode(),
    ttl=3_600,
    urgency="high",
)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


ACCOUNT = {
    "project_id": "market",
    "client_email": "push@market.iam.example",
    "private_key": pem(GOOGLE),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


class World:
    """Both services, and a sender to each."""

    def __init__(self, services: AppPushServices, authority: Authority, limits: PushLimits) -> None:
        self.services = services
        self.clock = StillClock()
        self._made = {"clock": self.clock, "limits": limits, "tls": authority.client_context()}
        app = ApnsApp(
            key=ApnsKey.parse(pem(APPLE)), key_id="KEY", team_id="TEAM", topic="example.market"
        )
        self.sender = SenderByKind(
            {
                "apns": ApnsSender(app=app, connection=self._line(), clock=self.clock),
                "fcm": FcmSender(
                    account=FcmAccount.parse(json.dumps(ACCOUNT)),
                    connection=self._line(),
                    tokens=self._line(),
                    clock=self.clock,
                ),
            }
        )

    def _line(self) -> NativeConnection:
        made: Any = self._made
        return NativeConnection(origin=self.services.origin, **made)

    async def send(self, kind: str, *told: Told, **changes: Any) -> Outcome:
        """Send one push, answered as told."""
        self.services.script.extend(told)
        return await self.sender.send(replace(PUSH, kind=kind, **changes))


@asynccontextmanager
async def an_app_world(
    authority: Authority, limits: PushLimits | None = None
) -> AsyncIterator[World]:
    services = AppPushServices(apple=APPLE.public_key(), google=GOOGLE.public_key())
    async with services.running(authority):
        world = World(services, authority, limits or PushLimits())
        try:
            yield world
        finally:
            await world.sender.close()


@pytest.fixture
async def world(authority: Authority) -> AsyncIterator[World]:
    async with an_app_world(authority) as made:
        yield made


async def test_apple_is_told_in_its_own_way(world: World) -> None:
    outcome = await world.send("apns", topic="t" * 32)
    again = await world.send("apns", urgency="normal")
    assert (outcome.result, outcome.code, again.result) == (
        Result.ACCEPTED,
        "200",
        Result.ACCEPTED,
    )
    first, second = world.services.asked
    assert (first.http, first.path) == ("2", f"/3/device/{TOKEN}")
    assert first.content == {
        "aps": {
            "alert": {"title": "New order", "body": "A logo"},
            "sound": "default",
            "thread-id": "n1",
        },
        "link": "/orders/o1",
        "tag": "n1",
        "id": "n1",
    }
    told = {name: first.headers[name] for name in first.headers if name.startswith("apns-")}
    assert told == {
        "apns-topic": "example.market",
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": str(int((NOON + timedelta(hours=1)).timestamp())),
        "apns-collapse-id": "t" * 32,
    }
    assert second.headers["apns-priority"] == "5"
    assert second.headers["authorization"] == first.headers["authorization"]


async def test_apples_token_is_signed_anew_before_its_hour_is_over(world: World) -> None:
    await world.send("apns")
    world.clock.advance(timedelta(minutes=46))
    await world.send("apns", Told(status=403, content={"reason": "ExpiredProviderToken"}))
    world.clock.advance(timedelta(seconds=1))
    await world.send("apns")
    tokens = {asked.headers["authorization"] for asked in world.services.asked}
    assert len(tokens) == 3


async def test_google_is_told_in_its_own_way(world: World) -> None:
    outcome = await world.send("fcm", topic="t" * 32)
    await world.send("fcm", urgency="normal")
    assert (outcome.result, outcome.reason) == (Result.ACCEPTED, Reason.SENT)
    first, second = world.services.asked
    assert (first.http, first.path) == ("2", "/v1/projects/market/messages:send")
    assert first.content["message"] == {
        "token": TOKEN,
        "notification": {"title": "New order", "body": "A logo"},
        "data": {"link": "/orders/o1", "tag": "n1", "id": "n1"},
        "android": {
            "ttl": "3600s",
            "priority": "HIGH",
            "notification": {"tag": "n1"},
            "collapse_key": "t" * 32,
        },
    }
    assert second.content["message"]["android"]["priority"] == "NORMAL"
    assert world.services.tokens_given == 1


async def test_googles_token_is_renewed_in_time_and_when_it_is_refused(world: World) -> None:
    await world.send("fcm")
    world.clock.advance(timedelta(minutes=55))
    await world.send("fcm")
    assert world.services.tokens_given == 2
    world.services.tokens_given = 7  # as if somebody had revoked it
    assert (await world.send("fcm")).result is Result.PAUSED
    assert (await world.send("fcm")).result is Result.ACCEPTED


@pytest.mark.parametrize(
    ("status", "content", "result", "reason"),
    [
        (400, {"error": "invalid_grant"}, Result.PAUSED, Reason.VAPID_REFUSED),
        (401, {}, Result.PAUSED, Reason.VAPID_REFUSED),
        (200, {"nothing": 1}, Result.PAUSED, Reason.VAPID_REFUSED),
        (503, None, Result.RETRY, Reason.RATE_LIMITED),
        (500, None, Result.RETRY, Reason.TRY_LATER),
    ],
)
async def test_a_token_that_is_not_given_is_never_the_devices_fault(
    world: World, status: int, content: Any, result: Result, reason: Reason
) -> None:
    world.services.token_script.append(Told(status=status, content=content))
    outcome = await world.send("fcm")
    assert (outcome.result, outcome.reason) == (result, reason)
    assert world.services.asked == []


def fcm_error(word: str) -> dict[str, Any]:
    return {"error": {"status": "X", "details": [{"@type": "other"}, {"errorCode": word}]}}


@pytest.mark.parametrize(
    ("kind", "status", "content", "result", "reason"),
    [
        ("apns", 400, {"reason": "BadDeviceToken"}, Result.GONE, Reason.SUBSCRIPTION_GONE),
        ("apns", 400, {"reason": "PayloadEmpty"}, Result.DEAD, Reason.BAD_REQUEST),
        ("apns", 400, {"reason": "DeviceTokenNotForTopic"}, Result.GONE, Reason.KEY_MISMATCH),
        ("apns", 400, {"reason": "TopicDisallowed"}, Result.PAUSED, Reason.VAPID_REFUSED),
        ("apns", 403, {"reason": "InvalidProviderToken"}, Result.PAUSED, Reason.VAPID_REFUSED),
        ("apns", 404, {"reason": "BadPath"}, Result.DEAD, Reason.BAD_ENDPOINT),
        ("apns", 410, {"reason": "Unregistered"}, Result.GONE, Reason.SUBSCRIPTION_GONE),
        ("apns", 413, {"reason": "PayloadTooLarge"}, Result.DEAD, Reason.PAYLOAD_TOO_LARGE),
        ("apns", 429, {"reason": "TooManyRequests"}, Result.RETRY, Reason.RATE_LIMITED),
        ("apns", 500, {"reason": "InternalServerError"}, Result.RETRY, Reason.TRY_LATER),
        ("apns", 503, None, Result.RETRY, Reason.RATE_LIMITED),
        ("apns", 302, None, Result.DEAD, Reason.BAD_ENDPOINT),
        ("apns", 418, ["odd"], Result.DEAD, Reason.REFUSED),
        ("fcm", 404, fcm_error("UNREGISTERED"), Result.GONE, Reason.SUBSCRIPTION_GONE),
        ("fcm", 403, fcm_error("SENDER_ID_MISMATCH"), Result.GONE, Reason.KEY_MISMATCH),
        ("fcm", 400, fcm_error("INVALID_ARGUMENT"), Result.DEAD, Reason.BAD_REQUEST),
        ("fcm", 429, fcm_error("QUOTA_EXCEEDED"), Result.RETRY, Reason.RATE_LIMITED),
        ("fcm", 401, fcm_error("THIRD_PARTY_AUTH_ERROR"), Result.PAUSED, Reason.VAPID_REFUSED),
        ("fcm", 403, {"error": "no"}, Result.PAUSED, Reason.VAPID_REFUSED),
        ("fcm", 500, {"error": {"status": "INTERNAL"}}, Result.RETRY, Reason.TRY_LATER),
        ("fcm", 503, None, Result.RETRY, Reason.RATE_LIMITED),
    ],
)
async def test_each_answer_has_its_outcome(
    world: World, *, kind: str, status: int, content: Any, result: Result, reason: Reason
) -> None:
    outcome = await world.send(kind, Told(status=status, content=content))
    assert (outcome.result, outcome.reason, outcome.code) == (result, reason, str(status))


async def test_a_wait_that_was_asked_for_is_passed_on(world: World) -> None:
    told = Told(status=429, content={}, headers={"Retry-After": "120"})
    assert (await world.send("fcm", told)).retry_after == 120


async def test_long_texts_are_cut_and_huge_answers_are(world: World) -> None:
    content = json.loads(PUSH.payload) | {"body": "\u00e4" * 9_000}
    await world.send("apns", payload=json.dumps(content).encode())
    [asked] = world.services.asked
    assert len(json.dumps(asked.content, ensure_ascii=False).encode()) <= 4_096
    assert asked.content["id"] == "n1"
    huge = Told(status=400, content={"reason": "x" * 100_000})
    outcome = await world.send("apns", huge)
    assert (outcome.result, outcome.detail) == (Result.DEAD, "")


@pytest.mark.parametrize("kind", ["apns", "fcm"])
async def test_silence_costs_its_time_and_no_more(authority: Authority, kind: str) -> None:
    async with an_app_world(authority) as first:
        assert (await first.send(kind)).result is Result.ACCEPTED
    async with an_app_world(authority, PushLimits(timeout=0.5)) as world:
        outcome = await world.send(kind, Told(stall=True))
        assert (outcome.result, outcome.reason) == (Result.RETRY, Reason.TIMEOUT)
    outcome = await world.send(kind)
    assert (outcome.result, outcome.reason) == (Result.RETRY, Reason.CONNECTION_FAILED)
    await world.sender.close()


async def test_a_device_whose_service_is_not_set_up_waits(world: World) -> None:
    outcome = await world.send("web")
    assert (outcome.result, outcome.reason) == (Result.PAUSED, Reason.NO_VAPID_KEY)


@pytest.mark.parametrize(
    "wrong", [pem(GOOGLE), "", "no key"], ids=["another kind", "empty", "text"]
)
def test_keys_of_apple_are_read_or_refused_in_words(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"as Apple gives it"):
        ApnsKey.parse(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "[]", "{}", json.dumps(ACCOUNT | {"private_key": pem(APPLE)})]
)
def test_accounts_of_google_are_read_or_refused_in_words(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"as Google gives it"):
        FcmAccount.parse(wrong)


# --- registered, told, and forgotten ----------------------------------------------------------

DEVICES = "/v1/me/push-subscriptions"


async def test_an_app_registers_where_a_browser_does(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    stored = await api.call(
        sam, "POST", DEVICES, json={"kind": "apns", "token": TOKEN, "label": "iPhone"}
    )
    assert stored.status_code == 201
    async with api.market.database.reading() as connection:
        [row] = await accounts.push_subscriptions_of(connection, "sam")
    assert (row.kind, row.endpoint, row.p256dh, row.auth) == ("apns", TOKEN, "", "")
    gone = await api.call(sam, "DELETE", DEVICES, json={"endpoint": TOKEN})
    assert gone.status_code == 204


async def test_half_an_app_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    for body, path in (
        ({"kind": "fcm"}, "token"),
        ({"kind": "fcm", "token": "short"}, "token"),
        ({"kind": "apns", "token": "../../../etc/passwd-and-more"}, "token"),
        ({"kind": "apns", "token": TOKEN, "endpoint": "https://x.example"}, "endpoint"),
        ({"kind": "web", "token": TOKEN, "endpoint": "https://x.example"}, "keys"),
        ({"kind": "pager", "token": TOKEN}, "kind"),
        ({"token": TOKEN}, "endpoint"),
    ):
        answer = await api.call(sam, "POST", DEVICES, json=body)
        assert [error["path"] for error in answer.json()["errors"]] == [path], body


async def test_an_app_is_alerted_and_forgotten_when_it_is_gone(
    world: World, database: Database
) -> None:
    async with a_world(database) as market:
        sam = await market.people(email=None)
        await market.marketplace.accounts.subscribe_push(
            sam, endpoint=TOKEN, kind="fcm", label="Phone"
        )
        carrier = PushCarrier(sender=world.sender, database=database, public_url=PUBLIC_URL)
        async with market.worker({Channel.PUSH: carrier}):
            await market.marketplace.order()
            assert await market.decisions(1) == [("push", "accepted", "sent")]
            world.services.script.append(Told(status=404, content=fcm_error("UNREGISTERED")))
            await market.marketplace.order()
            assert ("push", "skipped", "no_subscription") in await market.decisions(2)
        assert await market.marketplace.accounts.push_subscriptions(sam) == []
        [first, _] = world.services.asked
        assert first.content["message"]["data"]["category"] == "new_order"
        steps = (await market.trace(sam))["steps"]
        told = next(step for step in steps if step["channel"] == "push")
        assert told["target"].startswith("app #")
