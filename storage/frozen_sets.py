"""Deliveries that were chosen by a filter: found, frozen as a set, and taken from it in batches.

A set keeps the ids that matched when it was counted: what comes to match later is not part of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    delete,
    exists,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.queue import Filter
from storage.dialects import among, insert_rows
from storage.queue_filter import matching, place_in
from storage.retention import first_id_at
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import deliveries, frozen_deliveries, frozen_sets

COUNTED, RUNNING, DONE = "counted", "running", "done"


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Note a set that is about to be filled."""
    await connection.execute(frozen_sets.insert().values(**values))


async def fill(
    connection: AsyncConnection,
    bucket: int,
    set_id: str,
    chosen: Filter,
    *,
    now: datetime,
    place: str,
    begun: int,
    limit: int,
) -> Sequence[str]:
    """Put the next that match, behind ``place``, into a set that has ``begun`` already."""
    statement = _behind(bucket, chosen, now, place).limit(limit)
    ids = [row.id for row in await fetch_all(connection, statement)]
    if ids:
        rows = [(bucket, set_id, begun + n, id_) for n, id_ in enumerate(ids)]
        names = ("bucket", "set_id", "n", "delivery_id")
        await insert_rows(connection, frozen_deliveries, names, rows)
    return ids


async def any_behind(
    connection: AsyncConnection, bucket: int, chosen: Filter, *, now: datetime, place: str
) -> bool:
    """Tell whether more matches behind a place."""
    return bool(await fetch_all(connection, _behind(bucket, chosen, now, place).limit(1)))


def _behind(bucket: int, chosen: Filter, now: datetime, place: str) -> Select[Any]:
    ids = place_in(chosen)
    found = matching(bucket, chosen, now).where(ids > place)
    return found.with_only_columns(deliveries.c.id).order_by(ids)


async def change(
    connection: AsyncConnection, set_id: str, values: Mapping[str, Any], *, state: str
) -> Record | None:
    """Change a set that is in a state; return it as it then is, None if it is not."""
    statement = (
        update(frozen_sets)
        .where(frozen_sets.c.id == set_id, frozen_sets.c.state == state)
        .values(**values)
        .returning(frozen_sets)
    )
    return await fetch_optional(connection, statement)


async def get(connection: AsyncConnection, set_id: str) -> Record | None:
    """Read a set."""
    return await fetch_optional(connection, select(frozen_sets).where(frozen_sets.c.id == set_id))


async def running(connection: AsyncConnection) -> Sequence[Record]:
    """Read the sets that somebody has begun with, and not ended."""
    statement = select(frozen_sets).where(frozen_sets.c.state == RUNNING)
    return await fetch_all(connection, statement.order_by(frozen_sets.c.id))


async def take(
    connection: AsyncConnection, bucket: int, set_id: str, limit: int
) -> Mapping[str, int]:
    """Take the next out of a set, each with its number; what somebody else takes is left out."""
    key = (frozen_deliveries.c.bucket, frozen_deliveries.c.set_id, frozen_deliveries.c.n)
    some = (
        select(*key)
        .where(frozen_deliveries.c.bucket == bucket, frozen_deliveries.c.set_id == set_id)
        .order_by(frozen_deliveries.c.n)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        delete(frozen_deliveries)
        .where(tuple_(*key).in_(some))
        .returning(frozen_deliveries.c.delivery_id, frozen_deliveries.c.n)
    )
    return {row.delivery_id: row.n for row in await fetch_all(connection, statement)}


async def count_done(connection: AsyncConnection, set_id: str, number: int) -> None:
    """Note that so many more of a set are done."""
    await connection.execute(
        update(frozen_sets)
        .where(frozen_sets.c.id == set_id)
        .values(done=frozen_sets.c.done + number)
    )


async def finish(connection: AsyncConnection, bucket: int, set_id: str, now: datetime) -> bool:
    """End a set that is empty; False when it is not, or somebody else ended it."""
    left = exists().where(
        frozen_deliveries.c.bucket == bucket, frozen_deliveries.c.set_id == set_id
    )
    result: CursorResult[Any] = await connection.execute(
        update(frozen_sets)
        .where(frozen_sets.c.id == set_id, frozen_sets.c.state == RUNNING, ~left)
        .values(state=DONE, finished_at=now)
    )
    return bool(result.rowcount)


def _old(before: datetime) -> ColumnElement[bool]:
    """Match sets of before a moment that nobody is carrying out."""
    made = (frozen_sets.c.id < first_id_at(before)) & (frozen_sets.c.created_at < before)
    return made & (frozen_sets.c.state != RUNNING)


async def count_old(connection: AsyncConnection, before: datetime) -> int:
    """Count the sets of before a moment."""
    statement = select(func.count()).select_from(frozen_sets).where(_old(before))
    return int(await connection.scalar(statement) or 0)


async def drop_old(connection: AsyncConnection, bucket: int, before: datetime, limit: int) -> int:
    """Forget sets of before a moment, and what is left in them; return how many those were."""
    some = select(frozen_sets.c.id).where(_old(before)).order_by(frozen_sets.c.id).limit(limit)
    ids = [row.id for row in await fetch_all(connection, some)]
    of_them = among(connection, frozen_deliveries.c.set_id, ids)
    await connection.execute(
        delete(frozen_deliveries).where(frozen_deliveries.c.bucket == bucket, of_them)
    )
    await connection.execute(delete(frozen_sets).where(among(connection, frozen_sets.c.id, ids)))
    return len(ids)
