"""Deliveries that go out as one: the first that is held waits for all, the others go with it.

They always name one that still waits, or that told them: whoever waits for others and then joins
another one brings them along, and whoever ends untold hands its place over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Update,
    bindparam,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Category, Channel
from storage.columns import Instant
from storage.deliveries import WEBHOOK, Claim, Status
from storage.dialects import INT, TEXT, among, batch, change_rows
from storage.rows import Record, fetch_all
from storage.tables import accounts, deliveries, notifications

# Whoever takes a place takes so many along; more of them wait beside each other. So a long row of
# them that end untold one after the other is not moved on as a whole each time.
TOGETHER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a delivery stood that ends untold: why it waited, and until when."""

    bucket: int
    id: str
    reason: str
    due_at: datetime


def place_of(row: Record | Claim) -> Place | None:
    """Return the place of a delivery that waits, or waited; None where nobody can have joined."""
    if row.reason is None or row.channel == WEBHOOK:
        return None
    return Place(bucket=row.bucket, id=row.id, reason=row.reason, due_at=row.due_at)


async def bring_along(
    connection: AsyncConnection, bucket: int, leaders_of: Mapping[str, str]
) -> None:
    """Have those that went with a delivery go with the one that it has joined itself."""
    rows = [{"bucket": bucket, "old": old, "new": new} for old, new in leaders_of.items()]
    await connection.execute(_bringing_along(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _bringing_along(dialect: str) -> Update:
    rows = batch(dialect, bucket=INT, old=TEXT, new=TEXT)
    return (
        update(deliveries)
        .where(deliveries.c.bucket == rows.c.bucket, deliveries.c.joined_to == rows.c.old)
        .values(joined_to=rows.c.new)
    )


async def hand_over(
    connection: AsyncConnection, places: Collection[Place], now: datetime
) -> Sequence[tuple[Record, Place]]:
    """Have the next one wait in each place, and the others go with it; return who waits where.

    Whoever stood there must be held until the commit, so that nobody joins it any more.
    """
    named = {place.id: place for place in places}
    [bucket] = {place.bucket for place in places}
    left: dict[str, list[Record]] = {}
    for row in await _companions_of(connection, bucket, named):
        left.setdefault(row.joined_to, []).append(row)
    heirs, waiting, following = [], [], []
    for name, group in left.items():
        place = named[name]
        due = max(place.due_at, now)
        for start in range(0, len(group), TOGETHER):
            heir, *others = group[start : start + TOGETHER]
            heirs.append((heir, place))
            waiting.append((Status.SCHEDULED, place.reason, due, due, None, now, bucket, heir.id))
            following += [(heir.id, bucket, row.id) for row in others]
    await change_rows(connection, deliveries, _KEY, _WAITS, waiting)
    await change_rows(connection, deliveries, _KEY, ("joined_to",), following)
    return heirs


_KEY = ("bucket", "id")
_WAITS = ("status", "reason", "due_at", "ready_at", "joined_to", "updated_at")


async def _companions_of(
    connection: AsyncConnection, bucket: int, leader_ids: Collection[str]
) -> Sequence[Record]:
    statement = (
        select(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            among(connection, deliveries.c.joined_to, sorted(leader_ids)),
            deliveries.c.status == Status.SKIPPED,
        )
        .order_by(deliveries.c.id)
    )
    return await fetch_all(connection, statement)


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

    ``tells_of`` is the conversation whose messages it tells of. What was read is left out.
    """
    statement = (
        select(
            notifications,
            deliveries.c.joined_to,
            deliveries.c.channel,
            deliveries.c.conversation_id.label("tells_of"),
        )
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
    token: str,
    now: datetime,
) -> dict[str, int]:
    """Count what each account was sent since a moment, up to ``most``; new orders are free.

    What was claimed under another ``token`` and is on its way counts as much, up to ``most``.
    """
    rows = await fetch_all(
        connection,
        _sent(connection.dialect.name, most),
        {
            "rows": [{"account_id": account_id} for account_id in account_ids],
            "of_bucket": bucket,
            "of_channel": channel,
            "since": since,
            "token": token,
            "now": now,
        },
    )
    return {row.account_id: row.sent for row in rows}


@lru_cache(maxsize=8)
def _sent(dialect: str, most: int) -> Select[Any]:
    asked = batch(dialect, account_id=TEXT)
    sent = (
        _has_status(Status.ACCEPTED),
        deliveries.c.updated_at >= bindparam("since", type_=Instant()),
    )
    on_its_way = _on_its_way(bindparam("token"), bindparam("now", type_=Instant()))

    def count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
        some = (
            select(deliveries.c.id)
            .where(
                deliveries.c.bucket == bindparam("of_bucket"),
                deliveries.c.account_id == asked.c.account_id,
                deliveries.c.channel == bindparam("of_channel"),
                *which,
                deliveries.c.category != Category.NEW_ORDER,
            )
            .limit(most)
            .correlate(asked)
            .subquery()
        )
        return select(func.count()).select_from(some).scalar_subquery()

    return select(asked.c.account_id, (count(*sent) + count(*on_its_way)).label("sent"))


def _on_its_way(
    token: BindParameter[str], now: BindParameter[datetime]
) -> tuple[ColumnElement[bool], ...]:
    """Match what others have claimed; what a worker left behind is on nobody's way."""
    return (
        _has_status(Status.LEASED),
        deliveries.c.lease_token != token,
        deliveries.c.ready_at > now,
    )


def _has_status(status: Status) -> ColumnElement[bool]:
    # SQLite takes a partial index for words alone that stand in the statement itself.
    return deliveries.c.status == literal(str(status), literal_execute=True)


async def mailed_of_orders(
    connection: AsyncConnection,
    *,
    bucket: int,
    account_ids: Collection[str],
    since: datetime,
    token: str,
    now: datetime,
) -> Sequence[Record]:
    """Tell when orders were last mailed about: (account_id, order_id, mailed_at).

    Of what was claimed under another ``token`` and is on its way, that is now; it comes last.
    """
    of_orders = (
        deliveries.c.bucket == bucket,
        among(connection, deliveries.c.account_id, sorted(account_ids)),
        deliveries.c.channel == Channel.EMAIL,
        deliveries.c.category == Category.ORDER_UPDATE,
    )
    at_now = literal(now, Instant())
    about = (deliveries.c.account_id, deliveries.c.order_id)
    mailed = (
        select(*about, func.max(deliveries.c.updated_at).label("mailed_at"))
        .where(*of_orders, _has_status(Status.ACCEPTED), deliveries.c.updated_at >= since)
        .group_by(*about)
    )
    on_its_way = select(*about, at_now.label("mailed_at")).where(
        *of_orders, *_on_its_way(literal(token), at_now)
    )
    both = union_all(mailed, on_its_way).subquery()
    return await fetch_all(connection, select(both).order_by(both.c.mailed_at))
