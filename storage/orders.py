"""Orders, their numbers, their timeline, and the keys under which they were asked for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import among, insert
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import idempotency_keys, order_numbers, order_timeline, orders


async def claim_key(
    connection: AsyncConnection, key: str, request_hash: str, order_id: str, now: datetime
) -> Record | None:
    """Take an idempotency key, or return (request_hash, order_id) of whoever took it first."""
    statement = insert(connection, idempotency_keys).values(
        key=key, request_hash=request_hash, order_id=order_id, created_at=now
    )
    taken = await connection.execute(statement.on_conflict_do_nothing())
    if taken.rowcount:
        return None
    columns = (idempotency_keys.c.request_hash, idempotency_keys.c.order_id)
    return await fetch_one(connection, select(*columns).where(idempotency_keys.c.key == key))


async def next_number(connection: AsyncConnection, order_id: str) -> int:
    """Count an order; numbers of orders that were not committed are lost."""
    statement = order_numbers.insert().values(order_id=order_id).returning(order_numbers.c.number)
    return int((await connection.execute(statement)).scalar_one())


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Record | None:
    """Store a new order and return it; None when its id is taken."""
    statement = insert(connection, orders).values(**values).on_conflict_do_nothing()
    return await fetch_optional(connection, statement.returning(orders))


async def get(connection: AsyncConnection, order_id: str) -> Record | None:
    """Read one order."""
    return await fetch_optional(connection, select(orders).where(orders.c.id == order_id))


async def lock(connection: AsyncConnection, order_id: str) -> Record | None:
    """Read one order and hold it still until the commit."""
    statement = select(orders).where(orders.c.id == order_id).with_for_update()
    return await fetch_optional(connection, statement)


async def change(connection: AsyncConnection, order_id: str, values: Mapping[str, Any]) -> Record:
    """Change an order that is held; return it as it then is, one version on."""
    statement = (
        update(orders)
        .where(orders.c.id == order_id)
        .values(version=orders.c.version + 1, **values)
        .returning(orders)
    )
    return await fetch_one(connection, statement)


async def many(connection: AsyncConnection, order_ids: Sequence[str]) -> Sequence[Record]:
    """Read several orders."""
    return await fetch_all(
        connection, select(orders).where(among(connection, orders.c.id, order_ids))
    )


async def add_to_timeline(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Store one timeline entry of an order that is held; entries are counted without gaps."""
    last = select(func.coalesce(func.max(order_timeline.c.seq), 0)).where(
        order_timeline.c.order_id == values["order_id"]
    )
    seq = last.scalar_subquery() + 1
    await connection.execute(order_timeline.insert().values(seq=seq, **values))


async def timeline(connection: AsyncConnection, order_id: str) -> Sequence[Record]:
    """Read an order's history, oldest first."""
    return await fetch_all(
        connection,
        select(order_timeline)
        .where(order_timeline.c.order_id == order_id)
        .order_by(order_timeline.c.seq),
    )


async def last_told_at(
    connection: AsyncConnection, order_id: str, *, by: str, or_in: Collection[str]
) -> datetime | None:
    """Tell when somebody last added to an order's history, or one of some events last did."""
    history = order_timeline.c
    found: datetime | None = await connection.scalar(
        select(func.max(history.at)).where(
            history.order_id == order_id, or_(history.actor == by, history.type.in_(or_in))
        )
    )
    return found


async def page(
    connection: AsyncConnection,
    *,
    conditions: Sequence[ColumnElement[bool]],
    after: tuple[bool, datetime | None, str] | None,
    limit: int,
) -> Sequence[Record]:
    """Read orders, active ones first, then by due time (without one: last), then by id."""
    undated = orders.c.due_at.is_(None)
    statement = (
        select(orders)
        .where(*conditions, *([_behind(*after)] if after else []))
        .order_by(orders.c.active.desc(), undated, orders.c.due_at, orders.c.id)
        .limit(limit)
    )
    return await fetch_all(connection, statement)


def _behind(active: bool, due_at: datetime | None, order_id: str) -> ColumnElement[bool]:
    """Match what stands behind (active, due_at, id) in the order of ``page``."""
    same = orders.c.active == active
    undated = orders.c.due_at.is_(None)
    if due_at is None:
        later = and_(same, undated, orders.c.id > order_id)
    else:
        same_time = and_(orders.c.due_at == due_at, orders.c.id > order_id)
        later = and_(same, or_(undated, orders.c.due_at > due_at, same_time))
    return or_(later, ~orders.c.active) if active else later


async def count_active(connection: AsyncConnection, account_id: str) -> int:
    """Count the active orders in which an account takes part."""
    mine = or_(orders.c.seller_id == account_id, orders.c.buyer_id == account_id)
    statement = select(func.count()).where(mine, orders.c.active)
    return int(await connection.scalar(statement) or 0)
