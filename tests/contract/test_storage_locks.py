"""Rows of several conversations and inboxes are locked in one order, whoever comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Column, select

from domain.conversations import EntryKind
from storage import accounts, conversations, inboxes
from storage.conversations import Draft
from storage.engine import Database, Transaction
from storage.inboxes import Advance
from storage.tables import conversations as conversation_table
from storage.tables import inboxes as inbox_table
from tests.support.clock import NOON

NAMES = ("a", "b", "c")


@pytest.fixture
async def database(postgresql_url: str) -> AsyncIterator[Database]:
    """SQLite has one writer: only PostgreSQL has an order to keep."""
    opened = Database.open(postgresql_url)
    await opened.transaction(fill)
    yield opened
    await opened.close()


async def fill(tx: Transaction) -> None:
    """Store three accounts and three conversations of the same names."""
    for name in reversed(NAMES):  # as they lie on the disk, they are in no order
        await accounts.put(tx.connection, an_account(name), epoch="e")
        await conversations.add(tx.connection, a_conversation(name), NAMES)


def an_account(name: str) -> dict[str, Any]:
    """Write an account."""
    told = {"id": name, "name": name, "email": None, "locale": "en", "timezone": "UTC"}
    return {**told, "avatar_url": None, "created_at": NOON, "updated_at": NOON}


def a_conversation(name: str) -> dict[str, Any]:
    """Write a conversation."""
    return {
        "id": name,
        "kind": "direct",
        "order_id": None,
        "epoch": "e",
        "last_seq": 0,
        "created_at": NOON,
    }


def a_draft(name: str, at: datetime = NOON) -> Draft:
    """Write a message to a conversation."""
    return Draft(
        conversation_id=name, id=f"m-{name}", kind=EntryKind.MESSAGE, sender="a", at=at, body="Hi"
    )


async def move_conversations(tx: Transaction) -> None:
    """Store a message in each conversation, named in the opposite order."""
    drafts = [a_draft(name) for name in reversed(NAMES)]
    await conversations.append(tx.connection, drafts, dict.fromkeys(NAMES, 0))


async def move_inboxes(tx: Transaction) -> None:
    """Move each inbox, named in the opposite order."""
    await inboxes.advance(tx.connection, [Advance(name, 1) for name in reversed(NAMES)])


@pytest.mark.parametrize(
    ("move", "key"),
    [
        (move_conversations, conversation_table.c.id),
        (move_inboxes, inbox_table.c.account_id),
    ],
    ids=["conversations", "inboxes"],
)
async def test_rows_are_locked_in_the_order_of_their_names(
    database: Database, move: Callable[[Transaction], Awaitable[None]], key: Column[str]
) -> None:
    """Whoever waits for the second row has the first one, and not yet the third."""
    moving: list[asyncio.Task[None]] = []

    async def hold_the_second(tx: Transaction) -> list[str]:
        await tx.connection.execute(select(key).where(key == "b").with_for_update())
        moving.append(asyncio.create_task(database.transaction(move)))
        await somebody_waits(database)
        return await database.transaction(lambda other: free(other, key))

    assert await database.transaction(hold_the_second) == ["c"]
    await moving[0]


async def free(tx: Transaction, key: Column[str]) -> list[str]:
    """Name the rows that nobody holds."""
    statement = select(key).order_by(key).with_for_update(skip_locked=True)
    return list(await tx.connection.scalars(statement))


async def somebody_waits(database: Database) -> None:
    """Wait until a transaction waits for a row."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while True:
            async with database.reading() as connection:
                if (await connection.exec_driver_sql(waiting)).scalar_one():
                    return
