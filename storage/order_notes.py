"""Private notes on orders: each belongs to its author alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.order_tables import order_notes
from storage.rows import Record, fetch_all, fetch_optional


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Store a note."""
    await connection.execute(order_notes.insert().values(**values))


async def of_author(connection: AsyncConnection, order_id: str, author: str) -> Sequence[Record]:
    """Read somebody's notes on an order, oldest first."""
    mine = (order_notes.c.order_id == order_id, order_notes.c.author == author)
    return await fetch_all(connection, select(order_notes).where(*mine).order_by(order_notes.c.id))


async def change(
    connection: AsyncConnection,
    order_id: str,
    author: str,
    note_id: str,
    *,
    body: str,
    now: datetime,
) -> Record | None:
    """Change one's own note; None if there is no such note."""
    statement = (
        update(order_notes)
        .where(
            order_notes.c.order_id == order_id,
            order_notes.c.author == author,
            order_notes.c.id == note_id,
        )
        .values(body=body, updated_at=now)
        .returning(order_notes)
    )
    return await fetch_optional(connection, statement)


async def drop(connection: AsyncConnection, order_id: str, author: str, note_id: str) -> bool:
    """Delete one's own note; tell whether it was there."""
    result: CursorResult[Any] = await connection.execute(
        delete(order_notes).where(
            order_notes.c.order_id == order_id,
            order_notes.c.author == author,
            order_notes.c.id == note_id,
        )
    )
    return bool(result.rowcount)
