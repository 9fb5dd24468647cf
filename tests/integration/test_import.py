"""History from elsewhere: as if it had happened here, but that nobody is told."""

import re
from datetime import timedelta

import msgspec

from domain.identity import Identity
from domain.lifecycle import Action
from realtime.services.order_commands import Nothing
from storage.tables import (
    deliveries,
    notifications,
    timers,
)
from tests.support.clock import NOON
from tests.support.imported import (
    PEOPLE,
    account,
    at,
    counted_right,
    imported,
    listed,
    message,
    moment,
    order,
    rows,
    said,
    service,
)
from tests.support.marketplace import QUESTION, Marketplace

SAM, BEA = Identity("sam"), Identity("bea")


# --- what comes along -----------------------------------------------------------------------------


async def test_an_order_is_there_with_all_that_belongs_to_it(market: Marketplace) -> None:
    report = await imported(
        market,
        [
            *PEOPLE,
            order("o1", number="A-7"),
            message("m1", body="Grüße – 🥐", at=at(12)),
            message("m2", "sam", reply_to="m1", at=at(14), edited_at=at(15)),
        ],
    )

    assert report.stored == {"accounts": 2, "services": 1, "orders": 1, "messages": 2}
    shown = await market.orders.get(BEA, "o1")
    assert (shown["number"], shown["status"], shown["version"]) == ("A-7", "completed", 3)
    assert (shown["created_at"], shown["due_at"]) == (moment(10), moment(10 + 3 * 1_440))
    assert [(each["type"], each["actor"], each["at"]) for each in shown["timeline"]] == [
        ("created", "bea", moment(10)),
        ("delivered", "sam", moment(20)),
        ("completed", "bea", moment(30)),
    ]
    assert shown["available_actions"] == ["add_note"]
    items = await said(market, SAM, shown["conversation_id"])
    assert [(each["type"], each["seq"], each["at"]) for each in items] == [
        ("order", 1, moment(10)),
        ("message", 2, moment(12)),
        ("message", 3, moment(14)),
    ]
    assert (items[1]["body"], items[2]["reply_to"]) == ("Grüße – 🥐", 2)
    assert (items[1]["edited_at"], items[2]["edited_at"]) == (None, moment(15))
    for side in (SAM, BEA):
        view = (await listed(market, side))["o1"]
        assert (view["last_seq"], view["read_seq"], view["unread"]) == (3, 3, 0)
        assert (view["last_message"]["preview"], view["active_at"]) == ("m2", moment(14))
        assert view["order"]["number"] == "A-7"


async def test_contacts_add_up_over_any_number_of_batches(market: Marketplace) -> None:
    lines = [
        *PEOPLE,
        account("eve"),
        order("o1"),
        order("o2", created_at=at(25), delivered_at=...),
        order("o3", price={"amount": 500, "currency": "USD"}),
        order("o4", status="cancelled", created_at=at(28), delivered_at=...),
        order("o5", buyer_id="eve", status="in_progress", delivered_at=..., closed_at=...),
    ]

    await imported(market, lines, batch=2)

    of_sam = await market.contacts.page(SAM, q="", sort="name", after=None, limit=9)
    of_bea = await market.contacts.page(BEA, q="", sort="name", after=None, limit=9)
    bea, eve = of_sam["items"]
    [sam] = of_bea["items"]
    for each in (bea, sam):
        assert each["completed_orders"] == 3
        assert {total["currency"]: total["amount"] for total in each["totals"]} == {
            "EUR": 24_100,
            "USD": 500,
        }
        assert each["last_order_at"] == moment(28)
    assert (eve["completed_orders"], eve["last_order_at"]) == (0, moment(10))
    assert bea["conversation_id"] == sam["conversation_id"]


async def test_words_outside_of_orders_open_the_pairs_conversation(market: Marketplace) -> None:
    await imported(
        market,
        [
            *PEOPLE,
            message("m1", to="sam", at=at(1)),
            message("m2", "sam", to="bea", at=at(2)),
            order("o1"),
        ],
    )

    [thread] = {each["id"] for each in (await listed(market, SAM)).values() if not each["order_id"]}
    assert [each["sender"] for each in await said(market, BEA, thread)] == ["bea", "sam"]
    contact = (await market.contacts.page(SAM, q="", sort="name", after=None, limit=9))["items"][0]
    assert contact["conversation_id"] == thread
    assert (await market.send(SAM, thread, "And now here")).seq == 3
    assert (await market.direct(BEA, SAM)) == thread


async def test_a_seller_to_whom_nobody_wrote_may_still_not_write(market: Marketplace) -> None:
    """What was said elsewhere counts as said: by whom, and to whom."""
    await imported(market, [*PEOPLE, account("eve"), message("m1", "sam", to="eve", at=at(1))])

    may = await market.conversations.can_message(SAM, "eve")
    answer = await market.conversations.can_message(Identity("eve"), "sam")

    assert (may["allowed"], may["reason"]) == (False, "first_contact_required")
    assert answer["allowed"]


async def test_what_is_unread_is_counted_and_what_is_read_behind_it_ends_that(
    market: Marketplace,
) -> None:
    lines = [
        *PEOPLE,
        order("o1"),
        order("o2"),
        message("m1", read=False),
        message("m2", read=False),
        message("m3", "sam"),
        message("m4", read=False),
        message("m5", order_id="o2", read=False),
        message("m6", order_id="o2"),
        message("m7", to="sam", read=False),
    ]

    await imported(market, lines, batch=2)

    of_sam = await listed(market, SAM)
    assert {key: view["unread"] for key, view in of_sam.items()} == {"o1": 3, "o2": 0, "bea": 1}
    assert (of_sam["o1"]["read_seq"], of_sam["o2"]["read_seq"]) == (1, 3)
    assert (await market.accounts.me(SAM))["unread_conversations"] == 2
    assert {view["unread"] for view in (await listed(market, BEA)).values()} == {0}
    assert (await market.accounts.me(BEA))["unread_conversations"] == 0
    await market.conversations.mark_read(SAM, of_sam["o1"]["id"], 5)
    assert (await market.accounts.me(SAM))["unread_conversations"] == 1
    await counted_right(market)


async def test_nobody_is_told(market: Marketplace) -> None:
    await imported(market, [*PEOPLE, order("o1"), message("m1"), message("m2", to="sam")])

    assert await rows(market, notifications) == []
    assert await rows(market, deliveries) == []
    assert market.ear.news == []


async def test_whoever_is_connected_finds_it_by_its_position(market: Marketplace) -> None:
    await imported(market, [*PEOPLE, order("o1"), message("m1")], batch=1)

    for reader in ("sam", "bea"):
        changes = await market.reads.changes_since(f"inbox:{reader}", 0)
        told = [msgspec.json.decode(each.data) for each in changes.publications]
        assert [each["type"] for each in told] == ["order", "conversation"]
        assert told[-1]["conversation"]["last_message"]["preview"] == "m1"
        assert changes.publications[-1].offset == changes.position.offset == 3
    thread = (await market.orders.get(SAM, "o1"))["conversation_id"]
    replayed = await market.reads.changes_since(f"thread:{thread}", 0)
    assert [each.offset for each in replayed.publications] == [1, 2]


async def test_sequences_have_no_gaps_and_go_on(market: Marketplace) -> None:
    words = [message(f"m{n}", "sam" if n % 3 else "bea", at=at(n)) for n in range(40)]

    await imported(market, [*PEOPLE, order("o1"), *words], batch=7)

    thread = (await market.orders.get(SAM, "o1"))["conversation_id"]
    assert [each["seq"] for each in await said(market, SAM, thread)] == list(range(1, 42))
    assert (await market.send(SAM, thread, "And now here")).seq == 42


async def test_numbers_are_counted_up_for_those_that_bring_none(market: Marketplace) -> None:
    await market.sam_and_bea()
    before = await market.order()

    await imported(market, [service(), *[order(f"o{n}") for n in range(3)]])

    numbers = [(await market.orders.get(SAM, f"o{n}"))["number"] for n in range(3)]
    after = await market.order()
    assert len({before["number"], *numbers, after["number"]}) == 5
    assert all(re.fullmatch("FO-[0-9]+", each) for each in numbers)


# --- orders that are under way --------------------------------------------------------------------


async def test_an_open_order_goes_on_from_where_it_is(market: Marketplace) -> None:
    due = NOON + timedelta(days=2)
    line = order(
        "o1", status="in_progress", delivered_at=..., closed_at=..., due_at=due.isoformat()
    )
    await imported(market, [*PEOPLE, line])

    shown = await market.orders.get(SAM, "o1")
    assert (shown["lateness"], "deliver" in shown["available_actions"]) == ("on_time", True)
    market.clock.advance(timedelta(days=2, seconds=1))
    assert await market.order_timers.fire_due() == 2
    feed = await market.notifications.page(SAM, after=None, limit=9)
    assert len(feed["items"]) == 2  # due soon, and late: what is due from now on happens


async def test_what_was_due_before_has_happened(market: Marketplace) -> None:
    """An order that is late for weeks reminds nobody of it on the day of the import."""
    await imported(
        market, [*PEOPLE, order("o1", status="in_progress", delivered_at=..., closed_at=...)]
    )

    assert {each.status for each in await rows(market, timers)} == {"fired"}
    assert await market.order_timers.fire_due() == 0
    assert (await market.orders.get(SAM, "o1"))["lateness"] == "very_late"


async def test_a_review_begins_now_or_ends_when_it_says(market: Marketplace) -> None:
    ends = NOON + timedelta(hours=5)
    delivered = {"status": "delivered", "closed_at": ...}
    await imported(
        market,
        [
            *PEOPLE,
            order("o1", **delivered),
            order("o2", **delivered, review_ends_at=ends.isoformat()),
        ],
    )

    shown = [await market.orders.get(BEA, each) for each in ("o1", "o2")]
    assert [each["review_ends_at"] for each in shown] == [
        "2026-11-27T12:00:00.000Z",
        "2026-11-24T17:00:00.000Z",
    ]
    await market.order_actions.act(BEA, "o1", Action.ACCEPT, Nothing())


async def test_questions_are_those_of_the_line_or_else_of_the_service(market: Marketplace) -> None:
    asks = service(requirements=[QUESTION])
    own = [{"id": "name", "kind": "text", "prompt": "Which name?", "required": True}]
    await imported(
        market,
        [
            account("sam"),
            account("bea"),
            asks,
            order("o1", answers={"logo": "A tree"}),
            order("o2", requirements=own, answers={"name": "Bea"}),
            order("o3"),
            order("o4", status="awaiting_requirements", delivered_at=..., closed_at=...),
            order("o5", requirements=[]),
        ],
    )

    found = [await market.requirements.get(BEA, f"o{n}") for n in range(1, 6)]
    assert [each["status"] for each in found] == [
        "submitted",
        "submitted",
        "skipped",
        "pending",
        "none",
    ]
    assert [len(each["versions"]) for each in found] == [1, 1, 0, 0, 0]
    assert found[1]["questions"][0]["prompt"] == "Which name?"
    assert found[0]["versions"][0]["at"] == moment(10)
    await market.order_actions.change_answers(BEA, "o4", {"logo": "A bird"})
