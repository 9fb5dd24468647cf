"""What the other side may answer, and what becomes of the alert: the two tables, end to end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import dkim
import pytest

from domain.preferences import Channel
from realtime.delivery.email.dkim import DkimKey, DkimSigner
from storage import deliveries
from storage.deliveries import Priority
from storage.engine import Database
from tests.support.delivery_world import World, a_world, mail_carrier
from tests.support.mail_server import Fault
from tests.support.push_service import Answer

HOUR = timedelta(hours=1)
LONGEST_WAIT = timedelta(seconds=3_597)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


async def test_a_subscription_that_is_gone_is_removed_alone(world: World) -> None:
    sam = await world.people(email=None)
    await world.device(sam, "laptop")
    await world.device(sam, "phone")
    world.pushes.script.append(Answer(status=410))
    async with world.worker():
        await world.marketplace.order()
        assert await world.decisions(2) == [
            ("push", "accepted", "sent"),
            ("push", "skipped", "subscription_gone"),
        ]
        gone = world.pushes.received[0].subscription
        [left] = await world.marketplace.accounts.push_subscriptions(sam)
        assert left["label"] != gone
        await world.marketplace.order()
        assert len(await world.decisions(3)) == 3
    assert world.pushes.received[2].subscription != gone


async def test_the_last_subscription_that_is_gone_leaves_none(world: World) -> None:
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.append(Answer(status=404))
    async with world.worker():
        await world.marketplace.order()
        assert await world.decisions(1) == [("push", "skipped", "no_subscription")]
    steps = [s for s in (await world.trace(sam))["steps"] if s["channel"] == "push"]
    assert [(step["decision"], step["reason"], step["detail"]) for step in steps] == [
        ("planned", "at_once", ""),
        ("attempted", "no_subscription", "404"),
        ("skipped", "no_subscription", "404"),
    ]


async def test_a_subscription_that_was_renewed_meanwhile_stays(world: World) -> None:
    """The browser came with a new key while its old one was told to be gone."""
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.append(Answer(status=410, stall="body"))
    async with world.worker():
        await world.marketplace.order()
        await world.pushes.wait_for(1)
        await world.device(sam)
        await world.decisions(1)
    assert len(await world.marketplace.accounts.push_subscriptions(sam)) == 1


async def test_what_a_push_service_cannot_take_now_comes_back_when_it_was_asked_to(
    world: World,
) -> None:
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.append(Answer(status=503, headers={"Retry-After": "120"}))
    async with world.worker(random=lambda: 0.0) as worker:
        await world.marketplace.order()
        assert await world.decisions(1) == [("push", "retried", "rate_limited")]
        world.clock.advance(timedelta(seconds=119))
        worker.wake()
        assert await next_ready(world) == world.clock.now() + timedelta(seconds=1)
        world.clock.advance(timedelta(seconds=1))
        worker.wake()
        assert ("push", "accepted", "sent") in await world.decisions(2)
    [row] = [row for row in await world.deliveries() if row.channel == "push"]
    assert (row.attempts, row.priority) == (2, Priority.AGAIN_FIRST)
    tries = await world.attempts(row.notification_id)
    assert [(each.n, each.result, each.code) for each in tries] == [
        (1, "retry", "503"),
        (2, "accepted", "201"),
    ]


async def next_ready(world: World, channel: str = "push") -> datetime | None:
    async with world.database.reading() as connection:
        return await deliveries.next_ready(
            connection, bucket=0, channel=channel, priorities=tuple(Priority)
        )


async def test_a_mail_that_is_tried_again_is_the_same_mail(world: World) -> None:
    await world.people()
    world.mails.tell("body", "451 4.3.0 later")
    async with world.worker() as worker:
        await world.marketplace.order()
        assert await world.decisions(1) == [("email", "retried", "try_later")]
        world.clock.advance(HOUR)
        worker.wake()
        await world.decisions(2)
    first, second = world.mails.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert (first.accepted, second.accepted) == (False, True)


async def test_what_never_succeeds_is_dead_at_the_end_of_its_life(world: World) -> None:
    """With every attempt kept, further and further apart."""
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.extend(Answer(status=500) for _ in range(99))
    async with world.worker(random=lambda: 0.999) as worker:
        await world.marketplace.order()
        for tried in range(1, 99):
            decided = await world.decisions(tried)
            if ("push", "dead", "try_later") in decided:
                break
            world.clock.advance(LONGEST_WAIT)
            worker.wake()
    [row] = [row for row in await world.deliveries() if row.channel == "push"]
    assert (row.status, row.reason, row.ready_at) == ("dead", "try_later", None)
    tries = await world.attempts(row.notification_id)
    assert [each.n for each in tries] == list(range(1, row.attempts + 1))
    assert row.attempts == timedelta(hours=24) // LONGEST_WAIT + 1


async def test_our_own_fault_costs_neither_attempts_nor_subscriptions(world: World) -> None:
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.extend([Answer(status=403), Answer(status=401)])
    async with world.worker() as worker:
        await world.marketplace.order()
        assert await world.decisions(1) == [("push", "retried", "vapid_refused")]
        for times in (2, 3):
            await put_off(world, "push")
            world.clock.advance(timedelta(minutes=2))
            worker.wake()
            await world.pushes.wait_for(times)
        assert await world.decisions(2) == [
            ("push", "accepted", "sent"),
            ("push", "retried", "vapid_refused"),
        ]
    [row] = [row for row in await world.deliveries() if row.channel == "push"]
    assert (row.attempts, row.priority) == (1, Priority.FIRST)
    assert len(await world.marketplace.accounts.push_subscriptions(sam)) == 1


@pytest.mark.parametrize("fault", Fault)
async def test_a_mail_whose_answer_was_lost_goes_once_more_for_a_new_order(
    world: World, fault: Fault
) -> None:
    """With the same Message-ID; and not a third time."""
    sam = await world.people()
    world.mails.tell("body", fault, Fault.DROP)
    async with world.worker() as worker:
        await world.marketplace.order()
        assert await world.decisions(1) == [("email", "uncertain", "answer_lost")]
        world.clock.advance(HOUR)
        worker.wake()
        await world.decisions(2)
    [email, _] = await world.deliveries()
    assert (email.status, email.attempts) == ("uncertain", 2)
    assert len({mail.message["Message-ID"] for mail in world.mails.received}) == 1
    assert len(world.mails.received) == 2
    steps = [s for s in (await world.trace(sam))["steps"] if s["decision"] == "uncertain"]
    assert [step["reason"] for step in steps] == ["answer_lost", "answer_lost"]


async def test_the_second_copy_may_be_taken(world: World) -> None:
    await world.people()
    world.mails.tell("body", Fault.DROP)
    async with world.worker() as worker:
        await world.marketplace.order()
        await world.decisions(1)
        world.clock.advance(HOUR)
        worker.wake()
        assert ("email", "accepted", "sent") in await world.decisions(2)


async def test_any_other_mail_whose_answer_was_lost_stays_uncertain(world: World) -> None:
    await world.people()
    world.mails.tell("body", Fault.DROP)
    async with world.worker():
        await world.marketplace.service("sam", id="sam-site")
        assert await world.decisions(1) == [("email", "uncertain", "answer_lost")]
    [email, _] = await world.deliveries()
    assert (email.status, email.ready_at) == ("uncertain", None)


async def test_an_address_that_does_not_exist_ends_it(world: World) -> None:
    await world.people()
    world.mails.tell("rcpt", "550 5.1.1 nobody of that name")
    async with world.worker():
        await world.marketplace.order()
        assert await world.decisions(1) == [("email", "dead", "hard_bounce")]


async def test_without_a_relay_mails_wait_and_go_when_there_is_one(world: World) -> None:
    """They are not burnt, and the ledger says what they wait for."""
    sam = await world.people()
    await world.device(sam)
    carriers = dict(world.carriers)
    await carriers.pop(Channel.EMAIL).close()
    async with world.worker(carriers) as worker:
        await world.marketplace.order()
        assert await world.decisions(2) == [
            ("email", "retried", "no_relay"),
            ("push", "accepted", "sent"),
        ]
        world.clock.advance(HOUR)
        worker.wake()
        await put_off(world, "email")
    assert len(world.decided) == 2, "the ledger is told once"
    [email, _] = await world.deliveries()
    assert (email.attempts, email.status, email.reason) == (0, "scheduled", "no_relay")
    async with world.worker():
        assert ("email", "accepted", "sent") in await world.decisions(3)


async def put_off(world: World, channel: str) -> None:
    """Wait until what waits on a channel is not due any longer."""
    async with asyncio.timeout(10):
        while (ready := await next_ready(world, channel)) is None or ready <= world.clock.now():
            pass


async def test_without_keys_pushes_wait(world: World) -> None:
    sam = await world.people(email=None)
    await world.device(sam)
    async with world.worker({}):
        await world.marketplace.order()
        assert await world.decisions(1) == [("push", "retried", "no_vapid_key")]
    async with world.worker():
        assert ("push", "accepted", "sent") in await world.decisions(2)


async def test_a_signed_mail_arrives_as_it_was_signed(world: World) -> None:
    key = DkimKey.generate()
    signer = DkimSigner(key=key, domain="market.example", selector="k1", clock=world.clock)
    await world.people()
    bounces = world.marketplace.suppressions
    carrier = mail_carrier(world.clock, world.mails.url, bounces, signer=signer)
    async with world.worker({Channel.EMAIL: carrier}):
        await world.marketplace.order()
        [mail] = await world.mails.wait_for(1)

    def dns(_name: bytes, timeout: float = 5) -> bytes:
        assert timeout
        return key.record.encode()

    assert dkim.verify(mail.content, dnsfunc=dns)
