"""Held back, and then told as one: in quiet hours, when it is too much, and about one order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

import pytest

from domain.preferences import Category, Channel
from realtime.delivery.domains import IN_A_ROW, SHORTEST, TRIAL
from realtime.delivery.worker import LANES
from storage import companions, deliveries
from storage.deliveries import BUCKET, Priority
from storage.engine import Database, Transaction
from tests.support.carriers import ToldCarrier
from tests.support.clock import NOON
from tests.support.delivery_world import a_world
from tests.support.eventually import eventually
from tests.support.shop import FEW, HOUR, QUIET, Shop


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    async with a_world(database) as world:
        sam = await world.people()
        await world.device(sam)
        yield Shop(world, sam)


async def test_quiet_hours_hold_pushes_which_then_go_out_as_one(shop: Shop) -> None:
    await shop.world.marketplace.accounts.change_preferences(shop.sam, QUIET)
    await shop.happens("one", "two", "three")
    decided = await shop.works(6)
    assert decided == [("email", "accepted", "sent")] * 3 + [("push", "retried", "quiet_hours")] * 3
    stand = await shop.stand("push")
    assert stand == [("scheduled", "quiet_hours"), ("skipped", "joined"), ("skipped", "joined")]
    assert shop.pushed() == []
    shop.world.clock.advance(2 * HOUR)
    assert await shop.works(1) == [("push", "accepted", "sent")]
    [(title, body)] = shop.pushed()
    assert title == "3 pieces of news for you"
    assert body == " · ".join(["Your service is approved"] * 3)


async def test_digests_have_a_lane_of_their_own_and_hold_up_nothing_else(shop: Shop) -> None:
    """However long a push service takes for what it gets at the end of the night."""
    market = shop.world.marketplace
    await market.accounts.change_preferences(shop.sam, QUIET)
    await shop.happens("one", "two")
    await shop.works(4)
    [digest] = [row for row in await shop.world.deliveries() if row.reason == "quiet_hours"]
    assert digest.priority == Priority.DIGEST
    shop.world.clock.advance(2 * HOUR)
    others = tuple(lane for lane in LANES if Priority.DIGEST not in lane.priorities)
    await shop.happens("three")
    await shop.works(2, lanes=others)
    assert [body for _, body in shop.pushed()] == ["“three” can be ordered now."]
    assert await shop.works(1) == [("push", "accepted", "sent")]


async def test_what_comes_later_in_the_night_goes_with_what_waits(shop: Shop) -> None:
    await shop.world.marketplace.accounts.change_preferences(shop.sam, QUIET)
    for cause in ("one", "two"):
        await shop.happens(cause)
        await shop.works(2)
        shop.world.clock.advance(HOUR / 2)
    steps = (await shop.world.trace(shop.sam))["steps"]
    pushes = [(step["decision"], step["reason"]) for step in steps if step["channel"] == "push"]
    assert pushes == [("planned", "at_once"), ("skipped", "joined")]
    shop.world.clock.advance(HOUR)
    await shop.works(1)
    assert len(shop.pushed()) == 1


async def test_what_was_read_in_the_night_is_left_out(shop: Shop) -> None:
    """Even if it was the first, which waits for all."""
    market = shop.world.marketplace
    await market.accounts.change_preferences(shop.sam, QUIET)
    await shop.happens("one", "two")
    await shop.works(4)
    page = await market.notifications.page(shop.sam, after=None, limit=2)
    await market.notifications.mark_read(shop.sam, [page["items"][1]["id"]])
    shop.world.clock.advance(2 * HOUR)
    assert await shop.works(1) == [("push", "accepted", "sent")]
    assert shop.pushed() == [("Your service is approved", "“two” can be ordered now.")]
    assert shop.world.pushes.received[0].payload["link"].endswith("/orders/two")


async def test_when_all_was_read_nobody_is_disturbed(shop: Shop) -> None:
    market = shop.world.marketplace
    await market.accounts.change_preferences(shop.sam, QUIET)
    await shop.happens("one", "two")
    await shop.works(4)
    await market.notifications.mark_read(shop.sam, None)
    shop.world.clock.advance(2 * HOUR)
    assert await shop.works(2) == [("push", "cancelled", "read")] * 2


async def test_what_is_excepted_comes_in_quiet_hours_too(shop: Shop) -> None:
    await shop.world.marketplace.accounts.change_preferences(shop.sam, QUIET)
    await shop.world.marketplace.order(id="o1")
    assert ("push", "accepted", "sent") in await shop.works(2)


async def test_what_is_too_much_for_an_hour_follows_after_it_as_one(shop: Shop) -> None:
    await shop.happens(*"abcde")
    decided = await shop.works(10, measure=FEW)
    for channel in ("push", "email"):
        assert decided.count((channel, "accepted", "sent")) == 2
        assert decided.count((channel, "retried", "capped")) == 3
    shop.world.clock.advance(HOUR)
    assert await shop.works(2, measure=FEW) == [
        ("email", "accepted", "sent"),
        ("push", "accepted", "sent"),
    ]
    assert shop.pushed()[-1][0] == "3 pieces of news for you"
    mail = shop.world.mails.received[-1].message
    assert str(mail["Subject"]) == "3 pieces of news for you"


async def test_what_is_on_its_way_counts_as_what_was_sent(shop: Shop) -> None:
    """However slow a mail server is."""
    slow = ToldCarrier()
    slow.door.clear()
    carriers = {Channel.EMAIL: slow, Channel.PUSH: ToldCarrier()}
    async with shop.world.worker(carriers, measure=FEW):
        await shop.happens("one", "two")
        await eventually(lambda: len(slow.began) == 2)
        await shop.happens("three")
        assert ("email", "retried", "capped") in await shop.world.decisions(4)
        slow.door.set()
        await shop.world.decisions(6)


async def test_what_another_worker_has_counts_until_it_is_given_up(shop: Shop) -> None:
    await shop.happens("one", "two")
    await shop.happens("three", category=Category.NEW_ORDER)
    lease = timedelta(seconds=30)

    async def claims(tx: Transaction) -> None:
        await deliveries.claim(
            tx.connection,
            bucket=BUCKET,
            channel=Channel.EMAIL,
            priorities=tuple(Priority),
            limit=3,
            now=NOON,
            lease_until=NOON + lease,
            token="another",
        )

    async def counted(token: str, now: datetime) -> Mapping[str, int]:
        async with shop.world.database.reading() as connection:
            return await companions.sent_since(
                connection,
                bucket=BUCKET,
                account_ids={"sam"},
                channel=Channel.EMAIL,
                since=NOON,
                most=9,
                token=token,
                now=now,
            )

    await shop.world.database.transaction(claims)
    assert await counted("mine", NOON) == {"sam": 2}
    assert await counted("another", NOON) == {"sam": 0}
    assert await counted("mine", NOON + lease) == {"sam": 0}


async def test_a_new_order_is_never_too_much(shop: Shop) -> None:
    for _ in range(4):
        await shop.world.marketplace.order()
    decided = await shop.works(8, measure=FEW)
    assert {decision for _, decision, _ in decided} == {"accepted"}


async def test_mails_of_one_order_within_two_minutes_are_one(shop: Shop) -> None:
    """The first goes at once; those behind it follow together."""
    await shop.world.marketplace.order(id="o1")
    await shop.world.forget_all()
    await shop.order_changes("delivered")
    await shop.works(2)
    await shop.order_changes("plan_sent", "plan_approved")
    decided = await shop.works(4)
    assert decided.count(("email", "retried", "batched")) == 2
    assert decided.count(("push", "accepted", "sent")) == 2
    shop.world.clock.advance(timedelta(minutes=2))
    assert await shop.works(1) == [("email", "accepted", "sent")]
    text = shop.world.mails.received[-1].message.get_body(("plain",))
    assert text is not None
    assert "sent a plan" in text.get_content()


async def test_a_change_of_an_order_waits_behind_a_mail_about_it_that_is_on_its_way(
    shop: Shop,
) -> None:
    await shop.world.marketplace.order(id="o1")
    await shop.world.forget_all()
    slow = ToldCarrier()
    slow.door.clear()
    async with shop.world.worker({Channel.EMAIL: slow, Channel.PUSH: ToldCarrier()}):
        await shop.order_changes("delivered")
        await eventually(lambda: len(slow.began) == 1)
        await shop.order_changes("plan_sent")
        assert ("email", "retried", "batched") in await shop.world.decisions(3)
        slow.door.set()
        await shop.world.decisions(4)


async def test_changes_that_come_together_are_mailed_as_two_at_most(shop: Shop) -> None:
    await shop.world.marketplace.order(id="o1")
    await shop.world.forget_all()
    await shop.order_changes("delivered", "plan_sent", "plan_approved")
    decided = await shop.works(6)
    assert decided.count(("email", "accepted", "sent")) == 1
    shop.world.clock.advance(timedelta(minutes=2))
    await shop.works(1)
    assert len(shop.world.mails.received) == 2


async def test_an_order_that_is_due_soon_does_not_wait_for_more(shop: Shop) -> None:
    await shop.world.marketplace.order(id="o1")
    await shop.world.forget_all()
    shop.world.clock.advance(timedelta(days=2, hours=20))
    await shop.order_changes("plan_sent", "plan_approved")
    decided = await shop.works(4)
    assert {decision for _, decision, _ in decided} == {"accepted"}


async def test_a_domain_that_puts_mails_off_is_left_alone(shop: Shop) -> None:
    """And spends no attempt; after its rest one mail tries."""
    shop.world.mails.tell("rcpt", *["450 4.7.1 slow down"] * IN_A_ROW)
    await shop.happens(*(f"c{number}" for number in range(IN_A_ROW)), category=Category.NEW_ORDER)
    world, mails = shop.world, Counter[tuple[str, str]]()
    async with world.worker(random=lambda: 0.5) as worker:
        await world.decisions(2 * IN_A_ROW)
        for passes in (timedelta(seconds=10), SHORTEST + TRIAL):
            known = len(world.decided)
            world.clock.advance(passes)
            worker.wake()
            await world.decisions(known + IN_A_ROW)
            mails = Counter((each.decision, each.reason) for each in world.decided[known:])
            if passes < SHORTEST:
                assert mails == {("retried", "domain_resting"): IN_A_ROW}
    assert mails["accepted", "sent"] >= 1
    rows = [row for row in await world.deliveries() if row.channel == "email"]
    assert {row.attempts for row in rows} <= {1, 2}


async def test_what_waits_for_room_has_not_been_begun(shop: Shop) -> None:
    """A worker that dies leaves no doubt about it."""
    told = ToldCarrier()
    told.door.clear()
    told.room = asyncio.Semaphore(1)
    async with shop.world.worker({Channel.EMAIL: told, Channel.PUSH: ToldCarrier()}):
        await shop.happens("one", "two", "three")
        await eventually(lambda: len(told.began) == 1)
        mails = [row for row in await shop.world.deliveries() if row.channel == "email"]
        assert [row.id for row in mails if row.sending] == told.began
        told.door.set()
        await shop.world.decisions(6)
