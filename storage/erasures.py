"""Erasing an account: what is its own goes, what is others' too loses its name.

The first step makes it final, in one transaction; what is much goes piece by piece behind it, and
``erasures`` has the account until nothing of it is left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    delete,
    false,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Instant
from storage.deliveries import Status
from storage.dialects import TEXT, among, batch
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import (
    accounts,
    attempts,
    blocks,
    contact_grants,
    contacts,
    conversations,
    deliveries,
    drafts,
    erasures,
    held_messages,
    inbox_changes,
    inbox_items,
    inboxes,
    ledger,
    notifications,
    order_notes,
    orders,
    preferences,
    push_subscriptions,
    quick_replies,
    services,
    soft_bounces,
    suppressions,
    webhook_events,
)

# Rung with the account's id behind it when an account is erased.
DOORBELL = "erased:"


async def hold(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read one account, erased or not, and keep everybody else from it until the commit."""
    statement = select(accounts).where(accounts.c.id == account_id).with_for_update()
    return await fetch_optional(connection, statement)


async def open_orders(connection: AsyncConnection, account_id: str, limit: int) -> Sequence[Record]:
    """Read orders that an account still has to do with."""
    statement = select(orders.c.id, orders.c.number).where(_takes_part(account_id), orders.c.active)
    return await fetch_all(connection, statement.order_by(orders.c.id).limit(limit))


async def begin(connection: AsyncConnection, account_id: str, name: str, now: datetime) -> None:
    """Leave of an account what others go on seeing: its id, and a name that is nobody's."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(
            name=name,
            email=null(),
            locale="en",
            timezone="UTC",
            avatar_url=null(),
            updated_at=now,
            erased_at=now,
        )
    )
    await connection.execute(erasures.insert().values(account_id=account_id, begun_at=now))


async def drop_what_is_its_own(connection: AsyncConnection, account_id: str) -> None:
    """Delete what nobody else ever saw."""
    for table in (
        preferences,
        push_subscriptions,
        quick_replies,
        blocks,
        contact_grants,
        contacts,
        suppressions,
        soft_bounces,
        webhook_events,
        held_messages,
        drafts,
    ):
        await connection.execute(delete(table).where(table.c.account_id == account_id))
    mine = select(orders.c.id).where(_takes_part(account_id))
    await connection.execute(
        delete(order_notes).where(
            order_notes.c.author == account_id, order_notes.c.order_id.in_(mine)
        )
    )
    await connection.execute(
        update(orders)
        .where(orders.c.buyer_id == account_id, orders.c.draft_answers.is_not(None))
        .values(draft_answers=null())
    )


async def pause_services(connection: AsyncConnection, account_id: str, now: datetime) -> None:
    """Have nobody order from who is gone."""
    await connection.execute(
        update(services)
        .where(services.c.seller_id == account_id, services.c.status == "approved")
        .values(status="paused", version=services.c.version + 1, updated_at=now)
    )


async def cancel_deliveries(
    connection: AsyncConnection, bucket: int, account_id: str, *, reason: str, now: datetime
) -> Sequence[Record]:
    """Cancel what is under way to an account, whoever has it; return it as it then is."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.bucket == bucket,
            deliveries.c.account_id == account_id,
            deliveries.c.ready_at.is_not(None),
        )
        .values(
            status=Status.CANCELLED,
            reason=reason,
            ready_at=null(),
            lease_token=null(),
            sending=false(),
            updated_at=now,
        )
        .returning(deliveries)
    )
    return await fetch_all(connection, statement)


# --- piece by piece ---------------------------------------------------------------------------


async def conversations_left(
    connection: AsyncConnection, account_id: str, limit: int
) -> Sequence[Record]:
    """Read what an account still has of its conversations."""
    statement = select(inbox_items).where(inbox_items.c.account_id == account_id)
    return await fetch_all(
        connection, statement.order_by(inbox_items.c.conversation_id).limit(limit)
    )


async def close_conversations(
    connection: AsyncConnection, account_id: str, left: Sequence[Record], now: datetime
) -> Sequence[Record]:
    """End these conversations; return the views that the others keep of them."""
    for item in left:
        # One by one: whoever else needs several of them takes them in this order, too.
        await connection.execute(
            update(conversations)
            .where(conversations.c.id == item.conversation_id)
            .values(rights=conversations.c.rights + 1, closed_at=now)
        )
    ids = [item.conversation_id for item in left]
    await connection.execute(
        delete(inbox_items).where(
            inbox_items.c.account_id == account_id,
            among(connection, inbox_items.c.conversation_id, ids),
        )
    )
    views = tuple_(inbox_items.c.account_id, inbox_items.c.conversation_id)
    statement = (
        update(inbox_items)
        .where(views.in_([(item.with_id, item.conversation_id) for item in left]))
        .values(closed_at=now)
        .returning(inbox_items)
    )
    return await fetch_all(connection, statement)


async def notifications_about(
    connection: AsyncConnection, views: Sequence[Record]
) -> Sequence[Record]:
    """Read what the owners of these views were told about what happened in them."""
    about = batch(connection.dialect.name, account_id=TEXT, conversation_id=TEXT)
    statement = select(notifications).join(
        about,
        (notifications.c.account_id == about.c.account_id)
        & (notifications.c.conversation_id == about.c.conversation_id),
    )
    rows = [
        {"account_id": view.account_id, "conversation_id": view.conversation_id} for view in views
    ]
    return await fetch_all(connection, statement, {"rows": rows})


async def drop_notifications(connection: AsyncConnection, account_id: str, limit: int) -> int:
    """Delete some of what an account was told, and what its inbox notes; return how many."""
    some = (
        select(notifications.c.id)
        .where(notifications.c.account_id == account_id)
        .order_by(notifications.c.id)
        .limit(limit)
    )
    dropped: CursorResult[Any] = await connection.execute(
        delete(notifications).where(
            notifications.c.account_id == account_id, notifications.c.id.in_(some)
        )
    )
    return int(dropped.rowcount)


async def empty_inbox(connection: AsyncConnection, account_id: str) -> None:
    """Delete what an inbox remembers of what changed; the channel itself stays as it is."""
    await connection.execute(delete(inbox_changes).where(inbox_changes.c.account_id == account_id))
    await connection.execute(
        update(inboxes)
        .where(inboxes.c.account_id == account_id)
        .values(unread_conversations=0, unread_notifications=0)
    )


async def blank_ledger(
    connection: AsyncConnection, bucket: int, account_id: str, limit: int
) -> int:
    """Take addresses and answers that name them out of what was decided; return how much."""
    mine = select(deliveries.c.id).where(
        deliveries.c.bucket == bucket, deliveries.c.account_id == account_id
    )
    blanked = 0
    for table, key, texts in (
        (ledger, ledger.c.id, ("target", "detail")),
        (attempts, attempts.c.n, ("detail",)),
    ):
        told = or_(*(table.c[name] != "" for name in texts))
        columns = (table.c.delivery_id, key)
        some = select(*columns).where(table.c.bucket == bucket, table.c.delivery_id.in_(mine), told)
        result: CursorResult[Any] = await connection.execute(
            update(table)
            .where(table.c.bucket == bucket, tuple_(*columns).in_(some.limit(limit)))
            .values(dict.fromkeys(texts, ""))
        )
        blanked += int(result.rowcount)
    return blanked


# --- what is under way, and what is over ------------------------------------------------------


async def begun_before(
    connection: AsyncConnection, moment: datetime, limit: int
) -> Sequence[Record]:
    """Read erasures that are not over and began before a moment, oldest first."""
    statement = select(erasures).where(erasures.c.begun_at <= moment)
    return await fetch_all(connection, statement.order_by(erasures.c.begun_at).limit(limit))


async def end(connection: AsyncConnection, account_id: str) -> None:
    """Note that nothing is left."""
    await connection.execute(delete(erasures).where(erasures.c.account_id == account_id))


async def erased_since(
    connection: AsyncConnection, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Record]:
    """Read (id, erased_at) of accounts that were erased, in the order of it."""
    columns = (accounts.c.erased_at, accounts.c.id)
    statement = select(*columns).where(accounts.c.erased_at.is_not(None))
    if after is not None:
        place = tuple_(literal(after[0], Instant()), literal(after[1]))
        statement = statement.where(tuple_(*columns) > place)
    return await fetch_all(connection, statement.order_by(*columns).limit(limit))


def _takes_part(account_id: str) -> ColumnElement[bool]:
    return or_(orders.c.seller_id == account_id, orders.c.buyer_id == account_id)
