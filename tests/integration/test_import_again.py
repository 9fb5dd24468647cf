"""History from elsewhere: again, by several at once, and with mistakes in it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.identity import Identity
from realtime.importing.importer import OnError, Stopped
from storage.tables import (
    entries,
    inbox_items,
    inboxes,
    participants,
    timers,
)
from tests.support.imported import (
    PEOPLE,
    Importing,
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
from tests.support.marketplace import Marketplace

SAM, BEA = Identity("sam"), Identity("bea")


# --- again ----------------------------------------------------------------------------------------


async def everything(market: Marketplace) -> list[int]:
    """Count what is stored."""
    async with market.database.reading() as connection:
        tables = (entries, inbox_items, participants, timers, inboxes)
        return [
            await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        ]


async def test_the_same_again_changes_nothing(market: Marketplace) -> None:
    lines = [*PEOPLE, order("o1"), message("m1"), message("m2", to="sam"), message("m2", to="sam")]
    first = await imported(market, lines)
    before, positions = await everything(market), await rows(market, inboxes)

    again = await imported(market, [*lines, account("sam", name="Somebody else")])

    assert (first.present, first.stored["messages"]) == (1, 2)
    assert (again.present, sum(again.stored.values())) == (8, 0)
    assert await everything(market) == before
    assert await rows(market, inboxes) == positions
    assert (await market.accounts.me(SAM))["account"]["name"] == "Sam"


async def test_it_goes_on_wherever_it_stopped(market: Marketplace) -> None:
    words = [message(f"m{n}", at=at(n)) for n in range(9)]
    lines = [*PEOPLE, order("o1"), *words]
    for end in (4, 7, 9):
        await imported(market, lines[:end], batch=3)

    report = await imported(market, lines)

    assert (report.present, report.stored["messages"]) == (9, 4)
    thread = (await market.orders.get(SAM, "o1"))["conversation_id"]
    bodies = [each["body"] for each in await said(market, SAM, thread) if "body" in each]
    assert bodies == [f"m{n}" for n in range(9)]


async def test_two_at_once_and_whoever_writes_meanwhile(
    market: Marketplace, other_node: Marketplace
) -> None:
    await imported(market, [*PEOPLE, order("o1")])
    thread = (await market.orders.get(SAM, "o1"))["conversation_id"]
    words = [message(f"m{n}", at=at(n)) for n in range(30)]

    await asyncio.gather(
        imported(market, words, batch=5),
        imported(other_node, words, batch=4),
        *(other_node.send(SAM, thread, f"live {n}") for n in range(5)),
    )

    items = await said(market, SAM, thread)
    assert [each["seq"] for each in items] == list(range(1, 37))
    bodies = sorted(each["body"] for each in items if "body" in each)
    assert bodies == sorted([f"m{n}" for n in range(30)] + [f"live {n}" for n in range(5)])


async def test_what_is_older_than_what_stands_before_it_is_stored_and_counted(
    market: Marketplace,
) -> None:
    lines = [*PEOPLE, order("o1"), message("m1", at=at(20)), message("m2", at=at(19))]

    report = await imported(market, [*lines, message("m3", at=at(21))])

    assert report.misplaced == 1
    view = (await listed(market, SAM))["o1"]
    assert (view["last_message"]["preview"], view["active_at"]) == ("m3", moment(21))


# --- what is wrong --------------------------------------------------------------------------------

BAD: list[tuple[Any, str]] = [
    (b"{", "line: is no JSON"),
    (b'{"x": "' + b"y" * 1_048_576 + b'"}', "has more than 1,048,576 bytes"),
    (b"\xff", "line: is no JSON"),
    (service("s2", seller_id="nobody"), "seller_id: there is no account nobody; it comes first"),
    (service("s2", created_at="2099-01-01T00:00:00Z"), "created_at: is in the future"),
    (account("eve", created_at="2099-01-01T00:00:00Z"), "created_at: is in the future"),
    (account("gone"), "id: was erased, and stays so"),
    (order("o2", service_id="x"), "service_id: there is no service x; it comes first"),
    (order("o2", buyer_id="nobody"), "buyer_id: there is no account nobody; it comes first"),
    (order("o2", buyer_id="gone"), "buyer_id: there is no account gone; it comes first"),
    (order("o2", buyer_id="sam"), "buyer_id: a seller cannot order their own service"),
    (order("o2", closed_at="2099-01-01T00:00:00Z"), "closed_at: is in the future"),
    (
        order("o2", status="delivered", closed_at=..., review_ends_at=at(60)),
        "review_ends_at: is over; such an order is completed",
    ),
    (order("o2", answers={"x": "y"}), "answers.x: answers no question of this service"),
    (message("m2", order_id="o2"), "order_id: there is no order o2; it comes first"),
    (message("m2", "eve"), "sender: eve is neither the seller nor the buyer of this order"),
    (message("m2", "nobody", to="sam"), "sender: there is no account nobody; it comes first"),
    (message("m2", to="nobody"), "to: there is no account nobody; it comes first"),
    (message("m2", to="gone"), "to: there is no account gone; it comes first"),
    (message("m2", at="2099-01-01T00:00:00Z"), "at: is in the future"),
    (message("m2", edited_at="2099-01-01T00:00:00Z"), "edited_at: is in the future"),
    (message("m2", reply_to="m3"), "reply_to: there is no message m3 before it"),
    (message("m2", reply_to="m2"), "reply_to: there is no message m2 before it"),
]


async def with_somebody_gone(market: Marketplace) -> None:
    """Have somebody been erased."""
    await imported(market, [account("gone")])
    await market.erasing.erase("gone")


async def test_bad_lines_are_left_out_by_number_and_the_rest_is_stored(
    market: Marketplace,
) -> None:
    await with_somebody_gone(market)
    bad = [line for line, _ in BAD]
    runs = Importing(market, OnError.SKIP)

    report = await runs.run([*PEOPLE, order("o1"), *bad, message("m1"), message("m3")])

    said_of_them = [reason for _, reason in runs.refused]
    assert [number for number, _ in runs.refused] == list(range(5, 5 + len(BAD)))
    for (_, expected), reason in zip(BAD, said_of_them, strict=True):
        assert reason.startswith(expected)
    assert report.skipped == len(BAD)
    assert report.stored == {"accounts": 2, "services": 1, "orders": 1, "messages": 2}
    await counted_right(market)


@pytest.mark.parametrize(("line", "reason"), BAD[:4] + BAD[-1:], ids=["a", "b", "c", "d", "e"])
async def test_a_bad_line_ends_it_behind_all_that_is_before(
    market: Marketplace, line: Any, reason: str
) -> None:
    await with_somebody_gone(market)
    runs = Importing(market)

    with pytest.raises(Stopped) as stopped:
        await runs.run([*PEOPLE, order("o1"), message("m1"), line, message("m3")], batch=50)

    assert str(stopped.value).startswith(f"line 6: {reason}")
    assert runs.refused == []
    bodies = [each.body for each in await rows(market, entries) if each.kind == "message"]
    assert bodies == ["m1"]


async def test_nothing_is_added_where_somebody_was_erased(market: Marketplace) -> None:
    await imported(market, [*PEOPLE, order("o1"), message("m1")])
    await market.erasing.erase("bea")
    runs = Importing(market, OnError.SKIP)

    await runs.run([message("m2", "sam"), message("m3", "sam", to="bea"), order("o2")])

    assert [reason.partition(":")[0] for _, reason in runs.refused] == ["sender", "to", "buyer_id"]


async def test_a_message_may_answer_one_of_the_same_batch_or_of_one_before(
    market: Marketplace,
) -> None:
    lines = [
        *PEOPLE,
        order("o1"),
        message("m1"),
        message("m2", "sam", reply_to="m1"),
        message("m3", reply_to="m3"),
        message("m3", reply_to="m2"),
    ]

    await Importing(market, OnError.SKIP).run(lines, batch=6)

    thread = (await market.orders.get(SAM, "o1"))["conversation_id"]
    items = [each for each in await said(market, SAM, thread) if each["type"] == "message"]
    answers = {each["id"]: each["reply_to"] for each in items}
    assert answers == {"m1": None, "m2": 2, "m3": 3}


# --- the page about it ----------------------------------------------------------------------------


def the_example() -> list[bytes]:
    """Return the lines that docs/import.md shows."""
    page = Path("docs/import.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```ndjson\n(.*?)```", page, re.DOTALL)
    return [line.encode() for line in example.splitlines()]


async def test_the_example_of_the_page_is_imported_as_it_stands(market: Marketplace) -> None:
    report = await imported(market, the_example())

    assert report.stored == {"accounts": 2, "services": 1, "orders": 1, "messages": 4}
    assert (report.skipped, report.misplaced) == (0, 0)
    sabine = Identity("sabine")
    assert (await market.accounts.me(sabine))["unread_conversations"] == 1
    assert (await market.orders.get(sabine, "o-1"))["number"] == "2023-0815"


async def test_a_time_that_nothing_can_be_counted_from_is_a_bad_line(market: Marketplace) -> None:
    runs = Importing(market, OnError.SKIP)
    lines = [
        *PEOPLE,
        message("m1", to="sam", at="0001-01-01T00:00:00+14:00"),
        message("m2", to="sam", at="9999-12-31T23:59:59-14:00"),
        order(
            "o1",
            delivered_at=...,
            closed_at=...,
            status="in_progress",
            due_at="9999-12-31T23:00:00Z",
        ),
        message("m3", to="sam"),
    ]

    report = await runs.run(lines)

    first = len(PEOPLE) + 1
    assert [number for number, _ in runs.refused] == [first, first + 1, first + 2]
    assert all("between the years" in reason for _, reason in runs.refused)
    assert report.stored["messages"] == 1
