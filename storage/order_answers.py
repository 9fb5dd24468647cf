"""Answers to a seller's questions, one version for each time that they were handed in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.order_tables import order_answers
from storage.rows import Record, fetch_all


async def add(
    connection: AsyncConnection, order_id: str, answers: Mapping[str, Any], *, by: str, at: datetime
) -> int:
    """Store the next version of an order that is held; return its number, from 1 on."""
    newest = select(func.max(order_answers.c.version)).where(order_answers.c.order_id == order_id)
    version = int(await connection.scalar(newest) or 0) + 1
    values = {"order_id": order_id, "version": version, "answers": answers, "by": by, "at": at}
    await connection.execute(order_answers.insert().values(**values))
    return version


async def of_order(connection: AsyncConnection, order_id: str) -> Sequence[Record]:
    """Read every version, oldest first."""
    statement = select(order_answers).where(order_answers.c.order_id == order_id)
    return await fetch_all(connection, statement.order_by(order_answers.c.version))
