"""What is older than the settings say goes, and what is left stays right."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from domain.errors import Unavailable
from domain.identity import Identity
from domain.lifecycle import Action
from domain.publications import OpenRequest, Position
from realtime.services import retention
from realtime.services.caretaker import SWEEP_EVERY, Caretaker, Unfinished
from realtime.services.erasing import LAST_LOOK
from realtime.services.order_commands import Deliver, Nothing
from realtime.services.retention import Retention, periods
from storage.engine import Database, Transaction
from storage.retention import old_keys
from storage.tables import (
    attempts,
    contact_grants,
    deliveries,
    entries,
    erasures,
    idempotency_keys,
    inbox_changes,
    ledger,
)
from tests.support.clock import NOON
from tests.support.eventually import eventually_reads
from tests.support.marketplace import Marketplace

SAM, BEA = Identity("sam"), Identity("bea")
DAY = timedelta(days=1)
# Ids tell their own time, which no clock of a test moves: after so long they are old, too.
CENTURY = timedelta(days=36_500)


def keeping(market: Marketplace, **kept_for: timedelta | None) -> Retention:
    """Keep things for so long; what is not named, for ever."""
    names = ("messages", "notifications", "finished_deliveries", "keys")
    kept = periods(
        people=market.people, clock=market.clock, **{name: kept_for.get(name) for name in names}
    )
    return Retention(database=market.database, clock=market.clock, periods=kept)


async def gone(kept: Retention) -> dict[str, int]:
    """Sweep; return how many of each kind went, after counting them first."""
    counted = {each.name: each.removed for each in await kept.look() if each.removed}
    swept = {each.name: each.removed for each in await kept.sweep() if each.removed}
    assert counted == swept
    assert {each.name: each.removed for each in await kept.look() if each.removed} == {}
    return swept


async def rows(database: Database, table: Any) -> list[Any]:
    """Read a table."""
    async with database.reading() as connection:
        return list(await connection.execute(select(table)))


async def test_nothing_goes_by_itself_where_all_is_kept(market: Marketplace) -> None:
    await closed(market)
    market.clock.advance(1_000 * DAY)

    assert await gone(keeping(market)) == {}


# --- what was written -----------------------------------------------------------------------------


async def closed(market: Marketplace) -> str:
    """Have an order talked about and completed; Sam has not read the last word."""
    await market.sam_and_bea()
    order = await market.order()
    thread: str = order["conversation_id"]
    first = await market.send(BEA, thread, "Hello")
    await market.changes.edit(BEA, thread, first.seq, "Hello Sam")
    await market.send(SAM, thread, "Hello Bea")
    await market.order_actions.act(SAM, order["id"], Action.DELIVER, Deliver())
    await market.order_actions.act(BEA, order["id"], Action.ACCEPT, Nothing())
    await market.send(BEA, thread, "Thanks")
    return thread


async def test_what_was_written_about_a_closed_order_goes_and_its_events_stay(
    market: Marketplace,
) -> None:
    thread = await closed(market)
    market.ear.news.clear()
    market.clock.advance(10 * DAY)

    assert await gone(keeping(market, messages=10 * DAY)) == {}
    market.clock.advance(timedelta(seconds=1))
    assert await gone(keeping(market, messages=10 * DAY)) == {"messages": 4}

    left = [(row.seq, row.kind) for row in await rows(market.database, entries)]
    assert sorted(left) == [(1, "order"), (5, "order"), (6, "order")]
    shown = await market.conversations.get(SAM, thread)
    assert (shown["unread"], shown["last_message"], shown["last_seq"]) == (0, None, 7)
    assert (await market.accounts.me(SAM))["unread_conversations"] == 0
    told = market.ear.on("inbox:sam")
    assert [each["type"] for each in told] == ["conversation", "badge"]
    assert told[-1]["unread_conversations"] == 0
    assert [each["type"] for each in market.ear.on("inbox:bea")] == ["conversation", "badge"]
    assert (await market.send(SAM, thread, "And one more thing")).seq == 8


async def test_files_go_with_the_words_that_they_came_with(market: Marketplace) -> None:
    """What was delivered is no word: it stays with the order's own events."""
    await market.sam_and_bea()
    order = await market.order()
    thread = order["conversation_id"]
    await market.send(BEA, thread, attachments=(await market.upload(BEA),))
    result = await market.upload(SAM)
    await market.order_actions.act(SAM, order["id"], Action.DELIVER, Deliver(attachments=[result]))
    await market.order_actions.act(BEA, order["id"], Action.ACCEPT, Nothing())
    market.clock.advance(2 * DAY)

    await gone(keeping(market, messages=DAY))
    await market.attachment_sweep.sweep()

    assert await market.uploaded("bea") == []
    assert await market.uploaded("sam") == [result]


async def test_an_order_that_is_under_way_keeps_all_and_so_do_direct_words(
    market: Marketplace,
) -> None:
    await market.sam_and_bea()
    order = await market.order()
    await market.send(BEA, order["conversation_id"], "Hello")
    await market.send(BEA, await market.direct(BEA, SAM), "Hello")
    market.clock.advance(100 * DAY)

    assert await gone(keeping(market, messages=DAY)) == {}


async def test_of_a_talk_that_goes_on_the_newer_words_stay(market: Marketplace) -> None:
    """A word that was changed lately goes with what it was."""
    thread = await closed(market)
    market.clock.advance(timedelta(hours=23))
    last = await market.send(BEA, thread, "By the way")
    await market.changes.edit(BEA, thread, 7, "Thanks a lot")
    market.clock.advance(timedelta(hours=2))

    assert await gone(keeping(market, messages=DAY)) == {"messages": 5}

    page = await market.conversations.messages(
        SAM, thread, before=None, after=None, around=None, limit=99
    )
    words = [each["body"] for each in page["items"] if each["type"] == "message"]
    assert words == ["By the way"]
    shown = await market.conversations.get(SAM, thread)
    assert shown["last_message"] is not None
    assert (shown["unread"], shown["last_message"]["seq"]) == (1, last.seq)
    assert (await market.accounts.me(SAM))["unread_conversations"] == 1


async def test_a_thread_with_gaps_is_loaded_anew(market: Marketplace) -> None:
    """Whoever was there before is not told that nothing was missed."""
    thread = await closed(market)
    market.clock.advance(2 * DAY)
    await gone(keeping(market, messages=DAY))

    opened, at_the_top = await market.reads.open_many([opening(thread, 2), opening(thread, 7)])

    assert not isinstance(opened, Exception)
    assert (opened.recovered, opened.changes.publications) == (False, ())
    assert opened.changes.position.offset == 7
    assert not isinstance(at_the_top, Exception)
    assert at_the_top.recovered


def opening(thread: str, offset: int) -> OpenRequest:
    """Come back to a thread."""
    return OpenRequest(f"thread:{thread}", SAM, Position(offset, ""))


async def test_many_orders_are_gone_through_a_few_at_a_time(market: Marketplace) -> None:
    await market.sam_and_bea()
    for number in range(retention.ORDERS + 3):
        order = await market.order()
        await market.send(BEA, order["conversation_id"], f"{number}")
        await market.order_actions.act(SAM, order["id"], Action.DELIVER, Deliver())
        await market.order_actions.act(BEA, order["id"], Action.ACCEPT, Nothing())
    market.clock.advance(2 * DAY)

    assert await gone(keeping(market, messages=DAY)) == {"messages": retention.ORDERS + 3}


# --- what was told, and how -----------------------------------------------------------------------


async def test_what_was_told_long_ago_goes_and_the_badge_with_it(market: Marketplace) -> None:
    await market.sam_and_bea()
    await market.order()
    await market.order()
    market.clock.advance(CENTURY)
    await market.order()
    assert (await market.accounts.me(SAM))["unread_notifications"] == 4
    market.ear.news.clear()

    assert await gone(keeping(market, notifications=365 * DAY)) == {"notifications": 3}

    assert (await market.accounts.me(SAM))["unread_notifications"] == 1
    assert market.ear.on("inbox:sam") == [
        {"type": "badge", "unread_conversations": 0, "unread_notifications": 1}
    ]
    page = await market.notifications.page(SAM, after=None, limit=9)
    assert len(page["items"]) == 1


async def test_what_was_read_counts_no_more_when_it_goes(market: Marketplace) -> None:
    await market.sam_and_bea()
    await market.notifications.mark_read(SAM, None)
    market.clock.advance(CENTURY)

    assert await gone(keeping(market, notifications=DAY)) == {"notifications": 1}

    assert (await market.accounts.me(SAM))["unread_notifications"] == 0


async def test_what_is_gone_is_not_caught_up_with(market: Marketplace) -> None:
    await market.sam_and_bea()
    await market.order()
    market.clock.advance(CENTURY)

    await gone(keeping(market, notifications=DAY))

    kinds = {row.kind for row in await rows(market.database, inbox_changes)}
    assert kinds == {"conversation", "order", "badge"}
    caught_up = await market.reads.changes_since("inbox:sam", 0)
    assert caught_up.publications[-1].offset == caught_up.position.offset


async def test_many_accounts_are_gone_through_in_turn(market: Marketplace) -> None:
    for name in [f"a{number}" for number in range(5)]:
        await market.account(name)
        for number in range(3):
            await market.service(name, id=f"{name}-{number}")
    market.clock.advance(CENTURY)
    few = retention.OldNotifications(accounts_at_once=2, rows=2)
    period = retention.Period("notifications", few, DAY)
    kept = Retention(database=market.database, clock=market.clock, periods=[period])

    assert await gone(kept) == {"notifications": 15}


async def test_a_delivery_that_is_over_goes_with_its_ledger(market: Marketplace) -> None:
    """What waits, or waits for its next try, stays however old it is."""
    await market.sam_and_bea()
    await market.order()
    [over, *waiting] = [row.id for row in await rows(market.database, deliveries) if row.ready_at]
    await market.database.transaction(lambda tx: ends(tx, over))
    at_first = len(await rows(market.database, ledger))
    finished = [row.id for row in await rows(market.database, deliveries) if not row.ready_at]
    assert await gone(keeping(market, finished_deliveries=DAY)) == {}
    market.clock.advance(CENTURY)

    assert await gone(keeping(market, finished_deliveries=DAY)) == {"deliveries": len(finished)}

    assert [row.id for row in await rows(market.database, deliveries)] == waiting
    assert await rows(market.database, attempts) == []
    assert len(await rows(market.database, ledger)) == at_first - len(finished)


async def ends(tx: Transaction, delivery_id: str) -> None:
    """Have a delivery be sent at its first try."""
    done = {"status": "accepted", "ready_at": None}
    which = deliveries.c.id == delivery_id
    await tx.connection.execute(update(deliveries).where(which).values(done))
    tried = {"bucket": 0, "delivery_id": delivery_id, "n": 1, "started_at": NOON}
    await tx.connection.execute(attempts.insert().values(tried))


async def test_a_key_is_remembered_for_so_long(market: Marketplace) -> None:
    await market.sam_and_bea()
    old = await market.order(key="old")
    market.clock.advance(7 * DAY)
    new = await market.order(key="new")
    assert await gone(keeping(market, keys=7 * DAY)) == {}
    market.clock.advance(timedelta(seconds=1))

    assert await gone(keeping(market, keys=7 * DAY)) == {"idempotency_keys": 1}

    assert (await market.order(key="new"))["id"] == new["id"]
    assert (await market.order(key="old"))["id"] != old["id"]


async def test_rows_that_are_many_go_in_pieces(market: Marketplace) -> None:
    await market.sam_and_bea()
    for number in range(5):
        await market.order(key=f"{number}")
    market.clock.advance(DAY)
    some = retention.OldRows(idempotency_keys, old_keys, rows=2)
    kept = Retention(
        database=market.database,
        clock=market.clock,
        periods=[retention.Period("keys", some, timedelta(hours=1))],
    )

    assert await gone(kept) == {"keys": 5}


async def test_leave_to_write_first_goes_when_it_has_ended(market: Marketplace) -> None:
    await market.sam_and_bea()
    for buyer, days in (("bea", 1), ("sam", 3)):
        other = "sam" if buyer == "bea" else "bea"
        until = market.clock.now() + days * DAY
        await market.contacts.grant(seller_id=other, buyer_id=buyer, until=until)
    market.clock.advance(2 * DAY)

    assert await gone(keeping(market)) == {"ended_grants": 1}

    assert [row.account_id for row in await rows(market.database, contact_grants)] == ["bea"]


# --- when -----------------------------------------------------------------------------------------


async def test_one_of_many_processes_sweeps_when_it_is_due(
    market: Marketplace, other_node: Marketplace
) -> None:
    await market.sam_and_bea()

    async def left_after_all_have_looked() -> int:
        market.clock.advance(timedelta(seconds=1))
        for place in (market, other_node):
            await caretaker(place, place.erasing).look()
        return len(await rows(market.database, idempotency_keys))

    await market.order()
    assert await left_after_all_have_looked() == 0
    await market.order()
    assert await left_after_all_have_looked() == 1
    market.clock.advance(SWEEP_EVERY)
    assert await left_after_all_have_looked() == 0


def caretaker(market: Marketplace, erasing: Unfinished) -> Caretaker:
    """Make one that forgets keys at once."""
    return Caretaker(
        database=market.database,
        unfinished=(erasing,),
        retention=keeping(market, keys=timedelta(0)),
        clock=market.clock,
        look_every=0.01,
    )


class FailsOnce:
    """Finishes what was begun when it is asked for the second time."""

    def __init__(self, erasing: Unfinished) -> None:
        self._erasing = erasing
        self._asked = False

    async def finish_what_was_begun(self) -> int:
        """Finish it."""
        if not self._asked:
            self._asked = True
            raise Unavailable("the database does not answer")
        return await self._erasing.finish_what_was_begun()


async def test_it_goes_on_by_itself_whatever_happens(market: Marketplace) -> None:
    """An erasure that was left halfway is finished, though a look failed before."""
    await market.sam_and_bea()
    await market.erasing.erase("bea")
    market.clock.advance(LAST_LOOK)
    looks = caretaker(market, FailsOnce(market.erasing))

    await looks.start()

    await eventually_reads([], lambda: rows(market.database, erasures))
    await looks.close()
