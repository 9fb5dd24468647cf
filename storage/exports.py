"""Everything about one account, a page at a time: whatever is its own, by the key of its table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import among
from storage.rows import Record, fetch_all
from storage.tables import contacts, inbox_items, order_answers, order_notes, order_timeline

Key = tuple[Any, ...]

# An account knows of whom it has had an order with, or of whose conversation there is a word: one
# that was only opened, or that a block made, is nothing that the other one has heard of.
KNOWN = contacts.c.last_order_at.is_not(None) | exists().where(
    inbox_items.c.account_id == contacts.c.account_id,
    inbox_items.c.conversation_id == contacts.c.conversation_id,
    inbox_items.c.shown,
)


async def page(
    connection: AsyncConnection,
    table: Table,
    mine: ColumnElement[bool],
    *,
    after: Key | None,
    limit: int,
) -> Sequence[Record]:
    """Read the rows behind a key, by their keys."""
    key = tuple(table.primary_key.columns)
    statement = select(table).where(mine)
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    return await fetch_all(connection, statement.order_by(*key).limit(limit))


def key_of(table: Table, row: Record) -> Key:
    """Return the key of a row."""
    return tuple(getattr(row, column.name) for column in table.primary_key.columns)


async def papers(
    connection: AsyncConnection, order_ids: Sequence[str], author: str
) -> tuple[Sequence[Record], Sequence[Record], Sequence[Record]]:
    """Read the history of orders, all their answers, and the notes of one author about them."""
    history, answers, notes = (
        select(table).where(among(connection, table.c.order_id, order_ids)).order_by(*by)
        for table, by in (
            (order_timeline, (order_timeline.c.order_id, order_timeline.c.seq)),
            (order_answers, (order_answers.c.order_id, order_answers.c.version)),
            (order_notes, (order_notes.c.order_id, order_notes.c.id)),
        )
    )
    return (
        await fetch_all(connection, history),
        await fetch_all(connection, answers),
        await fetch_all(connection, notes.where(order_notes.c.author == author)),
    )
