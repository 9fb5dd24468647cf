"""The queue of alerts: planned with their cause, claimed under a lease, acknowledged by token.

Every write after a claim names the claim's token, so a worker that slept through its lease changes
nothing. All statements name one bucket: that is what the queue is spread by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CursorResult,
    Update,
    and_,
    case,
    false,
    func,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import attempts, deliveries, ledger

MAX_CRASHES = 3


class Status(StrEnum):
    """Where a delivery stands; the last six are ends."""

    SCHEDULED = "scheduled"
    LEASED = "leased"
    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


WAITING = (Status.SCHEDULED, Status.LEASED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker alone may act on until ``lease_until``."""

    bucket: int
    id: str
    account_id: str
    notification_id: str
    cause: str
    category: str
    channel: str
    target: str
    attempts: int
    crashes: int
    sending: bool
    created_at: datetime
    expires_at: datetime
    token: str


async def plan(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store deliveries in their cause's transaction; one that stands already stays as it is."""
    await connection.execute(insert(connection, deliveries).on_conflict_do_nothing(), rows)


async def write_ledger(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store decisions; they are never changed."""
    await connection.execute(ledger.insert(), rows)


def _claimable(now: datetime) -> Any:
    due = and_(deliveries.c.status == Status.SCHEDULED, deliveries.c.due_at <= now)
    abandoned = and_(deliveries.c.status == Status.LEASED, deliveries.c.lease_until <= now)
    return or_(due, abandoned)


async def claim(
    connection: AsyncConnection,
    *,
    bucket: int,
    channel: str,
    limit: int,
    now: datetime,
    lease_until: datetime,
    token: str,
) -> list[Claim]:
    """Take up to ``limit`` due deliveries of a channel, the most urgent first.

    Whoever holds one whose lease ran out has crashed: it is taken like a due one, and counted.
    """
    due = (
        select(deliveries.c.id)
        .where(deliveries.c.bucket == bucket, deliveries.c.channel == channel, _claimable(now))
        .order_by(deliveries.c.priority, deliveries.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    crashed = case((deliveries.c.status == Status.LEASED, 1), else_=0)
    statement = (
        update(deliveries)
        .where(deliveries.c.bucket == bucket, deliveries.c.id.in_(due))
        .values(
            status=Status.LEASED,
            lease_token=token,
            lease_until=lease_until,
            crashes=deliveries.c.crashes + crashed,
            updated_at=now,
        )
        .returning(deliveries)
    )
    rows = await fetch_all(connection, statement)
    return [_claim(row, token) for row in sorted(rows, key=lambda r: (r.priority, r.due_at))]


def _claim(row: Record, token: str) -> Claim:
    return Claim(
        bucket=row.bucket,
        id=row.id,
        account_id=row.account_id,
        notification_id=row.notification_id,
        cause=row.cause,
        category=row.category,
        channel=row.channel,
        target=row.target,
        attempts=row.attempts,
        crashes=row.crashes,
        sending=row.sending,
        created_at=row.created_at,
        expires_at=row.expires_at,
        token=token,
    )


def _mine(claimed: Claim) -> Update:
    return update(deliveries).where(
        deliveries.c.bucket == claimed.bucket,
        deliveries.c.id == claimed.id,
        deliveries.c.lease_token == claimed.token,
    )


async def begin_attempt(connection: AsyncConnection, claimed: Claim, now: datetime) -> bool:
    """Record that the bytes are about to go out; False when the lease was lost meanwhile."""
    n = claimed.attempts + 1
    statement = _mine(claimed).values(attempts=n, sending=true(), updated_at=now)
    if not await _changed(connection, statement):
        return False
    await connection.execute(
        attempts.insert().values(bucket=claimed.bucket, delivery_id=claimed.id, n=n, started_at=now)
    )
    return True


async def end_attempt(
    connection: AsyncConnection, claimed: Claim, values: Mapping[str, Any]
) -> None:
    """Record what came of the attempt that ``begin_attempt`` opened."""
    await connection.execute(
        update(attempts)
        .where(
            attempts.c.bucket == claimed.bucket,
            attempts.c.delivery_id == claimed.id,
            attempts.c.n == claimed.attempts + 1,
        )
        .values(**values)
    )


async def finish(
    connection: AsyncConnection, claimed: Claim, status: Status, reason: str, now: datetime
) -> bool:
    """End a delivery for good; False when the lease was lost meanwhile."""
    return await _changed(
        connection,
        _mine(claimed).values(status=status, reason=reason, updated_at=now, **_released()),
    )


async def reschedule(
    connection: AsyncConnection, claimed: Claim, due_at: datetime, reason: str, now: datetime
) -> bool:
    """Put a delivery back for later; False when the lease was lost meanwhile."""
    return await _changed(
        connection,
        _mine(claimed).values(
            status=Status.SCHEDULED, due_at=due_at, reason=reason, updated_at=now, **_released()
        ),
    )


async def give_back(
    connection: AsyncConnection, claimed: Claim, due_at: datetime, reason: str, now: datetime
) -> bool:
    """Put a delivery back whose attempt does not count: the fault is ours."""
    return await _changed(
        connection,
        _mine(claimed).values(
            status=Status.SCHEDULED,
            due_at=due_at,
            reason=reason,
            attempts=claimed.attempts,
            updated_at=now,
            **_released(),
        ),
    )


def _released() -> dict[str, Any]:
    return {"lease_token": null(), "lease_until": null(), "sending": false(), "crashes": 0}


async def _changed(connection: AsyncConnection, statement: Update) -> bool:
    result: CursorResult[Any] = await connection.execute(statement)
    return bool(result.rowcount)


async def renew(
    connection: AsyncConnection, *, bucket: int, token: str, lease_until: datetime
) -> int:
    """Extend the leases that a claim still holds; return how many those are."""
    result: CursorResult[Any] = await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.lease_token == token,
            deliveries.c.status == Status.LEASED,
        )
        .values(lease_until=lease_until)
    )
    return result.rowcount


async def next_due(connection: AsyncConnection, bucket: int, channel: str) -> datetime | None:
    """Tell when something falls due next on a channel, abandoned leases among it."""
    waiting = (deliveries.c.bucket == bucket, deliveries.c.channel == channel)
    found: datetime | None = await connection.scalar(
        select(func.min(deliveries.c.due_at)).where(
            *waiting, deliveries.c.status == Status.SCHEDULED
        )
    )
    return found


async def get(connection: AsyncConnection, bucket: int, delivery_id: str) -> Record | None:
    """Read one delivery."""
    statement = select(deliveries).where(
        deliveries.c.bucket == bucket, deliveries.c.id == delivery_id
    )
    return await fetch_optional(connection, statement)


async def of_notification(
    connection: AsyncConnection, bucket: int, notification_id: str
) -> Sequence[Record]:
    """Read every decision about a notification, in order."""
    statement = (
        select(ledger)
        .where(ledger.c.bucket == bucket, ledger.c.notification_id == notification_id)
        .order_by(ledger.c.id)
    )
    return await fetch_all(connection, statement)


async def depths(connection: AsyncConnection, now: datetime) -> Sequence[Record]:
    """Count what waits and what is dead: (channel, status, count, oldest_due)."""
    statement = (
        select(
            deliveries.c.channel,
            deliveries.c.status,
            func.count().label("count"),
            func.min(deliveries.c.due_at).label("oldest_due"),
        )
        .where(
            deliveries.c.status.in_((*WAITING, Status.DEAD)),
            or_(deliveries.c.status != Status.SCHEDULED, deliveries.c.due_at <= now),
        )
        .group_by(deliveries.c.channel, deliveries.c.status)
    )
    return await fetch_all(connection, statement)
