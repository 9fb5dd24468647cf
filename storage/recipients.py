"""What deliveries ask when they fall due, for many of them at a time.

Each query stays with what its tables are spread by: accounts, or orders.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import accounts, notifications, orders, preferences, push_subscriptions


async def told(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> Sequence[Record]:
    """Read notifications by (account, id), each with its account and what that said of its wishes.

    What is gone, or whose account is gone, is not among them.
    """
    rows = [{"account_id": account_id, "id": id_} for account_id, id_ in keys]
    return await fetch_all(connection, _told(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _told(dialect: str) -> Select[Any]:
    wanted = batch(dialect, account_id=TEXT, id=TEXT)
    account = (accounts.c.name, accounts.c.email, accounts.c.locale, accounts.c.timezone)
    return (
        select(
            notifications.c.account_id,
            notifications.c.id,
            notifications.c.category,
            notifications.c.template,
            notifications.c.facts,
            notifications.c.link,
            notifications.c.order_id,
            notifications.c.conversation_id,
            notifications.c.at,
            notifications.c.read_at,
            *account,
            preferences.c.said,
        )
        .select_from(wanted)
        .join(
            notifications,
            (notifications.c.account_id == wanted.c.account_id)
            & (notifications.c.id == wanted.c.id),
        )
        .join(
            accounts,
            (accounts.c.id == notifications.c.account_id) & accounts.c.erased_at.is_(None),
        )
        .outerjoin(preferences, preferences.c.account_id == notifications.c.account_id)
    )


async def readers(connection: AsyncConnection, account_ids: Collection[str]) -> Sequence[Record]:
    """Read accounts, each with what it said of its wishes; those that are erased are left out."""
    return await _by_ids(connection, _readers(connection.dialect.name), account_ids)


@lru_cache(maxsize=2)
def _readers(dialect: str) -> Select[Any]:
    wanted = batch(dialect, id=TEXT)
    columns = (accounts.c.id, accounts.c.name, accounts.c.email)
    return (
        select(*columns, accounts.c.locale, accounts.c.timezone, preferences.c.said)
        .join(wanted, wanted.c.id == accounts.c.id)
        .outerjoin(preferences, preferences.c.account_id == accounts.c.id)
        .where(accounts.c.erased_at.is_(None))
    )


async def devices(connection: AsyncConnection, account_ids: Collection[str]) -> Sequence[Record]:
    """Read the push subscriptions of accounts."""
    return await _by_ids(connection, _devices(connection.dialect.name), account_ids)


@lru_cache(maxsize=2)
def _devices(dialect: str) -> Select[Any]:
    wanted = batch(dialect, id=TEXT)
    columns = push_subscriptions.c
    return select(
        columns.account_id,
        columns.id,
        columns.kind,
        columns.endpoint,
        columns.p256dh,
        columns.auth,
        columns.vapid_key,
    ).join(wanted, wanted.c.id == columns.account_id)


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
    return await _by_ids(connection, _orders(connection.dialect.name), order_ids)


@lru_cache(maxsize=2)
def _orders(dialect: str) -> Select[Any]:
    wanted = batch(dialect, id=TEXT)
    columns = orders.c
    return select(
        columns.id,
        columns.buyer_id,
        columns.status,
        columns.due_at,
        columns.answers,
        columns.updated_at,
    ).join(wanted, wanted.c.id == columns.id)


async def names(connection: AsyncConnection, account_ids: Collection[str]) -> dict[str, str]:
    """Read what accounts are called."""
    found = await _by_ids(connection, _names(connection.dialect.name), account_ids)
    return {row.id: row.name for row in found}


@lru_cache(maxsize=2)
def _names(dialect: str) -> Select[Any]:
    wanted = batch(dialect, id=TEXT)
    return select(accounts.c.id, accounts.c.name).join(wanted, wanted.c.id == accounts.c.id)


async def _by_ids(
    connection: AsyncConnection, statement: Select[Any], ids: Collection[str]
) -> Sequence[Record]:
    if not ids:
        return ()
    return await fetch_all(connection, statement, {"rows": [{"id": id_} for id_ in ids]})
