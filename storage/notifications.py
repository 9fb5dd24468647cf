"""Notifications: what an account should know, unique by what caused it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import among, insert
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import notifications


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """Store a notification; False when its cause has alerted this account already."""
    statement = insert(connection, notifications).values(**values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def add_many(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store notifications whose causes are known to be new."""
    await connection.execute(notifications.insert(), rows)


async def get(connection: AsyncConnection, account_id: str, notification_id: str) -> Record | None:
    """Read one notification."""
    statement = select(notifications).where(
        notifications.c.account_id == account_id, notifications.c.id == notification_id
    )
    return await fetch_optional(connection, statement)


async def many(connection: AsyncConnection, notification_ids: Sequence[str]) -> Sequence[Record]:
    """Read several notifications, whosever they are."""
    wanted = among(connection, notifications.c.id, notification_ids)
    return await fetch_all(connection, select(notifications).where(wanted))


async def page(
    connection: AsyncConnection, account_id: str, *, after: str | None, limit: int
) -> Sequence[Record]:
    """Read the feed, newest first; ids are UUIDv7, so they sort by time."""
    conditions = [notifications.c.account_id == account_id]
    if after is not None:
        conditions.append(notifications.c.id < after)
    statement = (
        select(notifications).where(*conditions).order_by(notifications.c.id.desc()).limit(limit)
    )
    return await fetch_all(connection, statement)


async def of_order(
    connection: AsyncConnection,
    account_ids: Sequence[str],
    order_id: str | None,
    *,
    after: str | None,
    limit: int,
) -> Sequence[Record]:
    """Read what accounts were told, of one order if it is given, the newest first."""
    conditions = [among(connection, notifications.c.account_id, account_ids)]
    if order_id is not None:
        conditions.append(notifications.c.order_id == order_id)
    if after is not None:
        conditions.append(notifications.c.id < after)
    statement = (
        select(notifications).where(*conditions).order_by(notifications.c.id.desc()).limit(limit)
    )
    return await fetch_all(connection, statement)


async def change(
    connection: AsyncConnection, account_id: str, notification_id: str, values: Mapping[str, Any]
) -> Record:
    """Tell a notification in other words; return it as it then is."""
    statement = (
        update(notifications)
        .where(notifications.c.account_id == account_id, notifications.c.id == notification_id)
        .values(**values)
        .returning(notifications)
    )
    return await fetch_one(connection, statement)


async def mark_read(
    connection: AsyncConnection,
    account_id: str,
    notification_ids: Sequence[str] | None,
    at: datetime,
) -> Sequence[Record]:
    """Mark these, or all, as read; return those that were not."""
    conditions = [notifications.c.account_id == account_id, notifications.c.read_at.is_(None)]
    if notification_ids is not None:
        conditions.append(among(connection, notifications.c.id, notification_ids))
    statement = update(notifications).where(*conditions).values(read_at=at).returning(notifications)
    return await fetch_all(connection, statement)
