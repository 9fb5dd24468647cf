"""The eleven points of the help page that Orderwire was born from, each from end to end.

Over API and socket, on both databases: on one node, and with Redis on a node for each side.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.two_sides import TwoSides, two_sides

QUESTIONS = [
    {"id": "name", "kind": "text", "prompt": "What shall it say?", "required": True},
    {
        "id": "style",
        "kind": "choice",
        "prompt": "Which style?",
        "required": True,
        "options": ["plain", "playful"],
    },
    {"id": "more", "kind": "text", "prompt": "Anything else?"},
]
ANSWERS = {"name": "Bakery", "style": "plain"}


@pytest.fixture(params=["one node", "two nodes with Redis"])
async def both(
    request: pytest.FixtureRequest, database_url: str, redis_url: str
) -> AsyncIterator[TwoSides]:
    """Sam and Bea."""
    async with two_sides(database_url, redis_url if "Redis" in request.param else None) as sides:
        yield sides


async def test_1_a_service_is_approved_before_it_can_be_ordered_and_its_seller_told(
    both: TwoSides,
) -> None:
    await both.service(status="pending")
    wish = {"service_id": "logo", "buyer_id": "bea", "price": {"amount": 1, "currency": "EUR"}}
    refused = await both.marketplace("POST", "/orders", wish, status=409)
    assert refused["code"] == "service_not_approved"

    async with both.sam.online() as sam:
        await both.service(status="approved")
        told = await sam.hears("notification")

    assert told["category"] == "service"
    feed = await both.sam.get("/notifications")
    assert [each["id"] for each in feed["items"]] == [told["id"]]
    await both.marketplace("POST", "/orders", wish, status=201)


async def test_2_every_new_order_notifies_the_seller_exactly_as_the_preferences_say(
    both: TwoSides,
) -> None:
    await both.service()
    browser = both.pushes.subscribe().to_json()
    await both.sam.call("POST", "/me/push-subscriptions", browser, status=201)
    for push, email in ((True, True), (True, False), (False, True), (False, False)):
        wishes = {"categories": {"new_order": {"push": push, "email": email}}}
        await both.sam.call("PATCH", "/me/preferences", wishes)
        await both.order()

        told = (await both.sam.get("/notifications", limit="1"))["items"][0]
        trace = await both.sam.get(f"/notifications/{told['id']}/trace")
        planned = {step["channel"] for step in trace["steps"] if step["decision"] == "planned"}
        skipped = {step["channel"] for step in trace["steps"] if step["decision"] == "skipped"}
        assert planned == {name for name, on in (("push", push), ("email", email)) if on}
        assert planned | skipped == {"push", "email"}

    # What was planned arrives, and nothing else was.
    pushed = await both.pushes.wait_for(2)
    # The first one tells that the service was approved.
    approved, *ordered = await both.mails.wait_for(3)
    assert [each.payload["title"] for each in pushed] == 2 * ["New order from Bea"]
    assert "approved" in str(approved.message["Subject"])
    assert [each.recipient for each in ordered] == 2 * ["sam@example.com"]


async def test_3_a_new_order_opens_a_thread_live_for_both_sides_at_once(both: TwoSides) -> None:
    await both.service()
    async with both.sam.online() as sam, both.bea.online() as bea:
        thread = (await both.order())["conversation_id"]
        for socket in (sam, bea):
            shown = await socket.hears("conversation", lambda each: each["kind"] == "order")
            assert shown["id"] == thread
            await socket.opens(thread)

        await sam.says(thread, "Thank you for your order")
        for socket in (sam, bea):
            await socket.reads(thread, "message", lambda each: each["sender"] == "sam")
        await bea.says(thread, "You are welcome")
        for socket in (sam, bea):
            entry = await socket.reads(thread, "message", lambda each: each["sender"] == "bea")
            assert entry["seq"] == 3


async def test_4_a_seller_cannot_write_to_a_new_client_first_and_is_told_what_unlocks_it(
    both: TwoSides,
) -> None:
    await both.service()
    may = await both.sam.get("/can-message/bea")
    assert may == {
        "allowed": False,
        "reason": "first_contact_required",
        "unlocked_by": ["order", "buyer_message", "grant"],
    }
    refused = await both.sam.call("POST", "/conversations", {"with": "bea"}, status=403)
    assert refused["code"] == "first_contact_required"

    until = (both.clock.now() + timedelta(days=1)).isoformat()
    grant = {"seller_id": "sam", "buyer_id": "bea", "until": until}
    await both.marketplace("PUT", "/contact-grants", grant)
    assert (await both.sam.get("/can-message/bea"))["allowed"]
    await both.marketplace("PUT", "/contact-grants", grant | {"until": None})
    assert not (await both.sam.get("/can-message/bea"))["allowed"]

    thread = (await both.bea.call("POST", "/conversations", {"with": "sam"}, status=201))["id"]
    async with both.sam.online() as sam, both.bea.online() as bea:
        # The thread is there, and still the client has the first word.
        reply = await sam.client.command(
            rpc={
                "method": "message.send",
                "data": {"conversation": thread, "client_id": "1", "body": "Hello"},
            }
        )
        assert reply["error"] == {"code": 403, "message": "first_contact_required"}
        await bea.says(thread, "Do you make logos?")
        assert (await sam.says(thread, "I do"))["seq"] == 2


async def test_4_an_order_lets_the_seller_write_too(both: TwoSides) -> None:
    await both.service()
    order = await both.order()

    assert (await both.sam.get("/can-message/bea"))["allowed"]
    page = await both.sam.get(f"/orders/{order['id']}")
    async with both.sam.online() as sam:
        assert (await sam.says(page["direct_conversation_id"], "Hello"))["seq"] == 1


async def test_5_the_inbox_has_conversations_outside_of_orders_once_the_client_wrote(
    both: TwoSides,
) -> None:
    await both.service()
    thread = (await both.bea.call("POST", "/conversations", {"with": "sam"}, status=201))["id"]
    assert (await both.sam.get("/conversations"))["items"] == []

    async with both.sam.online() as sam, both.bea.online() as bea:
        await bea.says(thread, "Do you make logos?")
        shown = await sam.hears("conversation")

    assert (shown["id"], shown["kind"], shown["order"]) == (thread, "direct", None)
    (listed,) = (await both.sam.get("/conversations", filter="unread"))["items"]
    assert (listed["id"], listed["unread"], listed["can_send"]) == (thread, 1, True)
    assert listed["with"]["name"] == "Bea"
    assert listed["last_message"]["preview"] == "Do you make logos?"


async def test_6_my_contacts_are_all_one_has_worked_with(both: TwoSides) -> None:
    await both.service()
    for _ in range(2):
        order = await both.order()
        await both.sam.does(order, "deliver", message="Here it is")
        await both.bea.does(order, "accept")
    last = await both.order()

    for person, other in ((both.sam, "bea"), (both.bea, "sam")):
        (contact,) = (await person.get("/contacts"))["items"]
        assert contact["person"]["id"] == other
        assert contact["completed_orders"] == 2
        assert contact["totals"] == [{"amount": 24_100, "currency": "EUR"}]
        assert contact["last_order_at"] == last["created_at"]
        thread = await person.get(f"/conversations/{contact['conversation_id']}")
        assert (thread["kind"], thread["with"]["id"]) == ("direct", other)


async def test_7_the_dashboard_shows_the_sellers_active_orders(both: TwoSides) -> None:
    await both.service()
    slow = await both.order(delivery_days=10)
    late = await both.order(delivery_days=1)
    done = await both.order()
    await both.marketplace("POST", f"/orders/{done['id']}/actions", {"action": "cancel"})

    async with both.sam.online() as sam:
        both.passes(days=1, hours=1)
        await sam.hears("order", lambda each: each["lateness"] == "late")
        shown = (await both.sam.get("/orders", role="seller", status="active"))["items"]
        fresh = await both.order()
        await sam.hears("order", lambda each: each["id"] == fresh["id"])

    # What is due first comes first.
    assert [each["id"] for each in shown] == [late["id"], slow["id"]]
    assert [each["lateness"] for each in shown] == ["late", "on_time"]
    assert (await both.sam.get("/me"))["active_orders"] == 3
    assert (await both.sam.get("/orders", role="buyer"))["items"] == []


async def test_8_the_order_page_has_all_that_there_is_to_know(both: TwoSides) -> None:
    await both.service()
    order = await both.order()
    thread = (await both.sam.get(f"/orders/{order['id']}"))["direct_conversation_id"]
    async with both.bea.online() as bea:
        await bea.says(thread, "By the way, do you print, too?")
    await both.sam.does(order, "deliver", message="Here it is")

    page = await both.sam.get(f"/orders/{order['id']}")
    assert page["number"].startswith("FO-")
    assert page["counterpart"] == {"id": "bea", "name": "Bea", "avatar_url": None}
    assert [line["type"] for line in page["timeline"]] == ["created", "delivered"]
    due = datetime.fromisoformat(page["due_at"])
    assert due - datetime.fromisoformat(page["created_at"]) == timedelta(days=3)
    assert [each["body"] for each in page["recent_messages"]] == ["By the way, do you print, too?"]
    # The message box.
    async with both.sam.online() as sam:
        begins = await sam.opens(page["conversation_id"])
        assert begins["can_send"]
        await sam.says(page["conversation_id"], "It is on its way")


async def test_9_private_notes_on_an_order_are_their_authors_alone(both: TwoSides) -> None:
    await both.service()
    order = await both.order()
    notes = f"/orders/{order['id']}/notes"
    note = await both.sam.call("POST", notes, {"body": "She likes blue"}, status=201)

    assert [each["body"] for each in (await both.sam.get(notes))["items"]] == ["She likes blue"]
    assert [each["id"] for each in (await both.sam.get(f"/orders/{order['id']}"))["notes"]] == [
        note["id"]
    ]
    assert (await both.bea.get(notes))["items"] == []
    assert (await both.bea.get(f"/orders/{order['id']}"))["notes"] == []
    await both.bea.call("DELETE", f"{notes}/{note['id']}", status=404)
    await both.sam.call("PATCH", f"{notes}/{note['id']}", {"body": "She likes green"})
    await both.sam.call("DELETE", f"{notes}/{note['id']}", status=204)
    assert (await both.sam.get(notes))["items"] == []


async def test_10_structured_requirements_start_the_clock(both: TwoSides) -> None:
    await both.service(requirements=QUESTIONS)
    order = await both.order()
    assert (order["status"], order["due_at"]) == ("awaiting_requirements", None)
    path = f"/orders/{order['id']}/requirements"
    asked = await both.bea.get(path)
    assert [each["id"] for each in asked["questions"]] == ["name", "style", "more"]

    # A draft has gaps, and is nobody else's business.
    await both.bea.call("PUT", path, {"answers": {"name": "Bakery"}, "submit": False})
    assert (await both.sam.get(path))["answers"] == {}
    gaps = await both.bea.call(
        "PUT", path, {"answers": {"name": "Bakery"}, "submit": True}, status=400
    )
    assert [each["path"] for each in gaps["errors"]] == ["answers.style"]

    async with both.sam.online() as sam, both.bea.online() as bea:
        await sam.opens(order["conversation_id"])
        await both.bea.call("PUT", path, {"answers": ANSWERS, "submit": True})
        started = await sam.reads(
            order["conversation_id"],
            "order",
            lambda each: each["event"] == "requirements_submitted",
        )
        assert started["by"] == "bea"
        # Questions back.
        await sam.says(order["conversation_id"], "Is the name in capitals?")
        await bea.says(order["conversation_id"], "It is")

    seen = await both.sam.get(path)
    assert (seen["answers"], seen["status"]) == (ANSWERS, "submitted")
    running = await both.sam.get(f"/orders/{order['id']}")
    assert running["status"] == "in_progress"
    due = datetime.fromisoformat(running["due_at"])
    assert due - datetime.fromisoformat(seen["submitted_at"]) == timedelta(days=3)


async def test_11_a_checklist_welcomes_a_new_order(both: TwoSides) -> None:
    await both.service()
    order = await both.order()

    done = ["review_requirements", "thank"]
    await both.sam.call("PUT", f"/orders/{order['id']}/welcome", {"done": done})

    steps = (await both.sam.get(f"/orders/{order['id']}"))["welcome"]["items"]
    assert [(each["id"], each["done"]) for each in steps] == [
        ("review_requirements", True),
        ("thank", True),
        ("first_step", False),
        ("ask_questions", False),
    ]
    assert (await both.bea.get(f"/orders/{order['id']}"))["welcome"] is None


async def test_11_a_plan_of_tasks_is_seen_by_both_and_approved_in_the_thread(
    both: TwoSides,
) -> None:
    await both.service()
    order = await both.order()
    path, thread = f"/orders/{order['id']}/plan", order["conversation_id"]
    day = both.clock.now().isoformat()
    tasks: list[dict[str, Any]] = [
        {"id": "1", "title": "Three drafts", "due_at": day, "done": False},
        {"id": "2", "title": "The logo", "due_at": None, "done": False},
    ]
    await both.sam.call("PUT", path, {"tasks": tasks})
    async with both.sam.online() as sam, both.bea.online() as bea:
        await sam.opens(thread)
        await bea.opens(thread)
        await both.sam.does(order, "send_plan")
        await bea.reads(thread, "order", lambda each: each["event"] == "plan_sent")
        await both.bea.does(order, "approve_plan")
        await sam.reads(thread, "order", lambda each: each["event"] == "plan_approved")

    # Ticking a task off changes nothing of what was agreed.
    ticked = [{**tasks[0], "done": True}, tasks[1]]
    await both.sam.call("PUT", path, {"tasks": ticked})
    plan = await both.bea.get(path)
    assert (plan["approval"], [each["done"] for each in plan["tasks"]]) == (
        "approved",
        [True, False],
    )


async def test_11_who_sends_no_update_for_three_days_is_nudged(both: TwoSides) -> None:
    await both.service()
    await both.order(delivery_days=30)
    async with both.sam.online() as sam:
        both.passes(days=2, hours=23)
        both.passes(hours=2)
        told = await sam.hears("notification", lambda each: each["category"] == "reminder")
    assert told["title"] == "Tell Bea how it is going"
