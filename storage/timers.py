"""Timers of orders: rows that survive restarts, are claimed under a lease, and fire once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CursorResult, and_, delete, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import fetch_all
from storage.tables import timers

# Rung when an order's timers have changed.
DOORBELL = "timers"
# One bucket until timers are spread over several database servers.
BUCKET = 0


class TimerStatus(StrEnum):
    """Where a timer stands."""

    SCHEDULED = "scheduled"
    LEASED = "leased"
    FIRED = "fired"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer that this worker alone may fire until its lease ends."""

    id: str
    order_id: str
    kind: str
    due_at: datetime
    token: str


async def put(
    connection: AsyncConnection,
    order_id: str,
    wanted: Mapping[str, datetime],
    *,
    now: datetime,
    ids: Sequence[str],
) -> None:
    """Make an order's timers these, and no others; one that was due then already stays as it is.

    What has fired is kept while it is not wanted, so that it does not fire again when the same
    moment is wanted once more. ``ids`` are new ids, one for each that is wanted.
    """
    await connection.execute(
        delete(timers).where(
            timers.c.bucket == BUCKET,
            timers.c.order_id == order_id,
            timers.c.kind.not_in(list(wanted)),
            timers.c.status != TimerStatus.FIRED,
        )
    )
    if not wanted:
        return
    rows = [
        {
            "bucket": BUCKET,
            "id": id_,
            "order_id": order_id,
            "kind": kind,
            "due_at": due_at,
            "status": TimerStatus.SCHEDULED,
            "created_at": now,
        }
        for id_, (kind, due_at) in zip(ids, wanted.items(), strict=True)
    ]
    statement: Any = insert(connection, timers)
    moved = statement.on_conflict_do_update(
        index_elements=["bucket", "order_id", "kind"],
        set_={
            "due_at": statement.excluded.due_at,
            "status": TimerStatus.SCHEDULED,
            "lease_token": null(),
            "lease_until": null(),
        },
        where=timers.c.due_at != statement.excluded.due_at,
    )
    await connection.execute(moved, rows)


async def claim(
    connection: AsyncConnection, *, limit: int, now: datetime, lease_until: datetime, token: str
) -> list[DueTimer]:
    """Take up to ``limit`` due timers; one whose lease ran out is taken like a due one."""
    claimable = or_(
        and_(timers.c.status == TimerStatus.SCHEDULED, timers.c.due_at <= now),
        and_(timers.c.status == TimerStatus.LEASED, timers.c.lease_until <= now),
    )
    due = (
        select(timers.c.id)
        .where(timers.c.bucket == BUCKET, claimable)
        .order_by(timers.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(timers)
        .where(timers.c.bucket == BUCKET, timers.c.id.in_(due))
        .values(status=TimerStatus.LEASED, lease_token=token, lease_until=lease_until)
        .returning(timers)
    )
    rows = await fetch_all(connection, statement)
    return [
        DueTimer(id=row.id, order_id=row.order_id, kind=row.kind, due_at=row.due_at, token=token)
        for row in sorted(rows, key=lambda row: row.due_at)
    ]


async def fire(connection: AsyncConnection, timer: DueTimer) -> bool:
    """Note that a timer has fired; False when it was moved, or is somebody else's by now."""
    result: CursorResult[Any] = await connection.execute(
        update(timers)
        .where(
            timers.c.bucket == BUCKET,
            timers.c.id == timer.id,
            timers.c.lease_token == timer.token,
            timers.c.due_at == timer.due_at,
        )
        .values(status=TimerStatus.FIRED, lease_token=null(), lease_until=null())
    )
    return bool(result.rowcount)


async def postpone(connection: AsyncConnection, timer: DueTimer, due_at: datetime) -> None:
    """Have a timer that was just fired, in this transaction, fall due once more."""
    await connection.execute(
        update(timers)
        .where(timers.c.bucket == BUCKET, timers.c.id == timer.id)
        .values(status=TimerStatus.SCHEDULED, due_at=due_at)
    )


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Tell when a timer falls due next."""
    found: datetime | None = await connection.scalar(
        select(func.min(timers.c.due_at)).where(
            timers.c.bucket == BUCKET, timers.c.status == TimerStatus.SCHEDULED
        )
    )
    return found
