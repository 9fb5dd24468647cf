"""Inboxes: what changed is noted at its newest position, and read back in order."""

from datetime import timedelta
from typing import Any

import pytest

from storage import accounts, conversations, inboxes
from storage.engine import Database, Transaction
from storage.inboxes import FILTERS, Advance
from tests.support.clock import NOON


async def an_account(tx: Transaction, account_id: str = "sam") -> None:
    """Store an account with its inbox."""
    told = {"id": account_id, "name": "Sam", "email": None, "locale": "en", "timezone": "UTC"}
    values = {**told, "avatar_url": None, "created_at": NOON, "updated_at": NOON}
    await accounts.put(tx.connection, values, epoch="e")


def a_change(subject: str, position: int) -> dict[str, Any]:
    """Write a change of a conversation."""
    return {
        "account_id": "sam",
        "kind": "conversation",
        "subject": subject,
        "position": position,
    }


async def changed(database: Database, after: int = 0, **more: Any) -> list[tuple[str, int]]:
    """Read what changed after a position."""
    async with database.reading() as connection:
        rows = await inboxes.changes_since(connection, "sam", after, 10, **more)
    return [(row.subject, row.position) for row in rows]


async def test_the_newest_position_of_each_thing_is_kept(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await an_account(tx)
        await inboxes.note_changes(tx.connection, [a_change("a", 1), a_change("b", 2)])
        await inboxes.note_changes(tx.connection, [a_change("a", 3)])

    await database.transaction(work)

    assert await changed(database) == [("b", 2), ("a", 3)]
    assert await changed(database, 2) == [("a", 3)]
    assert await changed(database, before=3) == [("b", 2)]


async def test_what_changes_twice_at_once_is_noted_once(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await an_account(tx)
        twice = [a_change("a", 1), a_change("b", 2), a_change("a", 3)]
        await inboxes.note_changes(tx.connection, twice)

    await database.transaction(work)

    assert await changed(database) == [("b", 2), ("a", 3)]


async def test_an_inbox_moves_by_what_it_is_told(database: Database) -> None:
    async def work(tx: Transaction) -> dict[str, Any]:
        for account_id in ("sam", "bea"):
            await an_account(tx, account_id)
        await inboxes.advance(tx.connection, [Advance("sam", 2, 1, 3)])
        return await inboxes.advance(
            tx.connection, [Advance("sam", 1, -1, 0), Advance("bea", 5, 0, 1)]
        )

    moved = await database.transaction(work)

    counts = {
        name: (row.position, row.unread_conversations, row.unread_notifications, row.epoch)
        for name, row in moved.items()
    }
    assert counts == {"sam": (3, 0, 3, "e"), "bea": (5, 0, 1, "e")}


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_pages_of_an_inbox_leave_nothing_out(database: Database, pages: int) -> None:
    """Also where several conversations had their last word in the same moment."""
    names = [f"t{number}" for number in range(6)]

    async def fill(tx: Transaction) -> None:
        for account_id in ("sam", "bea"):
            await an_account(tx, account_id)
        for number, name in enumerate(names):
            conversation = {
                "id": name,
                "kind": "order",
                "order_id": None,
                "epoch": "e",
                "last_seq": 0,
                "created_at": NOON,
            }
            await conversations.add(tx.connection, conversation, ["sam", "bea"])
            at = NOON + timedelta(seconds=number // 3)
            item = {"conversation_id": name, "kind": "order", "order_id": None, "last_seq": 0}
            rest = {"shown": True, "active_at": at, "account_id": "sam", "with_id": "bea"}
            order = dict.fromkeys(("number", "title", "status", "due_at"))
            told = {f"order_{field}": value for field, value in order.items()}
            await inboxes.add_items(tx.connection, [{**item, **rest, **told}])

    await database.transaction(fill)
    found: list[str] = []
    after = None
    async with database.reading() as connection:
        for _ in range(len(names) // pages + 1):
            rows = await inboxes.page(
                connection, "sam", conditions=FILTERS["all"], after=after, limit=pages
            )
            found += [row.conversation_id for row in rows]
            if rows:
                after = (rows[-1].active_at, rows[-1].conversation_id)

    assert found == ["t5", "t4", "t3", "t2", "t1", "t0"]
