"""Deliveries as operators look for them: by a filter, one alone, or held while they are changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Channel
from domain.queue import DeliveryState, Filter
from storage.deliveries import WEBHOOK
from storage.dialects import among
from storage.queue_states import is_in, state_at
from storage.retention import first_id_at
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import deliveries, orders

# What has an index of its own, or is never much.
_FEW = frozenset({DeliveryState.DEAD, DeliveryState.UNCERTAIN, DeliveryState.SENDING})


def matching(bucket: int, chosen: Filter, now: datetime) -> Select[Any]:
    """Find what matches a filter, each with its ``state``."""
    statement = select(deliveries, state_at(now).label("state")).where(
        deliveries.c.bucket == bucket
    )
    equal = {
        "channel": chosen.channel,
        "category": chosen.category,
        "account_id": chosen.account_id,
        "order_id": chosen.order_id,
        "reason": chosen.reason,
    }
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(deliveries.c[name] == value)
    if chosen.state is not None:
        statement = statement.where(is_in(chosen.state, now))
        if chosen.state is DeliveryState.DEAD and chosen.channel is None:
            # The index of the dead is by channel.
            statement = statement.where(deliveries.c.channel.in_([*Channel, WEBHOOK]))
    if chosen.order_id is not None and chosen.account_id is None:
        statement = statement.where(deliveries.c.account_id.in_(_both_sides(chosen.order_id)))
    return _made_between(statement, chosen)


def _both_sides(order_id: str) -> Any:
    """Name whom an order is between: deliveries are found by account, not by order."""
    return union(
        select(orders.c.seller_id).where(orders.c.id == order_id),
        select(orders.c.buyer_id).where(orders.c.id == order_id),
    )


def _made_between(statement: Select[Any], chosen: Filter) -> Select[Any]:
    if chosen.since is not None:
        # Ids begin with their time: what is older need not be looked at.
        statement = statement.where(
            deliveries.c.id >= first_id_at(chosen.since), deliveries.c.created_at >= chosen.since
        )
    if chosen.until is not None:
        statement = statement.where(deliveries.c.created_at < chosen.until)
    return statement


def place_in(chosen: Filter) -> ColumnElement[str]:
    """Order what matches by its id: by that of the index where much matches, else sort the few.

    Whoever reads in the order of the ids finds the first ones at once, but of few that match looks
    through all there are.
    """
    few = chosen.account_id or chosen.order_id or chosen.state in _FEW
    return deliveries.c.id.concat("") if few else deliveries.c.id.expression


async def page(
    connection: AsyncConnection,
    bucket: int,
    chosen: Filter,
    *,
    now: datetime,
    after: str | None,
    limit: int,
) -> Sequence[Record]:
    """Read what matches, each with its ``state``, the latest first."""
    place = place_in(chosen)
    statement = matching(bucket, chosen, now)
    if after is not None:
        statement = statement.where(place < after)
    return await fetch_all(connection, statement.order_by(place.desc()).limit(limit))


async def one(
    connection: AsyncConnection, bucket: int, delivery_id: str, now: datetime
) -> Record | None:
    """Read one delivery with its ``state``."""
    statement = matching(bucket, Filter(), now).where(deliveries.c.id == delivery_id)
    return await fetch_optional(connection, statement)


async def hold(
    connection: AsyncConnection, bucket: int, delivery_ids: Sequence[str], now: datetime
) -> Sequence[Record]:
    """Read deliveries with their ``state``, and keep workers from them until the commit."""
    statement = (
        matching(bucket, Filter(), now)
        .where(among(connection, deliveries.c.id, delivery_ids))
        .order_by(deliveries.c.id)
        .with_for_update()
    )
    return await fetch_all(connection, statement)
