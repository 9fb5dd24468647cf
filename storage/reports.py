"""What people report to operators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import reports

FILTERS: Mapping[str, tuple[ColumnElement[bool], ...]] = {
    "open": (reports.c.closed_at.is_(None),),
    "closed": (reports.c.closed_at.is_not(None),),
    "all": (),
}


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store a report; return it."""
    return await fetch_one(connection, reports.insert().values(**values).returning(reports))


async def page(
    connection: AsyncConnection, *, chosen: str, after: str | None, limit: int
) -> Sequence[Record]:
    """Read reports, the latest first: their ids rise with time."""
    statement = select(reports).where(*FILTERS[chosen])
    if after is not None:
        statement = statement.where(reports.c.id < after)
    return await fetch_all(connection, statement.order_by(reports.c.id.desc()).limit(limit))


async def close(
    connection: AsyncConnection, report_id: str, *, closed_by: str, at: datetime
) -> Record | None:
    """Close a report that is open; None if there is no such one."""
    statement = (
        update(reports)
        .where(reports.c.id == report_id, reports.c.closed_at.is_(None))
        .values(closed_by=closed_by, closed_at=at)
        .returning(reports)
    )
    return await fetch_optional(connection, statement)
