"""Pushes over real connections, to a push service that checks VAPID and decrypts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.circuits import SILENT_FOR, SILENT_IN_A_ROW
from realtime.delivery.push.sender import Push, PushLimits, PushSender
from realtime.delivery.push.vapid import VapidKey, VapidSigner
from realtime.delivery.reasons import Reason
from tests.support.clock import StillClock
from tests.support.push_service import Answer, PushService, Subscription
from tests.support.rebound import Rebound

KEY = VapidKey.generate()
SUBJECT = "mailto:ops@example.com"
SECOND = 1.0
# What is waited for here ends before, or the test fails.
PATIENCE = 30.0
GONE = (Answer(drop=True),) * SILENT_IN_A_ROW


def a_push(subscription: Subscription, **changes: object) -> Push:
    content = {"title": "Neuer Auftrag", "body": "Logo · 120,50 €", "id": "n1", "tag": "n1"}
    push = Push(
        endpoint=subscription.endpoint,
        p256dh=subscription.keys.p256dh,
        auth=subscription.keys.auth,
        payload=json.dumps(content).encode(),
        ttl=3_600,
        urgency="high",
    )
    return replace(push, **changes)  # type: ignore[arg-type]  # a builder takes any field


class World:
    """A push service, and a sender that trusts it."""

    def __init__(self, service: PushService, sender: PushSender, clock: StillClock) -> None:
        self.service = service
        self.sender = sender
        self.clock = clock

    async def send(self, *answers: Answer, **changes: object) -> Outcome:
        """Send one push to a new browser, answered as told."""
        self.service.script.extend(answers)
        return await self.sender.send(a_push(self.service.subscribe(), **changes))


@asynccontextmanager
async def a_world(
    limits: PushLimits | None = None, *, trusted: bool = True
) -> AsyncIterator[World]:
    clock = StillClock()
    async with PushService(public_key=KEY.public_text, clock=clock).running() as service:
        sender = PushSender(
            signer=VapidSigner(keys=[KEY], subject=SUBJECT, clock=clock),
            guard=EndpointGuard([service.origin] if trusted else []),
            clock=clock,
            limits=limits,
        )
        try:
            yield World(service, sender, clock)
        finally:
            await sender.close()


async def test_a_push_arrives_encrypted_and_signed() -> None:
    """The service takes it, the browser reads it, and the headers say how it may wait."""
    async with a_world() as world:
        outcome = await world.send(topic="a" * 32)
        assert (outcome.result, outcome.reason, outcome.code) == (
            Result.ACCEPTED,
            Reason.SENT,
            "201",
        )
        [received] = world.service.received
        assert received.payload["title"] == "Neuer Auftrag"
        assert received.headers["ttl"] == "3600"
        assert received.headers["urgency"] == "high"
        assert received.headers["topic"] == "a" * 32
        assert received.claims["sub"] == SUBJECT
        assert received.claims["aud"] == world.service.origin


async def test_a_subscription_whose_key_is_not_set_any_more_waits_for_it() -> None:
    """It is not removed: whoever took the key away can give it back."""
    async with a_world() as world:
        outcome = await world.send(vapid_key=VapidKey.generate().public_text)
        assert (outcome.result, outcome.reason) == (Result.PAUSED, Reason.NO_VAPID_KEY)
        assert world.service.connections == 0
        assert (await world.send(vapid_key=KEY.public_text)).result is Result.ACCEPTED


async def test_a_ttl_is_never_zero() -> None:
    async with a_world() as world:
        await world.send(ttl=0)
        assert world.service.received[0].headers["ttl"] == "1"


async def test_connections_and_signatures_are_kept() -> None:
    async with a_world() as world:
        for _ in range(5):
            await world.send()
        signatures = {push.headers["authorization"] for push in world.service.received}
        assert (world.service.connections, len(signatures)) == (1, 1)


async def test_a_signature_is_renewed_before_it_ends() -> None:
    async with a_world() as world:
        await world.send()
        world.clock.advance(timedelta(hours=11, minutes=30))
        assert (await world.send()).result is Result.ACCEPTED
        signatures = {push.headers["authorization"] for push in world.service.received}
        assert len(signatures) == 2


@pytest.mark.parametrize("text", ["ä" * 5_000, '"\n' * 4_000, "😀" * 2_000])
async def test_a_long_text_is_cut_to_what_push_services_take(text: str) -> None:
    """The text is cut between characters; ids stay."""
    payload = json.dumps({"title": "t", "body": text, "id": "n1"}).encode()
    async with a_world() as world:
        assert (await world.send(payload=payload)).result is Result.ACCEPTED
        [received] = world.service.received
        assert received.size <= 4_096
        assert received.payload["id"] == "n1"
        assert text.startswith(received.payload["body"].removesuffix("…"))
        assert len(received.payload["body"].encode()) > 1_900


@pytest.mark.parametrize(
    ("answer", "result", "reason"),
    [
        (Answer(status=200), Result.ACCEPTED, Reason.SENT),
        (Answer(status=202), Result.ACCEPTED, Reason.SENT),
        (Answer(status=204), Result.ACCEPTED, Reason.SENT),
        (Answer(status=400, body=b"no"), Result.DEAD, Reason.BAD_REQUEST),
        (Answer(status=401), Result.PAUSED, Reason.VAPID_REFUSED),
        (Answer(status=403), Result.PAUSED, Reason.VAPID_REFUSED),
        (Answer(status=404), Result.GONE, Reason.SUBSCRIPTION_GONE),
        (Answer(status=410), Result.GONE, Reason.SUBSCRIPTION_GONE),
        (Answer(status=429), Result.RETRY, Reason.RATE_LIMITED),
        (Answer(status=500), Result.RETRY, Reason.TRY_LATER),
        (Answer(status=503), Result.RETRY, Reason.RATE_LIMITED),
        (Answer(drop=True), Result.RETRY, Reason.CONNECTION_FAILED),
    ],
)
async def test_each_answer_has_its_outcome(answer: Answer, result: Result, reason: Reason) -> None:
    async with a_world() as world:
        outcome = await world.send(answer)
        assert (outcome.result, outcome.reason) == (result, reason)


async def test_a_wait_that_was_asked_for_is_passed_on() -> None:
    async with a_world() as world:
        outcome = await world.send(Answer(status=429, headers={"Retry-After": "120"}))
        assert outcome.retry_after == 120


async def test_a_redirect_is_never_followed() -> None:
    """Where it leads is not even asked."""
    async with a_world() as world:
        there = world.service.subscribe("elsewhere").endpoint
        outcome = await world.send(Answer(status=307, headers={"Location": there}))
        assert (outcome.result, outcome.reason) == (Result.DEAD, Reason.BAD_ENDPOINT)
        assert [push.subscription for push in world.service.received] == ["browser"]


async def test_a_payload_that_is_too_large_for_them_goes_once_more_as_a_small_one() -> None:
    payload = json.dumps({"title": "t" * 900, "body": "b" * 900, "id": "n1"}).encode()
    async with a_world() as world:
        outcome = await world.send(Answer(status=413), payload=payload)
        assert outcome.result is Result.ACCEPTED
        _, small = world.service.received
        assert (small.payload["body"], small.payload["id"]) == ("", "n1")


async def test_a_small_payload_that_is_too_large_is_dead() -> None:
    async with a_world() as world:
        outcome = await world.send(Answer(status=413), Answer(status=413))
        assert (outcome.result, outcome.reason) == (Result.DEAD, Reason.PAYLOAD_TOO_LARGE)


async def test_a_silent_service_costs_its_time_and_no_more() -> None:
    async with a_world(PushLimits(timeout=0.1)) as world:
        outcome = await world.send(Answer(stall="answer"))
        assert (outcome.result, outcome.reason) == (Result.RETRY, Reason.TIMEOUT)


async def test_a_status_counts_even_if_its_body_never_ends() -> None:
    async with a_world(PushLimits(timeout=0.1)) as world:
        assert (await world.send(Answer(stall="body"))).result is Result.ACCEPTED


async def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    async with a_world() as world:
        outcome = await world.send(Answer(status=400, body=b"x" * 8_000_000))
        assert outcome.reason == Reason.BAD_REQUEST
        assert len(outcome.detail) <= 300
        assert (await world.send()).result is Result.ACCEPTED


async def test_an_origin_is_given_no_more_than_its_share_at_once() -> None:
    """Those that wait for their turn are not timed out by it."""
    async with a_world(PushLimits(at_once_per_origin=2, timeout=5)) as world:
        pushes = [a_push(world.service.subscribe(f"b{n}")) for n in range(12)]
        outcomes = await asyncio.gather(*map(world.sender.send, pushes))
        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert world.service.connections <= 2


async def test_nobody_waits_for_a_turn_where_no_answer_comes() -> None:
    """No attempt is spent on it, and it holds up no slot that others could have."""
    limits = PushLimits(at_once_per_origin=2, patience=0.2, timeout=PATIENCE)
    async with a_world(limits) as world:
        world.service.script.extend([Answer(stall="answer")] * 2)
        pushes = [a_push(world.service.subscribe(f"b{n}")) for n in range(4)]
        hanging = [asyncio.create_task(world.sender.send(push)) for push in pushes[:2]]
        await world.service.wait_for(2)
        for push in pushes[2:]:
            waiting = await world.sender.send(push)
            assert (waiting.result, waiting.reason) == (Result.PAUSED, Reason.TIMEOUT)
            assert (waiting.retry_after, waiting.all_wait) == (5, False)
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()


async def test_an_origin_that_answers_nothing_is_left_alone_for_a_while() -> None:
    async with a_world() as world:
        for answer in (*GONE[1:], Answer(status=500), *GONE):
            assert (await world.send(answer)).result is Result.RETRY
        waiting = await world.send()
        assert (waiting.result, waiting.reason) == (Result.PAUSED, Reason.CONNECTION_FAILED)
        assert waiting.retry_after == SILENT_FOR.total_seconds()
        world.clock.advance(SILENT_FOR)
        assert (await world.send()).result is Result.ACCEPTED


async def test_an_origin_that_hangs_is_left_alone_as_well() -> None:
    async with a_world(PushLimits(timeout=0.1)) as world:
        for _ in GONE:
            assert (await world.send(Answer(stall="answer"))).reason == Reason.TIMEOUT
        waiting = await world.send()
        assert (waiting.result, waiting.reason) == (Result.PAUSED, Reason.TIMEOUT)


async def test_a_key_mismatch_removes_one_subscription_only_while_others_of_its_origin_work() -> (
    None
):
    mismatch = Answer(status=403, body=b"VapidPkHashMismatch")
    async with a_world() as world:
        assert (await world.send(mismatch)).result is Result.PAUSED
        world.clock.advance(timedelta(minutes=1))
        await world.send()
        outcome = await world.send(mismatch)
        assert (outcome.result, outcome.reason) == (Result.GONE, Reason.KEY_MISMATCH)


async def test_a_service_that_refuses_our_key_is_left_alone_until_one_push_tries_again() -> None:
    """No attempt is spent on what waits, and no subscription is removed."""
    async with a_world() as world:
        assert (await world.send(Answer(status=403))).reason == Reason.VAPID_REFUSED
        waiting = await world.send()
        assert (waiting.result, waiting.reason) == (Result.PAUSED, Reason.VAPID_REFUSED)
        assert waiting.retry_after == 60
        assert len(world.service.received) == 1
        world.clock.advance(timedelta(minutes=1))
        assert (await world.send()).result is Result.ACCEPTED
        assert (await world.send()).result is Result.ACCEPTED


async def test_one_endpoint_at_odds_with_us_does_not_stop_the_others_of_its_origin() -> None:
    async with a_world() as world:
        await world.send()
        one, two, three = (a_push(world.service.subscribe(f"b{n}")) for n in range(3))
        for push in (one, one, one, two):
            world.service.script.append(Answer(status=401))
            assert (await world.sender.send(push)).reason == Reason.VAPID_REFUSED
        assert (await world.send()).result is Result.ACCEPTED
        for push in (one, two, three):
            world.service.script.append(Answer(status=401))
            await world.sender.send(push)
        assert (await world.send()).reason == Reason.VAPID_REFUSED


async def test_an_origin_that_asks_to_slow_down_is_not_asked_by_others_meanwhile() -> None:
    async with a_world() as world:
        await world.send(Answer(status=429, headers={"Retry-After": "30"}))
        waiting = await world.send()
        assert (waiting.result, waiting.reason) == (Result.PAUSED, Reason.RATE_LIMITED)
        assert waiting.retry_after == 30
        assert not waiting.all_wait
        world.clock.advance(timedelta(seconds=29))
        assert (await world.send()).reason == Reason.RATE_LIMITED
        world.clock.advance(timedelta(seconds=1))
        assert (await world.send()).result is Result.ACCEPTED


@pytest.mark.parametrize(
    "keys", [{"p256dh": "BAAA"}, {"auth": "short"}, {"p256dh": "B" + "A" * 86}]
)
async def test_keys_that_nothing_can_be_encrypted_for_are_dead(keys: dict[str, str]) -> None:
    async with a_world() as world:
        outcome = await world.send(**keys)
        assert (outcome.result, outcome.reason) == (Result.DEAD, Reason.BAD_KEYS)
        assert world.service.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "127.1", "0x7f.1"]
)
async def test_no_way_of_writing_our_own_address_gets_a_connection(host: str) -> None:
    async with a_world(trusted=False) as world:
        port = world.service.origin.rpartition(":")[2]
        outcome = await world.send(endpoint=f"https://{host}:{port}/push/browser")
        assert (outcome.result, outcome.reason) == (Result.DEAD, Reason.BAD_ENDPOINT)
        assert world.service.connections == 0


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"]
)
async def test_a_name_that_leads_inside_by_now_gets_no_connection(address: str) -> None:
    """It was fine when it was stored: what counts is what it leads to when it is called."""
    clock = StillClock()
    async with PushService(clock=clock).running() as service:
        sender = PushSender(
            signer=VapidSigner(keys=[KEY], subject=SUBJECT, clock=clock),
            guard=EndpointGuard(),
            clock=clock,
            resolver=Rebound(address),
        )
        port = service.origin.rpartition(":")[2]
        push = a_push(service.subscribe(), endpoint=f"https://push.example.com:{port}/push/browser")
        outcome = await sender.send(push)
        await sender.close()
        assert (outcome.result, outcome.reason) == (Result.DEAD, Reason.BAD_ENDPOINT)
        assert outcome.detail == "does not lead to a public address"
        assert service.connections == 0


async def test_a_name_that_does_not_resolve_is_tried_again() -> None:
    async with a_world() as world:
        outcome = await world.send(endpoint="https://nowhere.invalid/push")
        assert (outcome.result, outcome.reason) == (Result.RETRY, Reason.CONNECTION_FAILED)
