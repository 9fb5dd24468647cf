"""The life of an order on both databases: what each side may do, and what time does."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.identity import Identity
from realtime.api.order_acts import OrderAct
from realtime.services.views import Shape
from storage.engine import Database
from tests.support.marketplace import Marketplace

QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "name",
        "kind": "text",
        "prompt": "Which name?",
        "required": True,
        "options": [],
        "multiple": False,
    }
]


class Life:
    """An order between Sam, who sells, and Bea, who bought."""

    def __init__(self, place: Marketplace, order: Shape) -> None:
        self.place = place
        self.id: str = order["id"]
        self.conversation: str = order["conversation_id"]
        self.sam, self.bea = Identity("sam"), Identity("bea")

    async def does(self, who: Identity, action: str, **data: Any) -> Shape:
        """Act on the order."""
        asked = msgspec.convert({"action": action, "data": data}, OrderAct)
        return await self.place.order_actions.act(who, self.id, asked.action, asked.data)

    async def seen(self, who: Identity) -> Shape:
        """Return the order's page."""
        return await self.place.orders.get(who, self.id)

    async def passes(self, **time: float) -> None:
        """Let time pass, and what falls due happen."""
        self.place.clock.advance(timedelta(**time))
        while await self.place.order_timers.fire_due():
            """More may have fallen due by what was done."""

    async def alerts(self, who: Identity) -> list[str]:
        """List what somebody was alerted of, oldest first."""
        page = await self.place.notifications.page(who, after=None, limit=200)
        return [each["title"] for each in reversed(page["items"])]

    async def nudges(self) -> int:
        """Count how often the seller was asked for an update."""
        return (await self.alerts(self.sam)).count("Tell Bea how it is going")


async def a_life(database: Database, *, questions: bool = False, **terms: Any) -> Life:
    """Place an order."""
    place = Marketplace(database)
    await place.sam_and_bea()
    await place.service("sam", questions=QUESTIONS if questions else [])
    return Life(place, await place.order(**terms))


async def test_from_requirements_to_completion(database: Database) -> None:
    life = await a_life(database, questions=True)
    page = await life.seen(life.bea)
    assert page["status"] == "awaiting_requirements"
    assert page["due_at"] is None
    assert page["available_actions"] == [
        "submit_requirements",
        "request_cancellation",
        "cancel",
        "add_note",
    ]
    started = await life.does(life.bea, "submit_requirements", answers={"name": "Brandt"})
    assert started["status"] == "in_progress"
    assert started["due_at"] is not None
    await life.does(life.sam, "deliver", message="Here it is")
    await life.does(life.bea, "request_revision", message="Bluer, please")
    await life.does(life.sam, "deliver", message="Bluer")
    done = await life.does(life.bea, "accept")
    assert done["status"] == "completed"
    assert done["available_actions"] == ["add_note"]
    page = await life.seen(life.sam)
    events = [each["type"] for each in page["timeline"]]
    assert events == [
        "created",
        "requirements_submitted",
        "delivered",
        "revision_requested",
        "delivered",
        "completed",
    ]
    thread = await life.place.conversations.messages(
        life.sam, life.conversation, before=None, after=None, around=None, limit=50
    )
    assert [each["event"] for each in thread["items"]] == events
    assert life.place.ear.offsets(f"thread:{life.conversation}") == [2, 3, 4, 5, 6]


async def test_what_is_not_available_changes_nothing(database: Database) -> None:
    life = await a_life(database)
    before = await life.seen(life.sam)
    for who, action in (
        (life.bea, "accept"),
        (life.bea, "deliver"),
        (life.sam, "accept_request"),
        (life.bea, "cancel"),
    ):
        with pytest.raises(Conflict, match="available: ") as refused:
            await life.does(who, action)
        assert refused.value.code == "action_not_available"
    assert await life.seen(life.sam) == before


async def test_somebody_else_does_not_know_the_order(database: Database) -> None:
    life = await a_life(database)
    await life.place.account("eve")
    with pytest.raises(NotFound):
        await life.does(Identity("eve"), "deliver")


async def test_of_two_at_once_one_wins(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "deliver")
    outcomes = await asyncio.gather(
        life.does(life.bea, "accept"),
        life.does(life.bea, "request_revision", message="no"),
        return_exceptions=True,
    )
    refused = [each for each in outcomes if isinstance(each, Conflict)]
    assert len(refused) == 1
    page = await life.seen(life.bea)
    assert page["status"] in ("completed", "in_revision")
    assert len(page["timeline"]) == 3


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


async def test_more_time_is_asked_for_and_given(database: Database) -> None:
    life = await a_life(database)
    before = (await life.seen(life.sam))["due_at"]
    asked = await life.does(life.sam, "request_extension", days=2, reason="flu")
    assert asked["pending_request"]["kind"] == "extension"
    assert "withdraw_request" in asked["available_actions"]
    assert "accept_request" in (await life.seen(life.bea))["available_actions"]
    given = await life.does(life.bea, "accept_request")
    assert given["pending_request"] is None
    assert given["due_at"] > before
    assert given["status"] == "in_progress"


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


async def test_a_request_is_declined_or_taken_back(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.bea, "request_cancellation", reason="changed my mind")
    await life.does(life.sam, "decline_request", reason="nearly done")
    await life.does(life.bea, "request_cancellation", reason="really")
    done = await life.does(life.bea, "withdraw_request")
    assert done["pending_request"] is None
    assert done["status"] == "in_progress"


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


async def test_completed_orders_are_counted_for_both(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "deliver")
    await life.does(life.bea, "accept")
    page = await life.place.contacts.page(life.sam, q="", sort="last_order", after=None, limit=10)
    (contact,) = page["items"]
    assert contact["person"]["id"] == "bea"
    assert contact["completed_orders"] == 1
    assert contact["totals"] == [{"amount": 12_050, "currency": "EUR"}]


async def test_notes_are_their_authors_alone(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.sam, "add_note", body="likes blue")
    note = await life.place.order_papers.add_note(life.sam, life.id, "pays late")
    await life.place.order_papers.change_note(life.sam, life.id, note["id"], "pays on time")
    assert [each["body"] for each in (await life.seen(life.sam))["notes"]] == [
        "likes blue",
        "pays on time",
    ]
    assert (await life.seen(life.bea))["notes"] == []
    with pytest.raises(NotFound):
        await life.place.order_papers.change_note(life.bea, life.id, note["id"], "mine")
    await life.place.order_papers.drop_note(life.sam, life.id, note["id"])
    assert len((await life.seen(life.sam))["timeline"]) == 1


async def test_a_plan_is_sent_returned_and_approved(database: Database) -> None:
    life = await a_life(database)
    task = {"id": "1", "title": "Sketches", "due_at": None, "done": False}
    await life.place.order_papers.put_plan(life.sam, life.id, [task])
    await life.does(life.sam, "send_plan")
    await life.does(life.bea, "return_plan", message="earlier, please")
    await life.does(life.sam, "send_plan")
    await life.does(life.bea, "approve_plan")
    assert (await life.place.order_papers.plan(life.bea, life.id))["approval"] == "approved"
    ticked = await life.place.order_papers.put_plan(life.sam, life.id, [task | {"done": True}])
    assert ticked["approval"] == "approved"
    changed = await life.place.order_papers.put_plan(life.sam, life.id, [task | {"title": "All"}])
    assert changed["approval"] == "none"


async def test_a_plan_is_answered_in_the_version_that_was_seen(database: Database) -> None:
    life = await a_life(database)
    task = {"id": "1", "title": "Sketches", "due_at": None, "done": False}
    await life.place.order_papers.put_plan(life.sam, life.id, [task])
    await life.does(life.sam, "send_plan")
    seen = (await life.seen(life.bea))["plan"]["version"]
    await life.place.order_papers.put_plan(life.sam, life.id, [task | {"title": "Half of it"}])
    await life.does(life.sam, "send_plan")
    before = await life.seen(life.bea)
    for action, more in (("approve_plan", {}), ("return_plan", {"message": "no"})):
        with pytest.raises(Conflict) as refused:
            await life.does(life.bea, action, version=seen, **more)
        assert (refused.value.code, refused.value.state) == (
            "plan_changed",
            {"plan": before["plan"]},
        )
    assert await life.seen(life.bea) == before

    # Each draft is a version of its own, so that none is approved for another.
    await life.does(life.bea, "approve_plan", version=before["plan"]["version"])
    await life.place.order_papers.put_plan(life.sam, life.id, [])
    await life.does(life.sam, "send_plan", message="A sketch")
    seen = (await life.seen(life.bea))["plan"]["version"]
    await life.does(life.sam, "send_plan", message="Another")
    with pytest.raises(Conflict, match=r"data\.version"):
        await life.does(life.bea, "approve_plan", version=seen)
    await life.does(life.bea, "approve_plan", version=seen + 1)
    assert (await life.seen(life.sam))["plan"]["approval"] == "approved"


async def test_a_draft_is_sent_for_approval_returned_and_approved(database: Database) -> None:
    life = await a_life(database)
    with pytest.raises(Invalid, match=r"data\.attachments: .*there is no plan"):
        await life.does(life.sam, "send_plan", message=" ")
    await life.does(life.sam, "send_plan", message="How about this?")
    assert "approve_plan" in (await life.seen(life.bea))["available_actions"]
    await life.does(life.bea, "return_plan", message="bluer, please")
    await life.does(life.sam, "send_plan", message="And this?")
    await life.does(life.bea, "approve_plan")

    page = await life.seen(life.sam)
    told = [(each["type"], each["data"].get("message")) for each in page["timeline"][1:]]
    assert told == [
        ("plan_sent", "How about this?"),
        ("plan_returned", "bluer, please"),
        ("plan_sent", "And this?"),
        ("plan_approved", None),
    ]
    assert page["plan"] == {"tasks": [], "approval": "approved", "version": 2}
    feed = await life.place.notifications.page(life.bea, after=None, limit=2)
    assert [each["title"] for each in feed["items"]] == 2 * ["Sam has sent a draft"]


async def test_answers_are_drafted_handed_in_and_changed(database: Database) -> None:
    life = await a_life(database, questions=True)
    requirements = life.place.requirements
    draft = await requirements.save_draft(life.bea, life.id, {})
    assert draft["status"] == "draft"
    await requirements.save_draft(life.bea, life.id, {"name": "Br"})
    assert (await requirements.get(life.sam, life.id))["answers"] == {}
    with pytest.raises(Invalid):
        await life.place.order_actions.change_answers(life.bea, life.id, {})
    await life.place.order_actions.change_answers(life.bea, life.id, {"name": "Brandt"})
    await life.place.order_actions.change_answers(life.bea, life.id, {"name": "Brandt & Co"})
    shown = await requirements.get(life.sam, life.id)
    assert shown["answers"] == {"name": "Brandt & Co"}
    assert [each["answers"]["name"] for each in shown["versions"]] == ["Brandt", "Brandt & Co"]
    assert [each["by"] for each in shown["versions"]] == ["bea", "bea"]


async def test_history_is_counted_without_gaps(database: Database) -> None:
    life = await a_life(database, questions=True)
    await life.place.requirements.save_draft(life.bea, life.id, {"name": "Br"})
    await life.place.order_papers.put_plan(life.sam, life.id, [])
    await life.place.order_actions.change_answers(life.bea, life.id, {"name": "Brandt"})
    await life.place.order_papers.put_plan(life.sam, life.id, [])
    await life.does(life.sam, "deliver")
    page = await life.seen(life.sam)
    assert [each["seq"] for each in page["timeline"]] == [1, 2, 3]


async def test_the_seller_reminds_once_a_day(database: Database) -> None:
    life = await a_life(database, questions=True)
    await life.does(life.sam, "remind_requirements")
    with pytest.raises(Conflict):
        await life.does(life.sam, "remind_requirements")
    await life.passes(days=1)
    await life.does(life.sam, "remind_requirements")
    assert (await life.does(life.sam, "skip_requirements"))["status"] == "in_progress"
