"""What waits for others changes: what went with it is told all the same."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from domain.identity import Identity
from domain.preferences import Channel
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.tables import deliveries, orders
from tests.support.delivery_world import a_world
from tests.support.marketplace import OPERATOR
from tests.support.shop import FEW, HOUR, QUIET, Shop

MINUTE = timedelta(minutes=1)
NO_MAIL = {"categories": {name: {"email": False} for name in ("service", "inbox_message")}}
THE_THREE = "3 pieces of news for you"


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    async with a_world(database) as world:
        sam = await world.people()
        await world.device(sam)
        yield Shop(world, sam)


async def wishes(shop: Shop, **more: Any) -> None:
    """Let Sam have no mails about services, and what else is named."""
    await shop.world.marketplace.accounts.change_preferences(shop.sam, NO_MAIL | more)


async def pushes(shop: Shop, **is_: str) -> list[Record]:
    """Read the pushes of which this is so."""
    return [
        row
        for row in await shop.world.deliveries()
        if row.channel == Channel.PUSH
        and all(getattr(row, name) == value for name, value in is_.items())
    ]


async def leader(shop: Shop) -> Record:
    """Read the one push that waits."""
    [row] = await pushes(shop, status="scheduled")
    return row


async def change(shop: Shop, delivery_id: str, **values: Any) -> None:
    async def work(tx: Transaction) -> None:
        which = deliveries.c.id == delivery_id
        await tx.connection.execute(update(deliveries).where(which).values(**values))

    await shop.world.database.transaction(work)


async def four_in_the_night(shop: Shop) -> Record:
    """Hold four pushes back; return the one that waits for all."""
    await wishes(shop, **QUIET)
    await shop.happens("one", "two", "three", "four")
    await shop.works(4)
    return await leader(shop)


async def in_the_morning(shop: Shop, count: int = 1) -> list[tuple[str, str, str]]:
    shop.world.clock.advance(2 * HOUR)
    return await shop.works(count)


# --- it waits with another one --------------------------------------------------------------------


async def test_what_was_too_much_and_then_comes_at_night_is_all_told(shop: Shop) -> None:
    """The one that waited for two others joins the one of the night, and brings them along."""
    await shop.happens(*"abcde")
    await shop.works(10, measure=FEW)
    await wishes(shop, quiet_hours={"start": "12:45", "end": "14:00", "except": []})
    shop.world.clock.advance(50 * MINUTE)
    await shop.happens("f")
    await shop.works(1, measure=FEW)
    shop.world.clock.advance(10 * MINUTE)
    # The mails that were too much go out now; the pushes join what waits.
    await shop.works(2, measure=FEW)
    night = await leader(shop)
    assert {row.joined_to for row in await pushes(shop, status="skipped")} == {night.id}
    shop.world.clock.advance(HOUR)
    await shop.works(1, measure=FEW)
    assert shop.pushed()[-1][0] == "4 pieces of news for you"


async def test_mails_of_an_order_that_then_are_too_much_are_all_told(shop: Shop) -> None:
    await shop.world.marketplace.order(id="o1")
    await shop.world.forget_all()
    no_pushes = {name: {"push": False} for name in ("order_update", "service")}
    await shop.world.marketplace.accounts.change_preferences(shop.sam, {"categories": no_pushes})
    await shop.order_changes("delivered")
    await shop.works(1, measure=FEW)
    await shop.order_changes("plan_sent", "plan_approved", "plan_returned")
    await shop.works(3, measure=FEW)
    for cause in ("the second of the hour", "too much"):
        await shop.happens(cause)
        await shop.works(1, measure=FEW)
    shop.world.clock.advance(2 * MINUTE)
    await shop.works(1, measure=FEW)
    shop.world.clock.advance(HOUR)
    await shop.works(1, measure=FEW)
    mail = shop.world.mails.received[-1].message
    assert str(mail["Subject"]) == "4 pieces of news for you"


async def test_what_is_sent_again_at_night_brings_along_what_waited_for_it(shop: Shop) -> None:
    """It finds that somebody else waits by now."""
    first = await four_in_the_night(shop)
    await shop.world.marketplace.replays.one(OPERATOR, "retry", first.id)
    await shop.happens("five")
    await shop.works(2)
    await in_the_morning(shop)
    assert [title for title, _ in shop.pushed()] == ["5 pieces of news for you"]


# --- it ends --------------------------------------------------------------------------------------


async def test_a_conversation_that_is_read_takes_no_other_news_with_it(shop: Shop) -> None:
    market = shop.world.marketplace
    await wishes(shop, **QUIET)
    conversation = await market.direct(Identity("bea"), shop.sam)
    await market.send(Identity("bea"), conversation, "hello")
    shop.world.clock.advance(timedelta(seconds=6))
    await shop.works(1)
    await shop.happens("one", "two")
    await shop.works(2)
    waited = await leader(shop)
    await market.conversations.mark_read(shop.sam, conversation, 1)
    [read] = await pushes(shop, status="cancelled")
    heir = await leader(shop)
    assert (read.id, read.reason) == (waited.id, "read")
    assert (heir.cause, heir.reason, heir.due_at) == ("one", "quiet_hours", waited.due_at)
    await in_the_morning(shop)
    assert [title for title, _ in shop.pushed()] == ["2 pieces of news for you"]


async def test_who_is_thrown_away_takes_nobody_with_it(shop: Shop) -> None:
    first = await four_in_the_night(shop)
    await shop.world.marketplace.replays.one(OPERATOR, "discard", first.id)
    heir = await leader(shop)
    assert {row.joined_to for row in await pushes(shop, reason="joined")} == {heir.id}
    await in_the_morning(shop)
    assert [title for title, _ in shop.pushed()] == [THE_THREE]
    market = shop.world.marketplace
    steps = (await market.notifications.trace(shop.sam, heir.notification_id))["steps"]
    said = [(step["decision"], step["reason"]) for step in steps if step["channel"] == "push"]
    assert said[:3] == [("planned", "at_once"), ("skipped", "joined"), ("retried", "quiet_hours")]


@pytest.mark.parametrize(
    ("values", "status", "reason"),
    [
        ({"expires_at": "now"}, "expired", "expired"),
        ({"crashes": 3}, "dead", "poison"),
        ({"order_id": "gone"}, "cancelled", "gone"),
    ],
)
async def test_whoever_ends_untold_gives_its_place_to_the_next(
    shop: Shop, values: dict[str, Any], status: str, reason: str
) -> None:
    first = await four_in_the_night(shop)
    now = {name: shop.world.clock.now() for name, value in values.items() if value == "now"}
    await change(shop, first.id, **(values | now))
    decided = await in_the_morning(shop, 2)
    assert ("push", "accepted", "sent") in decided
    [ended] = await pushes(shop, status=status)
    assert (ended.id, ended.reason) == (first.id, reason)
    assert [title for title, _ in shop.pushed()] == [THE_THREE]


async def test_when_nobody_can_be_reached_each_says_so_itself(shop: Shop) -> None:
    await four_in_the_night(shop)
    accounts = shop.world.marketplace.accounts
    [device] = await accounts.push_subscriptions(shop.sam)
    await accounts.forget_push_subscription(shop.sam, device["id"])
    assert await in_the_morning(shop, 4) == [("push", "skipped", "no_subscription")] * 4


# --- it is over -----------------------------------------------------------------------------------


async def cancel_the_order(shop: Shop) -> None:
    async def work(tx: Transaction) -> None:
        now = shop.world.clock.now()
        which = orders.c.id == "o1"
        values = {"status": "cancelled", "active": False, "updated_at": now}
        await tx.connection.execute(update(orders).where(which).values(**values))

    await shop.world.database.transaction(work)


async def test_a_digest_does_not_tell_of_an_order_that_was_cancelled_meanwhile(shop: Shop) -> None:
    await wishes(shop, quiet_hours=QUIET["quiet_hours"] | {"except": []})
    await shop.happens("one", "two")
    await shop.works(2)
    await shop.world.marketplace.order(id="o1")
    await shop.works(2)
    await cancel_the_order(shop)
    await in_the_morning(shop)
    assert [title for title, _ in shop.pushed()] == ["2 pieces of news for you"]


@pytest.mark.parametrize("how", ["read", "muted", "blocked", "taken back"])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_digest_does_not_tell_of_a_conversation_that_nobody_would_be_told_of(
    shop: Shop, how: str, *, is_first: bool
) -> None:
    market, bea = shop.world.marketplace, Identity("bea")
    await wishes(shop, **QUIET)
    conversation = await market.direct(bea, shop.sam)
    if not is_first:
        await shop.happens("one")
        await shop.works(1)
    await market.send(bea, conversation, "hello")
    shop.world.clock.advance(timedelta(seconds=6))
    await shop.works(1)
    await shop.happens("two", "three")
    await shop.works(2)
    if how == "read":
        await market.conversations.mark_read(shop.sam, conversation, 1)
    elif how == "muted":
        await market.conversations.change(shop.sam, conversation, {"muted": True})
    elif how == "blocked":
        await market.blocks.block(shop.sam, "bea")
    else:
        await market.changes.delete(bea, conversation, 1)
    await in_the_morning(shop)
    told = 2 if is_first else 3
    assert [title for title, _ in shop.pushed()] == [f"{told} pieces of news for you"]
