"""The queue of alerts: planned with their cause, claimed under a lease, acknowledged by token.

Every write after a claim names the claim's token, so a worker that slept through its lease changes
nothing. All statements name one bucket: that is what the queue is spread by.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Select,
    Update,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Channel
from storage.columns import Instant
from storage.dialects import INT, TEXT, among, batch, insert
from storage.pauses import goes_on
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import deliveries

DOORBELL = "delivery"
# One bucket until the queue is spread over several database servers.
BUCKET = 0
MAX_CRASHES = 3
# The channel of events to the marketplace's own endpoints: no person's, so no preference's.
WEBHOOK = "webhook"
# How many alerts of one account may wait at a time before the next ones stand behind the others'.
CROWD = 20


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


class Priority(IntEnum):
    """Whose turn it is: lower goes first, and from ``AGAIN_FIRST`` on it is not the first time."""

    FIRST = 0  # a new order
    NORMAL = 1
    CROWD = 2  # one of an account that has many waiting
    AGAIN_FIRST = 3
    AGAIN = 4
    DIGEST = 5  # tells of many at once, and waited for them

    def again(self) -> "Priority":
        """Return the turn of the next attempt."""
        if self is Priority.DIGEST:
            return self
        return Priority.AGAIN_FIRST if self._is_of_a_new_order else Priority.AGAIN

    def gathering(self) -> "Priority":
        """Return the turn of what waits until it goes out with others; new orders keep theirs."""
        return self if self._is_of_a_new_order else Priority.DIGEST

    @property
    def _is_of_a_new_order(self) -> bool:
        return self in (Priority.FIRST, Priority.AGAIN_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker alone may act on while its lease lasts.

    ``crashes`` counts the workers that ended while they handled it, or once while they merely had
    it; ``sending`` tells that the last of them may have sent it, in the attempt that began at
    ``updated_at``.
    """

    bucket: int
    id: str
    account_id: str
    notification_id: str
    category: str
    channel: str
    target: str
    order_id: str | None
    conversation_id: str | None
    cause: str
    reason: str | None
    priority: Priority
    due_at: datetime
    expires_at: datetime
    attempts: int
    crashes: int
    sending: bool
    uncertain: bool
    created_at: datetime
    updated_at: datetime
    token: str


async def plan(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store deliveries in their cause's transaction; one that stands already stays as it is."""
    await connection.execute(insert(connection, deliveries).on_conflict_do_nothing(), rows)


async def crowded(
    connection: AsyncConnection, *, bucket: int, account_id: str, channel: str, until: datetime
) -> bool:
    """Tell whether an account has many alerts that wait on a channel and are due by ``until``."""
    waiting = (
        select(deliveries.c.id)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.account_id == account_id,
            deliveries.c.channel == channel,
            deliveries.c.ready_at <= until,
        )
        .limit(CROWD)
        .subquery()
    )
    count: int | None = await connection.scalar(select(func.count()).select_from(waiting))
    return (count or 0) >= CROWD


async def crowds(
    connection: AsyncConnection, *, bucket: int, account_ids: Collection[str], until: datetime
) -> set[tuple[str, str]]:
    """Tell of many accounts on which channels they are ``crowded``, as (account, channel)."""
    rows = [
        {"account_id": account_id, "channel": channel}
        for account_id in account_ids
        for channel in Channel
    ]
    found = await fetch_all(
        connection,
        _crowds(connection.dialect.name),
        {"rows": rows, "of_bucket": bucket, "until": until},
    )
    return {(row.account_id, row.channel) for row in found}


@lru_cache(maxsize=2)
def _crowds(dialect: str) -> Select[Any]:
    asked = batch(dialect, account_id=TEXT, channel=TEXT)
    # The one that makes it a crowd: found without counting those behind it.
    crowding = (
        select(deliveries.c.id)
        .where(
            deliveries.c.bucket == bindparam("of_bucket"),
            deliveries.c.account_id == asked.c.account_id,
            deliveries.c.channel == asked.c.channel,
            deliveries.c.ready_at <= bindparam("until", type_=Instant()),
        )
        .order_by(deliveries.c.ready_at)
        .offset(CROWD - 1)
        .limit(1)
        .correlate(asked)
    )
    return select(asked.c.account_id, asked.c.channel).where(crowding.exists())


async def cancel_about(
    connection: AsyncConnection,
    *,
    bucket: int,
    account_id: str,
    conversation_id: str,
    reason: str,
    now: datetime,
) -> Sequence[Record]:
    """Cancel what waits to tell an account of a conversation; return it as it was.

    What a worker has taken up is for that to decide about.
    """
    waiting = await fetch_all(
        connection,
        select(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.account_id == account_id,
            deliveries.c.conversation_id == conversation_id,
            deliveries.c.status == Status.SCHEDULED,
        )
        .with_for_update(),
    )
    if waiting:
        await connection.execute(
            update(deliveries)
            .where(
                deliveries.c.bucket == bucket,
                among(connection, deliveries.c.id, [row.id for row in waiting]),
            )
            .values(status=Status.CANCELLED, reason=reason, ready_at=null(), updated_at=now)
        )
    return waiting


async def claim(
    connection: AsyncConnection,
    *,
    bucket: int,
    channel: str,
    priorities: tuple[Priority, ...],
    limit: int,
    now: datetime,
    lease_until: datetime,
    token: str,
) -> list[Claim]:
    """Take up to ``limit`` due deliveries of a channel, the most urgent first; none while it rests.

    At least half of them are first attempts, if there are so many. Whoever holds one whose lease
    ran out has crashed: it is taken like a due one, and suspected.
    """
    rows = await fetch_all(
        connection,
        _claim_statement(priorities),
        {
            "of_bucket": bucket,
            "of_channel": channel,
            "most": limit,
            "at": now,
            "until": lease_until,
            "token": token,
        },
    )
    claims = [_claim(row, token) for row in rows]
    return sorted(claims, key=lambda one: (one.priority, one.due_at))


@lru_cache(maxsize=16)
def _claim_statement(priorities: tuple[Priority, ...]) -> Update:
    """Probe the index once for each priority, interleave first and further attempts, take them."""
    candidates = union_all(*(_ripe(priority) for priority in priorities)).subquery("candidates")
    again = candidates.c.priority >= Priority.AGAIN_FIRST
    turn = func.row_number().over(
        partition_by=again, order_by=(candidates.c.priority, candidates.c.ready_at)
    )
    most = bindparam("most", type_=INT)
    # Materialized: what is locked and limited must be looked up once, whatever the plan.
    taken = (
        select(candidates.c.id)
        .order_by(turn, again)
        .limit(most)
        .cte("taken")
        .prefix_with("MATERIALIZED")
    )
    # From the first crash on, whoever handles a delivery counts it before it begins.
    unsuspected = (deliveries.c.status == Status.LEASED) & (deliveries.c.crashes == 0)
    return (
        update(deliveries)
        .where(deliveries.c.bucket == bindparam("of_bucket"), deliveries.c.id == taken.c.id)
        .values(
            status=Status.LEASED,
            lease_token=bindparam("token"),
            ready_at=bindparam("until", type_=Instant()),
            crashes=case((unsuspected, 1), else_=deliveries.c.crashes),
        )
        .returning(*_CLAIMED)
    )


def _ripe(priority: Priority) -> Select[Any]:
    found = (
        select(deliveries.c.id, deliveries.c.priority, deliveries.c.ready_at)
        .where(
            deliveries.c.bucket == bindparam("of_bucket"),
            deliveries.c.channel == bindparam("of_channel"),
            deliveries.c.priority == literal(int(priority)),
            deliveries.c.ready_at <= bindparam("at", type_=Instant()),
            goes_on(bindparam("of_channel")),
        )
        .order_by(deliveries.c.ready_at)
        .limit(bindparam("most", type_=INT))
        .with_for_update(skip_locked=True)
        .subquery(f"ripe_{priority}")
    )
    return select(found)


_CLAIMED = tuple(
    deliveries.c[name] for name in Claim.__dataclass_fields__ if name not in ("token",)
)


def _claim(row: Record, token: str) -> Claim:
    values = row._asdict()
    values["priority"] = Priority(row.priority)
    return Claim(**values, token=token)


async def renew(
    connection: AsyncConnection, claims: Sequence[Claim], lease_until: datetime
) -> set[str]:
    """Extend leases; return the ids of those that still held."""
    rows = [{"bucket": one.bucket, "id": one.id, "token": one.token} for one in claims]
    held = await connection.scalars(
        _renew_statement(connection.dialect.name), {"rows": rows, "until": lease_until}
    )
    return set(held)


@lru_cache(maxsize=2)
def _renew_statement(dialect: str) -> Update:
    rows = batch(dialect, bucket=INT, id=TEXT, token=TEXT)
    return (
        update(deliveries)
        .where(
            deliveries.c.bucket == rows.c.bucket,
            deliveries.c.id == rows.c.id,
            deliveries.c.lease_token == rows.c.token,
        )
        .values(ready_at=bindparam("until", type_=Instant()))
        .returning(deliveries.c.id)
    )


async def next_ready(
    connection: AsyncConnection, *, bucket: int, channel: str, priorities: tuple[Priority, ...]
) -> datetime | None:
    """Tell when there is something to claim next, abandoned leases among it."""
    found: datetime | None = await connection.scalar(
        _next_statement(priorities), {"of_bucket": bucket, "of_channel": channel}
    )
    return found


@lru_cache(maxsize=16)
def _next_statement(priorities: tuple[Priority, ...]) -> Select[Any]:
    earliest = (
        select(func.min(deliveries.c.ready_at).label("ready_at")).where(
            deliveries.c.bucket == bindparam("of_bucket"),
            deliveries.c.channel == bindparam("of_channel"),
            deliveries.c.priority == literal(int(priority)),
            deliveries.c.ready_at.is_not(None),
            goes_on(bindparam("of_channel")),
        )
        for priority in priorities
    )
    return select(func.min(union_all(*earliest).subquery().c.ready_at))


async def hurry(
    connection: AsyncConnection, *, bucket: int, channel: str, reason: str, now: datetime
) -> int:
    """Let what waits for ``reason`` be due now; return how many those are."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.channel == channel,
            deliveries.c.ready_at > now,
            deliveries.c.status == Status.SCHEDULED,
            deliveries.c.reason == reason,
        )
        .values(due_at=now, ready_at=now)
    )
    return (await connection.execute(statement)).rowcount


async def get(connection: AsyncConnection, bucket: int, delivery_id: str) -> Record | None:
    """Read one delivery."""
    statement = select(deliveries).where(
        deliveries.c.bucket == bucket, deliveries.c.id == delivery_id
    )
    return await fetch_optional(connection, statement)


async def oldest_ready(connection: AsyncConnection, bucket: int) -> datetime | None:
    """Tell since when the first one waits to be taken; in the future when none has to wait."""
    moments = [
        await next_ready(connection, bucket=bucket, channel=channel, priorities=tuple(Priority))
        for channel in (*Channel, WEBHOOK)
    ]
    return min((moment for moment in moments if moment is not None), default=None)
