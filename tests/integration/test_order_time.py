"""What time does to orders on both databases: each thing once, and when it should."""

import asyncio
from datetime import timedelta

import pytest

from domain.errors import Conflict
from domain.identity import Identity
from storage.engine import Database
from tests.support.marketplace import Marketplace
from tests.support.order_life import Life, a_life


async def test_a_delivery_counts_as_accepted_when_the_review_ends(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "deliver")
    await life.passes(days=2, hours=23)
    assert (await life.seen(life.sam))["status"] == "delivered"
    assert "Your time for review ends soon" in await life.alerts(life.bea)
    await life.passes(hours=1)
    page = await life.seen(life.sam)
    assert page["status"] == "completed"
    assert page["timeline"][-1]["actor"] == "system"
    await life.passes(days=30)
    assert (await life.alerts(life.bea)).count("The order is complete") == 1


async def test_lateness_is_told_once_and_opens_a_way_out(database: Database) -> None:
    life = await a_life(database)
    await life.passes(days=2, hours=13)
    assert (await life.alerts(life.sam))[-1] == "Delivery is due soon"
    await life.passes(hours=12)
    assert (await life.seen(life.bea))["lateness"] == "late"
    assert "Your delivery is late" in await life.alerts(life.sam)
    assert "cancel" not in (await life.seen(life.bea))["available_actions"]
    await life.passes(days=1)
    assert "cancel" in (await life.seen(life.bea))["available_actions"]
    await life.does(life.bea, "cancel", reason="too late")
    assert (await life.seen(life.sam))["status"] == "cancelled"
    assert (await life.alerts(life.sam)).count("Your delivery is late") == 1


async def test_what_fired_does_not_fire_again_after_a_revision(database: Database) -> None:
    life = await a_life(database)
    await life.passes(days=5)
    fired = ["late", "very_late"]
    assert [each["type"] for each in (await life.seen(life.sam))["timeline"][1:]] == fired
    before = await life.alerts(life.sam)
    await life.does(life.sam, "deliver")
    await life.does(life.bea, "request_revision", message="Bluer, please")
    await life.passes(hours=1)
    page = await life.seen(life.sam)
    events = [each["type"] for each in page["timeline"][1:]]
    assert events == [*fired, "delivered", "revision_requested"]
    assert await life.alerts(life.sam) == [*before, "Bea asks for changes"]

    # A moment that is new is told anew.
    await life.does(life.sam, "request_extension", days=4)
    await life.does(life.bea, "accept_request")
    await life.passes(days=4)
    page = await life.seen(life.sam)
    assert [each["type"] for each in page["timeline"]].count("late") == 2


async def test_a_request_for_time_lapses_and_one_to_cancel_is_granted(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "request_extension", days=2)
    await life.passes(hours=49)
    page = await life.seen(life.sam)
    assert page["pending_request"] is None
    assert page["timeline"][-1]["type"] == "extension_lapsed"
    await life.does(life.sam, "request_cancellation", reason="cannot do it")
    assert "accept_request" not in (await life.seen(life.sam))["available_actions"]
    await life.passes(hours=49)
    assert (await life.seen(life.bea))["status"] == "cancelled"


@pytest.mark.parametrize(
    ("asks", "ends", "by"),
    [("sam", "extension_withdrawn", "sam"), ("bea", "extension_lapsed", "system")],
)
async def test_a_delivery_ends_a_request_for_more_time(
    database: Database, asks: str, ends: str, by: str
) -> None:
    life = await a_life(database)
    await life.does(Identity(asks), "request_extension", days=2)
    delivered = await life.does(life.sam, "deliver")
    assert (delivered["status"], delivered["pending_request"]) == ("delivered", None)
    page = await life.seen(life.bea)
    assert [(each["type"], each["actor"]) for each in page["timeline"][2:]] == [
        (ends, by),
        ("delivered", "sam"),
    ]
    told = {
        "extension_withdrawn": "Sam took back the request for more time",
        "extension_lapsed": "The request for more time has lapsed",
    }
    assert (await life.alerts(life.bea))[-2] == told[ends]
    with pytest.raises(Conflict):
        await life.does(life.bea, "accept_request")
    await life.passes(hours=49)
    assert [each["type"] for each in (await life.seen(life.sam))["timeline"]].count(ends) == 1


async def test_the_seller_is_nudged_after_days_of_silence_only(database: Database) -> None:
    place = Marketplace(database)
    await place.sam_and_bea()
    order = await place.order(delivery_days=30)
    life = Life(place, order)
    nudge = "Tell Bea how it is going"
    await life.passes(days=2)
    await place.send(life.sam, life.conversation, "half done")
    await life.passes(days=2)
    assert nudge not in await life.alerts(life.sam)
    await life.passes(days=1)
    assert (await life.alerts(life.sam)).count(nudge) == 1
    await life.passes(days=5)
    assert (await life.alerts(life.sam)).count(nudge) == 1


async def test_what_the_seller_does_puts_the_nudge_off_as_words_do(database: Database) -> None:
    life = await a_life(database, questions=True, delivery_days=30)
    answers = life.place.order_actions.change_answers
    await life.passes(days=2)
    await answers(life.bea, life.id, {"name": "Brandt"})
    await life.passes(days=2)
    # What the buyer changes is no news from the seller.
    await answers(life.bea, life.id, {"name": "Brandt & Co"})
    await life.passes(days=1)
    assert await life.nudges() == 1

    await life.does(life.sam, "request_extension", days=2)
    await life.passes(days=1)
    await life.does(life.bea, "accept_request")
    await life.passes(days=1)
    assert await life.nudges() == 1
    await life.passes(days=1)
    assert await life.nudges() == 2


async def test_after_a_revision_the_seller_has_days_before_the_nudge(database: Database) -> None:
    life = await a_life(database, delivery_days=30)
    await life.passes(days=2)
    await life.does(life.sam, "deliver")
    await life.passes(days=2)
    await life.does(life.bea, "request_revision", message="Bluer, please")
    await life.passes(days=2)
    assert await life.nudges() == 0
    await life.passes(days=1)
    assert await life.nudges() == 1


async def test_a_timer_fires_once_with_several_workers(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "deliver")
    life.place.clock.advance(timedelta(days=3))
    other = Marketplace(database, life.place.clock)
    await asyncio.gather(*(each.order_timers.fire_due() for each in (life.place, other) * 3))
    page = await life.seen(life.sam)
    assert [each["type"] for each in page["timeline"]].count("completed") == 1


async def test_who_was_reminded_that_day_is_not_reminded_again(database: Database) -> None:
    life = await a_life(database, questions=True)
    await life.passes(hours=20)
    await life.does(life.sam, "remind_requirements")
    reminded = await life.alerts(life.bea)
    await life.passes(hours=20)
    assert await life.alerts(life.bea) == reminded
