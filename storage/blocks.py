"""Who blocks whom: a row for each who blocks somebody."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import Record, fetch_all, fetch_one
from storage.tables import blocks


async def add(
    connection: AsyncConnection, account_id: str, other_id: str, created_at: datetime
) -> bool:
    """Block somebody; tell whether they were not blocked before."""
    statement = insert(connection, blocks).values(
        account_id=account_id, other_id=other_id, created_at=created_at
    )
    result: CursorResult[Any] = await connection.execute(statement.on_conflict_do_nothing())
    return bool(result.rowcount)


async def drop(connection: AsyncConnection, account_id: str, other_id: str) -> bool:
    """Block somebody no longer; tell whether they were blocked."""
    result: CursorResult[Any] = await connection.execute(
        delete(blocks).where(blocks.c.account_id == account_id, blocks.c.other_id == other_id)
    )
    return bool(result.rowcount)


async def get(connection: AsyncConnection, account_id: str, other_id: str) -> Record:
    """Read a block that is there."""
    statement = select(blocks).where(
        blocks.c.account_id == account_id, blocks.c.other_id == other_id
    )
    return await fetch_one(connection, statement)


async def those_among(
    connection: AsyncConnection, pairs: Collection[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """Return which of these (account, other) are blocks: the account's, of the other."""
    if not pairs:
        return frozenset()
    columns = (blocks.c.account_id, blocks.c.other_id)
    statement = select(*columns).where(tuple_(*columns).in_(sorted(pairs)))
    return frozenset(
        (row.account_id, row.other_id) for row in await fetch_all(connection, statement)
    )


async def page(
    connection: AsyncConnection, account_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Record]:
    """Read whom an account blocks, the latest first."""
    statement = select(blocks).where(blocks.c.account_id == account_id)
    if after is not None:
        key = tuple_(blocks.c.created_at, blocks.c.other_id)
        statement = statement.where(key < tuple_(*after))
    latest_first = statement.order_by(blocks.c.created_at.desc(), blocks.c.other_id.desc())
    return await fetch_all(connection, latest_first.limit(limit))
