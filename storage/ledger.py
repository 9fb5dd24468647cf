"""What became of deliveries: each change together with the ledger and the attempts, or neither.

The ledger never forgets: its rows are written once, and told to whoever asks why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Table, Update, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import companions
from storage.columns import Instant
from storage.companions import Place
from storage.deliveries import Claim, Priority, Status
from storage.dialects import INT, TEXT, among, batch, instant_text
from storage.message_alerts import mark_of, put_back
from storage.rows import Record, fetch_all
from storage.tables import attempts, deliveries, ledger

# Why a delivery ends that another one tells along with its own.
JOINED = "joined"
# How a delivery ends that told nobody, nor anybody that went with it.
_UNTOLD = frozenset({Status.SKIPPED, Status.CANCELLED, Status.EXPIRED, Status.DEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A decision, as the ledger keeps it."""

    id: str
    at: datetime
    target: str
    decision: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one try."""

    n: int
    started_at: datetime
    finished_at: datetime
    result: str
    reason: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a claimed delivery; nothing, if its lease was lost meanwhile.

    ``ready_at`` is None at an end. With ``keeps_lease`` the claim goes on. With ``goes_with`` it
    may go out with another that waits under the same name, and then ends here: see ``end_with``.
    """

    claim: Claim
    status: Status
    reason: str | None
    priority: Priority
    due_at: datetime
    ready_at: datetime | None
    attempts: int
    crashes: int
    at: datetime
    sending: bool = False
    uncertain: bool = False
    keeps_lease: bool = False
    line: Line | None = None
    attempt: Attempt | None = None
    goes_with: str | None = None
    joined_to: str | None = None

    @property
    def company(self) -> tuple[str, ...]:
        """What has this in common goes out as one."""
        claimed = self.claim
        return (claimed.account_id, claimed.channel, claimed.target, self.goes_with or "")

    def end_with(self, leader_id: str) -> "Change":
        """Leave it to another delivery to tell this, too."""
        line = self.line and replace(self.line, decision="skipped", reason=JOINED)
        return replace(
            self,
            status=Status.SKIPPED,
            reason=JOINED,
            ready_at=None,
            line=line,
            joined_to=leader_id,
        )

    @property
    def waits(self) -> bool:
        """Tell whether it waits to be claimed again."""
        return self.status is Status.SCHEDULED

    @property
    def left(self) -> Place | None:
        """Return the place that it leaves to others who may have gone with it, ending untold."""
        return companions.place_of(self.claim) if self.status in _UNTOLD else None


async def write(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store decisions; they are never changed."""
    await connection.execute(ledger.insert(), rows)


async def record(connection: AsyncConnection, changes: Sequence[Change]) -> set[str]:
    """Write what becomes of claimed deliveries; return the ids of those whose lease still held.

    Ledger and attempts are written with them, or not at all.
    """
    dialect = connection.dialect.name
    if any(change.goes_with for change in changes):
        changes = await _in_company(connection, changes)
    held = await connection.scalars(
        _record_statement(dialect), {"rows": [_changed(dialect, change) for change in changes]}
    )
    written = set(held)
    done = [change for change in changes if change.claim.id in written]
    lines = [_line(change.claim, change.line) for change in done if change.line]
    tries = [_attempt(change.claim, change.attempt) for change in done if change.attempt]
    waiting = [mark for change in done if change.waits and (mark := mark_of(change.claim))]
    joined = {change.claim.id: change.joined_to for change in done if change.joined_to}
    if joined:
        await companions.bring_along(connection, done[0].claim.bucket, joined)
    if waiting:
        await put_back(connection, waiting)
    if lines:
        await write(connection, lines)
    if tries:
        await connection.execute(attempts.insert(), tries)
    return written


async def _in_company(connection: AsyncConnection, changes: Sequence[Change]) -> list[Change]:
    """Have the first of each company wait for all; one that has left already is joined no more.

    Nor is one whose lease was lost: another worker has it, and may be telling it alone.
    """
    held = [change for change in changes if change.goes_with]
    first: dict[tuple[str, ...], str] = {}
    for row in await companions.leaders(
        connection,
        bucket=held[0].claim.bucket,
        account_ids={change.claim.account_id for change in held},
        reasons={change.reason or "" for change in held},
        now=max(change.at for change in held),
    ):
        for name in (row.reason, f"{row.reason}:{row.order_id}"):
            first.setdefault((row.account_id, row.channel, row.target, name), row.id)
    ours = await _leased(connection, [change.claim for change in held])
    met = []
    for change in changes:
        id_ = change.claim.id
        may_meet = change.goes_with and id_ in ours
        leader = first.setdefault(change.company, id_) if may_meet else id_
        met.append(change if leader == id_ else change.end_with(leader))
    return met


async def _leased(connection: AsyncConnection, claims: Sequence[Claim]) -> set[str]:
    """Tell which leases hold, and keep them until the commit."""
    tokens = {claim.id: claim.token for claim in claims}
    rows = await fetch_all(
        connection,
        select(deliveries.c.id, deliveries.c.lease_token)
        .where(
            deliveries.c.bucket == claims[0].bucket,
            among(connection, deliveries.c.id, sorted(tokens)),
            among(connection, deliveries.c.lease_token, sorted(set(tokens.values()))),
        )
        .order_by(deliveries.c.id)
        .with_for_update(),
    )
    return {row.id for row in rows if row.lease_token == tokens[row.id]}


@lru_cache(maxsize=2)
def _record_statement(dialect: str) -> Update:
    rows = batch(
        dialect,
        bucket=INT,
        id=TEXT,
        token=TEXT,
        next_token=TEXT,
        status=TEXT,
        reason=TEXT,
        priority=INT,
        due_at=Instant(),
        ready_at=Instant(),
        attempts=INT,
        crashes=INT,
        sending=Boolean(),
        uncertain=Boolean(),
        joined_to=TEXT,
        at=Instant(),
    )
    copied = (
        "status",
        "reason",
        "priority",
        "due_at",
        "ready_at",
        "attempts",
        "crashes",
        "sending",
        "uncertain",
        "joined_to",
    )
    return (
        update(deliveries)
        .where(
            deliveries.c.bucket == rows.c.bucket,
            deliveries.c.id == rows.c.id,
            deliveries.c.lease_token == rows.c.token,
        )
        .values(
            {name: rows.c[name] for name in copied}
            | {"lease_token": rows.c.next_token, "updated_at": rows.c.at}
        )
        .returning(deliveries.c.id)
    )


def _changed(dialect: str, change: Change) -> dict[str, Any]:
    claimed = change.claim
    ready = change.ready_at
    return {
        "bucket": claimed.bucket,
        "id": claimed.id,
        "token": claimed.token,
        "next_token": claimed.token if change.keeps_lease else None,
        "status": change.status,
        "reason": change.reason,
        "priority": change.priority,
        "due_at": instant_text(dialect, change.due_at),
        "ready_at": None if ready is None else instant_text(dialect, ready),
        "attempts": change.attempts,
        "crashes": change.crashes,
        "sending": change.sending,
        "uncertain": change.uncertain,
        "joined_to": change.joined_to,
        "at": instant_text(dialect, change.at),
    }


def _line(claimed: Claim, line: Line) -> dict[str, Any]:
    return {
        "bucket": claimed.bucket,
        "id": line.id,
        "delivery_id": claimed.id,
        "account_id": claimed.account_id,
        "notification_id": claimed.notification_id,
        "at": line.at,
        "channel": claimed.channel,
        "target": line.target,
        "decision": line.decision,
        "reason": line.reason,
        "detail": line.detail,
    }


def _attempt(claimed: Claim, attempt: Attempt) -> dict[str, Any]:
    return {
        "bucket": claimed.bucket,
        "delivery_id": claimed.id,
        "n": attempt.n,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "result": attempt.result,
        "reason": attempt.reason,
        "code": attempt.code,
        "detail": attempt.detail,
    }


async def of_delivery(
    connection: AsyncConnection, bucket: int, delivery_id: str
) -> Sequence[Record]:
    """Read every decision about one delivery, in order."""
    statement = select(ledger).where(ledger.c.bucket == bucket, ledger.c.delivery_id == delivery_id)
    return await fetch_all(connection, statement.order_by(ledger.c.at, ledger.c.id))


async def of_deliveries(
    connection: AsyncConnection, bucket: int, delivery_ids: Sequence[str]
) -> Sequence[Record]:
    """Read every decision about several deliveries, in order."""
    wanted = among(connection, ledger.c.delivery_id, delivery_ids)
    statement = select(ledger).where(ledger.c.bucket == bucket, wanted)
    return await fetch_all(connection, statement.order_by(ledger.c.at, ledger.c.id))


async def tries_of(
    connection: AsyncConnection, bucket: int, delivery_ids: Sequence[str]
) -> Sequence[Record]:
    """Read every attempt of several deliveries, in order."""
    wanted = among(connection, attempts.c.delivery_id, delivery_ids)
    statement = select(attempts).where(attempts.c.bucket == bucket, wanted)
    return await fetch_all(connection, statement.order_by(attempts.c.delivery_id, attempts.c.n))


async def came_back(
    connection: AsyncConnection, bucket: int, delivery_id: str, *, reason: str, now: datetime
) -> None:
    """Note that what was taken did not arrive after all."""
    await connection.execute(
        update(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.id == delivery_id,
            deliveries.c.status.in_([Status.ACCEPTED, Status.UNCERTAIN]),
        )
        .values(status=Status.DEAD, reason=reason, updated_at=now)
    )


async def of_notification(
    connection: AsyncConnection, bucket: int, notification_id: str
) -> Sequence[Record]:
    """Read every decision about a notification, in order."""
    return await of_notifications(connection, bucket, [notification_id])


async def of_notifications(
    connection: AsyncConnection, bucket: int, notification_ids: Sequence[str]
) -> Sequence[Record]:
    """Read every decision about several notifications, in order."""
    statement = (
        select(ledger)
        .join(deliveries, _same_delivery(ledger))
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.notification_id, notification_ids),
        )
        .order_by(ledger.c.at, ledger.c.id)
    )
    return await fetch_all(connection, statement)


def _same_delivery(table: Table) -> ColumnElement[bool]:
    return (table.c.bucket == deliveries.c.bucket) & (table.c.delivery_id == deliveries.c.id)


async def attempts_of(
    connection: AsyncConnection, bucket: int, notification_id: str
) -> Sequence[Record]:
    """Read every attempt to tell of a notification, and its delivery's channel, in order."""
    return await attempts_at(connection, bucket, [notification_id])


async def attempts_at(
    connection: AsyncConnection, bucket: int, notification_ids: Sequence[str]
) -> Sequence[Record]:
    """Read every attempt to tell of several notifications, each with which it was, in order."""
    statement = (
        select(attempts, deliveries.c.channel, deliveries.c.notification_id)
        .join(deliveries, _same_delivery(attempts))
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.notification_id, notification_ids),
        )
        .order_by(attempts.c.started_at, attempts.c.delivery_id, attempts.c.n)
    )
    return await fetch_all(connection, statement)
