"""What deliveries ask when they fall due, for many of them at a time.

Each query stays with what its tables are spread by: accounts, or orders.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import accounts, notifications, orders, preferences, push_subscriptions

_TOLD = (
    notifications,
    accounts.c.name,
    accounts.c.email,
    accounts.c.locale,
    accounts.c.timezone,
    preferences.c.said,
)


async def told(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> Sequence[Record]:
    """Read notifications by (account, id), each with its account and what that said of its wishes.

    What is gone, or whose account is gone, is not among them.
    """
    wanted = batch(connection.dialect.name, account_id=TEXT, id=TEXT)
    statement = (
        select(*_TOLD)
        .select_from(wanted)
        .join(
            notifications,
            (notifications.c.account_id == wanted.c.account_id)
            & (notifications.c.id == wanted.c.id),
        )
        .join(accounts, accounts.c.id == notifications.c.account_id)
        .outerjoin(preferences, preferences.c.account_id == notifications.c.account_id)
    )
    rows = [{"account_id": account_id, "id": id_} for account_id, id_ in keys]
    return await fetch_all(connection, statement, {"rows": rows})


async def devices(connection: AsyncConnection, account_ids: Collection[str]) -> Sequence[Record]:
    """Read the push subscriptions of accounts."""
    if not account_ids:
        return ()
    wanted = batch(connection.dialect.name, id=TEXT)
    statement = select(push_subscriptions).join(
        wanted, wanted.c.id == push_subscriptions.c.account_id
    )
    return await fetch_all(connection, statement, _ids(account_ids))


async def drop_device(
    connection: AsyncConnection, account_id: str, device_id: str, *, p256dh: str
) -> None:
    """Forget a push subscription, if it still has this key: a browser may renew it any time."""
    await connection.execute(
        delete(push_subscriptions).where(
            push_subscriptions.c.account_id == account_id,
            push_subscriptions.c.id == device_id,
            push_subscriptions.c.p256dh == p256dh,
        )
    )


async def orders_of(connection: AsyncConnection, order_ids: Collection[str]) -> Sequence[Record]:
    """Read orders as far as alerts tell of them."""
    if not order_ids:
        return ()
    wanted = batch(connection.dialect.name, id=TEXT)
    columns = (
        orders.c.id,
        orders.c.buyer_id,
        orders.c.status,
        orders.c.due_at,
        orders.c.answers,
    )
    statement = select(*columns).join(wanted, wanted.c.id == orders.c.id)
    return await fetch_all(connection, statement, _ids(order_ids))


async def names(connection: AsyncConnection, account_ids: Collection[str]) -> dict[str, str]:
    """Read what accounts are called."""
    if not account_ids:
        return {}
    wanted = batch(connection.dialect.name, id=TEXT)
    statement = select(accounts.c.id, accounts.c.name).join(wanted, wanted.c.id == accounts.c.id)
    found = await fetch_all(connection, statement, _ids(account_ids))
    return {row.id: row.name for row in found}


def _ids(ids: Collection[str]) -> dict[str, list[dict[str, str]]]:
    return {"rows": [{"id": id_} for id_ in ids]}
