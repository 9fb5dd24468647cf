"""Statements that are handed to the driver as they are do what the others do."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, bindparam, select
from sqlalchemy.exc import IntegrityError

from domain.conversations import EntryKind
from storage import conversations
from storage.conversations import Draft
from storage.engine import Database, Transaction
from storage.prepared import fetch
from storage.rows import fetch_all
from storage.tables import entries
from tests.support.clock import NOON


def a_draft(**more: Any) -> Draft:
    """Write an entry."""
    told: dict[str, Any] = {
        "conversation_id": "c",
        "id": "m",
        "kind": EntryKind.MESSAGE,
        "sender": "sam",
    }
    return Draft(**{**told, "at": NOON, "client_id": "1", "body": "Tee \N{HOT BEVERAGE}", **more})


async def a_thread(tx: Transaction) -> None:
    """Store a conversation with an entry of each shape."""
    values = {"id": "c", "kind": "direct", "epoch": "e", "last_seq": 0, "created_at": NOON}
    await conversations.add(tx.connection, values, ["sam", "ann"])
    other: dict[str, Any] = {
        "id": "n",
        "sender": "ann",
        "data": {"held": True},
        "attachments": [{"id": "f"}],
    }
    later = a_draft(**other, at=NOON + timedelta(microseconds=1), client_id=None, reply_to=1)
    await conversations.append(tx.connection, [a_draft(), later], {"c": 0})


def all_of(sender: str | None = None) -> Executable:
    """Ask for the entries of somebody, who is named later or now."""
    wanted = bindparam("sender") if sender is None else sender
    return select(entries).where(entries.c.sender == wanted).order_by(entries.c.seq)


async def test_rows_are_those_that_sqlalchemy_returns(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await a_thread(tx)
        for sender in ("sam", "ann"):
            (mine,) = await fetch(tx.connection, all_of(), {"sender": sender})
            (its,) = await fetch_all(tx.connection, all_of(sender))
            assert tuple(mine) == tuple(its)
            assert (mine.at, mine.data, mine.attachments) == (its.at, its.data, its.attachments)
        assert await fetch(tx.connection, all_of(), {"sender": "eve"}) == []
        assert len(await fetch(tx.connection, all_of("ann"), {})) == 1

    await database.transaction(work)


async def test_readers_may_run_them_too(database: Database) -> None:
    await database.transaction(a_thread)
    async with database.reading() as connection:
        (row,) = await fetch(connection, all_of(), {"sender": "ann"})
    assert (row.seq, row.data) == (2, {"held": True})


async def test_what_is_stored_twice_is_refused_as_ever(database: Database) -> None:
    await database.transaction(a_thread)

    async def work(tx: Transaction) -> None:
        await conversations.append(tx.connection, [a_draft(id="again")], {"c": 0})

    with pytest.raises(IntegrityError) as refused:
        await database.transaction(work)
    assert "\N{HOT BEVERAGE}" not in str(refused.value)
    async with database.reading() as connection:
        assert [row.last_seq for row in await conversations.positions(connection, ["c"])] == [2]
