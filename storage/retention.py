"""What is old enough to go: found, counted and deleted in pieces.

Ids that we make begin with their time (RFC 9562, 5.7), so what is older than a moment stands first
in the index of its table, and needs none of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage import search_index
from storage.dialects import TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import (
    accounts,
    contact_grants,
    deliveries,
    entries,
    idempotency_keys,
    inbox_changes,
    notifications,
    orders,
    webhook_events,
)

# What people wrote, and what became of it; the order's own events stay.
WRITTEN = (EntryKind.MESSAGE, EntryKind.EDIT, EntryKind.DELETE)


def first_id_at(moment: datetime) -> str:
    """Return what every id that was made at a moment, or later, sorts behind."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"


# --- what is looked up by its time ------------------------------------------------------------


def finished_deliveries(bucket: int, before: datetime) -> Sequence[ColumnElement[bool]]:
    """Match deliveries that are over; their ledger and attempts go with them."""
    return (
        deliveries.c.bucket == bucket,
        deliveries.c.id < first_id_at(before),
        deliveries.c.created_at < before,
        deliveries.c.ready_at.is_(None),
    )


def old_keys(before: datetime) -> Sequence[ColumnElement[bool]]:
    """Match keys under which orders were placed."""
    return (idempotency_keys.c.created_at < before,)


def ended_grants(before: datetime) -> Sequence[ColumnElement[bool]]:
    """Match leave to write first that has ended."""
    return (contact_grants.c.until < before,)


def old_events(before: datetime) -> Sequence[ColumnElement[bool]]:
    """Match events that went out to the marketplace, or did not."""
    return (webhook_events.c.id < first_id_at(before), webhook_events.c.at < before)


async def count(
    connection: AsyncConnection, table: Table, conditions: Sequence[ColumnElement[bool]]
) -> int:
    """Count what would go."""
    found = await connection.scalar(select(func.count()).select_from(table).where(*conditions))
    return int(found or 0)


async def drop(
    connection: AsyncConnection,
    table: Table,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
) -> int:
    """Delete at most ``limit`` of what matches, the first by its key; return how many."""
    key = tuple(table.primary_key.columns)
    some = select(*key).where(*conditions).order_by(*key).limit(limit)
    statement = delete(table).where(tuple_(*key).in_(some))
    return (await connection.execute(statement)).rowcount


# --- notifications, account by account --------------------------------------------------------


def _old_notifications(before: datetime) -> ColumnElement[bool]:
    return (notifications.c.id < first_id_at(before)) & (notifications.c.at < before)


async def count_notifications(connection: AsyncConnection, before: datetime) -> int:
    """Count what accounts were told before a moment."""
    return await count(connection, notifications, (_old_notifications(before),))


async def last_of_next_accounts(connection: AsyncConnection, place: str, limit: int) -> str | None:
    """Name the last of the ``limit`` accounts behind ``place``; None behind the last of all."""
    some = (
        select(accounts.c.id).where(accounts.c.id > place).order_by(accounts.c.id).limit(limit)
    ).subquery()
    last: str | None = await connection.scalar(select(func.max(some.c.id)))
    return last


async def drop_notifications(
    connection: AsyncConnection, *, behind: str, upto: str, before: datetime, limit: int
) -> Sequence[Record]:
    """Delete what these accounts were told; return (account_id, id, read_at, counted) of it."""
    key = (notifications.c.account_id, notifications.c.id)
    some = (
        select(*key)
        .where(
            notifications.c.account_id > behind,
            notifications.c.account_id <= upto,
            _old_notifications(before),
        )
        .order_by(*key)
        .limit(limit)
    )
    columns = (*key, notifications.c.read_at, notifications.c.counted)
    statement = delete(notifications).where(tuple_(*key).in_(some)).returning(*columns)
    return await fetch_all(connection, statement)


async def forget_changes(
    connection: AsyncConnection, kind: str, subjects: Sequence[tuple[str, str]]
) -> None:
    """Forget that these (account_id, subject) have changed: there is nothing left to show."""
    gone = batch(connection.dialect.name, account_id=TEXT, subject=TEXT)
    key = tuple_(inbox_changes.c.account_id, inbox_changes.c.subject)
    rows = [{"account_id": account_id, "subject": subject} for account_id, subject in subjects]
    await connection.execute(
        delete(inbox_changes).where(
            inbox_changes.c.kind == kind,
            key.in_(select(gone.c.account_id, gone.c.subject)),
        ),
        {"rows": rows},
    )


# --- what was written, order by order ---------------------------------------------------------


def _closed_orders(before: datetime) -> ColumnElement[bool]:
    return orders.c.active.is_(False) & (orders.c.updated_at < before)


def _old_words(before: datetime) -> ColumnElement[bool]:
    """Match what was written before a moment, and any change of it."""
    changed = entries.alias("changed")
    of_old = exists().where(
        changed.c.conversation_id == entries.c.conversation_id,
        changed.c.seq == entries.c.target_seq,
        changed.c.at < before,
    )
    return entries.c.kind.in_(WRITTEN) & or_(entries.c.at < before, of_old)


async def count_words(connection: AsyncConnection, before: datetime) -> int:
    """Count what was written about orders that were closed before a moment."""
    statement = (
        select(func.count())
        .select_from(entries)
        .join(orders, orders.c.conversation_id == entries.c.conversation_id)
        .where(_closed_orders(before), _old_words(before))
    )
    return int(await connection.scalar(statement) or 0)


async def closed_orders(
    connection: AsyncConnection, place: str, before: datetime, limit: int
) -> Sequence[Record]:
    """Read (id, conversation_id, has_words) of the next orders that were closed before a moment."""
    words: Select[Any] = select(entries.c.seq).where(
        entries.c.conversation_id == orders.c.conversation_id, _old_words(before)
    )
    statement = (
        select(orders.c.id, orders.c.conversation_id, words.exists().label("has_words"))
        .where(orders.c.id > place, _closed_orders(before))
        .order_by(orders.c.id)
        .limit(limit)
    )
    return await fetch_all(connection, statement)


async def drop_words(
    connection: AsyncConnection, conversation_id: str, before: datetime
) -> Sequence[Record]:
    """Delete what was written in a conversation before a moment; return (seq, sender, attachments).

    All changes of a message go with it, and are looked for while it is there.
    """
    mine = entries.c.conversation_id == conversation_id
    columns = (entries.c.seq, entries.c.sender, entries.c.attachments)
    gone = await fetch_all(connection, select(*columns).where(mine, _old_words(before)))
    for begin in range(0, len(gone), 500):
        some = [row.seq for row in gone[begin : begin + 500]]
        await connection.execute(delete(entries).where(mine, entries.c.seq.in_(some)))
    if gone:
        await search_index.remove_for_good(connection, conversation_id, [row.seq for row in gone])
    return gone
