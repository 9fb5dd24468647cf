"""Texts that are held back until an operator has looked at them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import held_messages

Place = tuple[datetime, str, int]


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Hold texts back."""
    await connection.execute(held_messages.insert(), rows)


async def page(connection: AsyncConnection, *, after: Place | None, limit: int) -> Sequence[Record]:
    """Read what is held back, the oldest first."""
    columns = held_messages.c
    key = (columns.at, columns.conversation_id, columns.seq)
    statement = select(held_messages).order_by(*key).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*after))
    return await fetch_all(connection, statement)


async def take(connection: AsyncConnection, conversation_id: str, seq: int) -> Record | None:
    """Hold a text back no longer, and return it; None when that was so."""
    statement = (
        delete(held_messages)
        .where(held_messages.c.conversation_id == conversation_id, held_messages.c.seq == seq)
        .returning(held_messages)
    )
    return await fetch_optional(connection, statement)
