"""The life of an order on both databases: what each side may do."""

import asyncio

import pytest

from domain.errors import Conflict, Invalid, NotFound
from domain.identity import Identity
from storage.engine import Database
from tests.support.order_life import a_life


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


async def test_a_delivery_leaves_a_request_to_cancel(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.bea, "request_cancellation", reason="changed my mind")
    delivered = await life.does(life.sam, "deliver")
    assert delivered["pending_request"]["kind"] == "cancellation"


async def test_what_is_closed_is_closed(database: Database) -> None:
    life = await a_life(database, questions=True)
    await life.does(life.bea, "cancel")
    before = await life.seen(life.sam)
    papers, requirements = life.place.order_papers, life.place.requirements
    for attempt in (
        papers.put_plan(life.sam, life.id, []),
        papers.tick_welcome(life.sam, life.id, []),
        requirements.save_draft(life.bea, life.id, {"name": "Br"}),
    ):
        with pytest.raises(Conflict, match="while the order is cancelled") as refused:
            await attempt
        assert refused.value.code == "action_not_available"
        assert refused.value.state["available_actions"] == ["add_note"]
    assert await life.seen(life.sam) == before
    assert (await requirements.get(life.bea, life.id))["draft"] is None


async def test_a_request_is_declined_or_taken_back(database: Database) -> None:
    life = await a_life(database)
    await life.does(life.bea, "request_cancellation", reason="changed my mind")
    await life.does(life.sam, "decline_request", reason="nearly done")
    await life.does(life.bea, "request_cancellation", reason="really")
    done = await life.does(life.bea, "withdraw_request")
    assert done["pending_request"] is None
    assert done["status"] == "in_progress"


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
