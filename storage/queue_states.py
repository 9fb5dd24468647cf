"""The queue as operators see it: the state of each delivery, how many there are, what was decided.

The words of the states are theirs; the column ``status`` is the workers'.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.queue import DeliveryState
from storage.deliveries import Status
from storage.retention import first_id_at
from storage.rows import Record, fetch_all
from storage.tables import deliveries, ledger

# What figures are kept of: all that waits, and what somebody should look at.
COUNTED = (
    DeliveryState.SCHEDULED,
    DeliveryState.DUE,
    DeliveryState.RETRYING,
    DeliveryState.SENDING,
    DeliveryState.DEAD,
    DeliveryState.UNCERTAIN,
)


def state_at(now: datetime) -> ColumnElement[str]:
    """Tell the state of a delivery."""
    return case(
        (deliveries.c.status == Status.LEASED, DeliveryState.SENDING),
        (deliveries.c.status != Status.SCHEDULED, deliveries.c.status),
        (deliveries.c.attempts > 0, DeliveryState.RETRYING),
        (deliveries.c.due_at <= now, DeliveryState.DUE),
        else_=DeliveryState.SCHEDULED,
    )


def is_in(state: DeliveryState, now: datetime) -> ColumnElement[bool]:
    """Match what is in a state, in words that lead both databases to its index."""
    tried, due = deliveries.c.attempts > 0, deliveries.c.due_at <= now
    waits = _has_status(Status.SCHEDULED) & deliveries.c.ready_at.is_not(None)
    waiting: Mapping[DeliveryState, ColumnElement[bool]] = {
        DeliveryState.SCHEDULED: waits & ~tried & ~due,
        DeliveryState.DUE: waits & ~tried & due,
        DeliveryState.RETRYING: waits & tried,
        DeliveryState.SENDING: _has_status(Status.LEASED) & deliveries.c.ready_at.is_not(None),
    }
    waits_so = waiting.get(state)
    return _has_status(Status(state)) if waits_so is None else waits_so


def _has_status(status: Status) -> ColumnElement[bool]:
    # SQLite takes a partial index for words alone that stand in the statement itself.
    return deliveries.c.status == literal(str(status), literal_execute=True)


async def depths(connection: AsyncConnection, now: datetime) -> Sequence[Record]:
    """Count what waits, is under way, dead or uncertain.

    Each row is (channel, category, state, count_, oldest_due, abandoned): ``oldest_due`` is None
    for what is not due, ``abandoned`` counts the leases that ran out.
    """
    due = (deliveries.c.status == Status.SCHEDULED) & (deliveries.c.due_at <= now)
    lost = (deliveries.c.status == Status.LEASED) & (deliveries.c.ready_at <= now)
    columns = (deliveries.c.channel, deliveries.c.category, state_at(now).label("state"))
    parts = (
        select(
            *columns,
            func.count().label("count_"),
            func.min(case((due, deliveries.c.due_at))).label("oldest_due"),
            func.count(case((lost, 1))).label("abandoned"),
        )
        .where(condition)
        .group_by(*columns)
        for condition in (
            deliveries.c.ready_at.is_not(None),
            _has_status(Status.DEAD),
            _has_status(Status.UNCERTAIN),
        )
    )
    return await fetch_all(connection, union_all(*parts))


async def decided(connection: AsyncConnection, bucket: int, since: datetime) -> Sequence[Record]:
    """Count what was decided since a moment: (channel, category, decision, count_)."""
    columns = (ledger.c.channel, deliveries.c.category, ledger.c.decision)
    statement = (
        select(*columns, func.count().label("count_"))
        .join(
            deliveries,
            (deliveries.c.bucket == ledger.c.bucket) & (deliveries.c.id == ledger.c.delivery_id),
        )
        .where(
            ledger.c.bucket == bucket,
            # Ids begin with their time: what is older need not be looked at.
            ledger.c.id >= first_id_at(since),
            ledger.c.at >= since,
        )
        .group_by(*columns)
    )
    return await fetch_all(connection, statement)
