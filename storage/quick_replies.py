"""Texts that an account sends often: each is its owner's alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import quick_replies


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store one; return it."""
    statement = quick_replies.insert().values(**values).returning(quick_replies)
    return await fetch_one(connection, statement)


async def of_owner(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read an account's, oldest first."""
    statement = select(quick_replies).where(quick_replies.c.account_id == account_id)
    return await fetch_all(connection, statement.order_by(quick_replies.c.id))


async def change(
    connection: AsyncConnection, account_id: str, reply_id: str, values: Mapping[str, Any]
) -> Record | None:
    """Change one's own; None if there is no such one."""
    statement = (
        update(quick_replies)
        .where(quick_replies.c.account_id == account_id, quick_replies.c.id == reply_id)
        .values(**values)
        .returning(quick_replies)
    )
    return await fetch_optional(connection, statement)


async def drop(connection: AsyncConnection, account_id: str, reply_id: str) -> bool:
    """Delete one's own; tell whether it was there."""
    result: CursorResult[Any] = await connection.execute(
        delete(quick_replies).where(
            quick_replies.c.account_id == account_id, quick_replies.c.id == reply_id
        )
    )
    return bool(result.rowcount)
