"""The marketplace's endpoints, and the events that go out to them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import among
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import webhook_events, webhooks

# Rung when an endpoint comes, goes, or wants something else.
DOORBELL = "webhooks"


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store an endpoint; return it."""
    return await fetch_one(connection, webhooks.insert().values(**values).returning(webhooks))


async def all_of_them(connection: AsyncConnection) -> Sequence[Record]:
    """Read every endpoint, oldest first."""
    return await fetch_all(connection, select(webhooks).order_by(webhooks.c.id))


async def count(connection: AsyncConnection) -> int:
    """Count the endpoints."""
    return int(await connection.scalar(select(func.count()).select_from(webhooks)) or 0)


async def get(connection: AsyncConnection, webhook_id: str, *, lock: bool = False) -> Record | None:
    """Read an endpoint, and keep others from it until the commit if so asked."""
    statement = select(webhooks).where(webhooks.c.id == webhook_id)
    return await fetch_optional(connection, statement.with_for_update() if lock else statement)


async def change(
    connection: AsyncConnection, webhook_id: str, values: Mapping[str, Any]
) -> Record | None:
    """Change an endpoint; None if there is no such one."""
    statement = update(webhooks).where(webhooks.c.id == webhook_id).values(**values)
    return await fetch_optional(connection, statement.returning(webhooks))


async def drop(connection: AsyncConnection, webhook_id: str) -> bool:
    """Delete an endpoint; tell whether it was there."""
    result: CursorResult[Any] = await connection.execute(
        delete(webhooks).where(webhooks.c.id == webhook_id)
    )
    return bool(result.rowcount)


async def write_events(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store events in the transaction of their cause."""
    await connection.execute(webhook_events.insert(), rows)


async def events(connection: AsyncConnection, event_ids: Iterable[str]) -> Mapping[str, Record]:
    """Read events by their ids."""
    statement = select(webhook_events).where(among(connection, webhook_events.c.id, event_ids))
    return {row.id: row for row in await fetch_all(connection, statement)}


async def endpoints(
    connection: AsyncConnection, webhook_ids: Iterable[str]
) -> Mapping[str, Record]:
    """Read endpoints by their ids."""
    statement = select(webhooks).where(among(connection, webhooks.c.id, webhook_ids))
    return {row.id: row for row in await fetch_all(connection, statement)}


async def note_failing(connection: AsyncConnection, webhook_id: str, since: datetime) -> None:
    """Note since when an endpoint fails, if it did not before."""
    statement = update(webhooks).where(
        webhooks.c.id == webhook_id, webhooks.c.failing_since.is_(None)
    )
    await connection.execute(statement.values(failing_since=since))


async def note_working(connection: AsyncConnection, webhook_id: str) -> None:
    """Note that an endpoint works again."""
    statement = update(webhooks).where(webhooks.c.id == webhook_id)
    await connection.execute(statement.values(failing_since=null()))


async def disable(
    connection: AsyncConnection, webhook_id: str, *, reason: str, at: datetime
) -> Record | None:
    """Send nothing more to an endpoint; None if that was so already."""
    statement = (
        update(webhooks)
        .where(webhooks.c.id == webhook_id, webhooks.c.disabled_at.is_(None))
        .values(disabled_at=at, disabled_reason=reason, updated_at=at)
        .returning(webhooks)
    )
    return await fetch_optional(connection, statement)
