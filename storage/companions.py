"""Deliveries that go out as one: the first that is held waits for all, the others go with it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Category, Channel
from storage.columns import Instant
from storage.deliveries import Status
from storage.dialects import TEXT, among, batch
from storage.rows import Record, fetch_all
from storage.tables import accounts, deliveries, notifications


async def leaders(
    connection: AsyncConnection,
    *,
    bucket: int,
    account_ids: Collection[str],
    reasons: Collection[str],
    now: datetime,
) -> Sequence[Record]:
    """Read what waits for one of these reasons, the first first.

    The accounts are held until the commit, so that two never become the first at one time.
    """
    held = (
        select(accounts.c.id)
        .where(among(connection, accounts.c.id, sorted(account_ids)))
        .order_by(accounts.c.id)
        .with_for_update(key_share=True)
    )
    await connection.execute(held)
    return await fetch_all(
        connection,
        select(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.account_id, sorted(account_ids)),
            deliveries.c.ready_at > now,
            deliveries.c.status == Status.SCHEDULED,
            among(connection, deliveries.c.reason, sorted(reasons)),
        )
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .with_for_update(),
    )


async def told(
    connection: AsyncConnection, bucket: int, delivery_ids: Collection[str]
) -> Sequence[Record]:
    """Read the notifications that go out with these deliveries, each with which it is.

    What was read meanwhile is left out.
    """
    statement = (
        select(notifications, deliveries.c.joined_to)
        .join(
            deliveries,
            (deliveries.c.account_id == notifications.c.account_id)
            & (deliveries.c.notification_id == notifications.c.id),
        )
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.joined_to, sorted(delivery_ids)),
            notifications.c.read_at.is_(None),
        )
        .order_by(notifications.c.id)
    )
    return await fetch_all(connection, statement)


async def sent_since(
    connection: AsyncConnection,
    *,
    bucket: int,
    account_ids: Collection[str],
    channel: str,
    since: datetime,
    most: int,
) -> dict[str, int]:
    """Count what each account was sent since a moment, up to ``most``; new orders are free."""
    rows = await fetch_all(
        connection,
        _sent(connection.dialect.name, most),
        {
            "rows": [{"account_id": account_id} for account_id in account_ids],
            "of_bucket": bucket,
            "of_channel": channel,
            "since": since,
        },
    )
    return {row.account_id: row.sent for row in rows}


@lru_cache(maxsize=8)
def _sent(dialect: str, most: int) -> Select[Any]:
    asked = batch(dialect, account_id=TEXT)
    some = (
        select(deliveries.c.id)
        .where(
            deliveries.c.bucket == bindparam("of_bucket"),
            deliveries.c.account_id == asked.c.account_id,
            deliveries.c.channel == bindparam("of_channel"),
            deliveries.c.status == literal(str(Status.ACCEPTED), literal_execute=True),
            deliveries.c.updated_at >= bindparam("since", type_=Instant()),
            deliveries.c.category != Category.NEW_ORDER,
        )
        .limit(most)
        .correlate(asked)
        .subquery("some")
    )
    return select(
        asked.c.account_id, select(func.count()).select_from(some).scalar_subquery().label("sent")
    )


async def mailed_of_orders(
    connection: AsyncConnection, *, bucket: int, account_ids: Collection[str], since: datetime
) -> Sequence[Record]:
    """Tell when orders were last mailed about: (account_id, order_id, mailed_at)."""
    statement = (
        select(
            deliveries.c.account_id,
            deliveries.c.order_id,
            func.max(deliveries.c.updated_at).label("mailed_at"),
        )
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.account_id, sorted(account_ids)),
            deliveries.c.channel == Channel.EMAIL,
            deliveries.c.status == literal(str(Status.ACCEPTED), literal_execute=True),
            deliveries.c.updated_at >= since,
            deliveries.c.category == Category.ORDER_UPDATE,
        )
        .group_by(deliveries.c.account_id, deliveries.c.order_id)
    )
    return await fetch_all(connection, statement)
