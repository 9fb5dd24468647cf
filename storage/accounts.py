"""Accounts, their preferences and the browsers that take their pushes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import among, insert
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import accounts, inboxes, preferences, push_subscriptions, services


async def put(connection: AsyncConnection, values: Mapping[str, Any], *, epoch: str) -> bool:
    """Store an account, new or changed, and its inbox; tell whether it is new.

    One that was erased stays as it is.
    """
    statement = insert(connection, accounts).values(**values)
    kept = {"id", "created_at"}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: value for name, value in values.items() if name not in kept},
            where=accounts.c.erased_at.is_(None),
        )
    )
    inbox = insert(connection, inboxes).values(account_id=values["id"], epoch=epoch)
    result = await connection.execute(inbox.on_conflict_do_nothing())
    return bool(result.rowcount)


async def get(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read one account; one that was erased is there no longer."""
    return await fetch_optional(connection, _living(account_id))


async def share(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read one account, and have it not be erased until the transaction ends; many may do so."""
    return await fetch_optional(connection, _living(account_id).with_for_update(read=True))


async def is_erased(connection: AsyncConnection, account_id: str) -> bool:
    """Tell whether there was such an account, and its person was erased."""
    statement = select(accounts.c.erased_at).where(accounts.c.id == account_id)
    return await connection.scalar(statement) is not None


async def hold(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read one account, and keep others from changing what is its own until the commit."""
    return await fetch_optional(connection, _living(account_id).with_for_update(key_share=True))


def _living(account_id: str) -> Select[Any]:
    return select(accounts).where(accounts.c.id == account_id, accounts.c.erased_at.is_(None))


async def people(connection: AsyncConnection, account_ids: Sequence[str]) -> Sequence[Record]:
    """Read what others see of these accounts: id, name, avatar_url, locale."""
    columns = (accounts.c.id, accounts.c.name, accounts.c.avatar_url, accounts.c.locale)
    return await fetch_all(
        connection, select(*columns).where(among(connection, accounts.c.id, account_ids))
    )


async def offers_services(connection: AsyncConnection, account_id: str) -> bool:
    """Tell whether this account is a seller."""
    found = select(exists().where(services.c.seller_id == account_id))
    return bool(await connection.scalar(found))


async def said_preferences(connection: AsyncConnection, account_id: str) -> dict[str, Any]:
    """Read what the account said of its preferences: only what differs from the defaults."""
    said = select(preferences.c.said).where(preferences.c.account_id == account_id)
    found: dict[str, Any] | None = await connection.scalar(said)
    return found or {}


async def put_preferences(
    connection: AsyncConnection, account_id: str, said: Mapping[str, Any], now: datetime
) -> None:
    """Store what the account said of its preferences."""
    statement = insert(connection, preferences).values(
        account_id=account_id, said=said, updated_at=now
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id"], set_={"said": said, "updated_at": now}
        )
    )


async def put_push_subscription(
    connection: AsyncConnection, values: Mapping[str, Any], *, keeps_key: bool
) -> str:
    """Store a device's subscription and return its id; an endpoint belongs to one account.

    With ``keeps_key`` one that is stored already stays with the key that it was made with.
    """
    endpoint = push_subscriptions.c.endpoint_hash == values["endpoint_hash"]
    await connection.execute(
        delete(push_subscriptions).where(
            endpoint, push_subscriptions.c.account_id != values["account_id"]
        )
    )
    statement = insert(connection, push_subscriptions).values(**values)
    renewed = {name: values[name] for name in ("p256dh", "auth", "label", "kind")}
    if not keeps_key:
        renewed["vapid_key"] = values["vapid_key"]
    stored = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "endpoint_hash"],
            set_=renewed,
        ).returning(push_subscriptions.c.id)
    )
    return str(stored.scalar_one())


async def keep_newest_push_subscriptions(
    connection: AsyncConnection, account_id: str, most: int
) -> None:
    """Forget an account's oldest subscriptions until no more than ``most`` are left."""
    mine = push_subscriptions.c.account_id == account_id
    newest = select(push_subscriptions.c.id).where(mine)
    kept = newest.order_by(push_subscriptions.c.id.desc()).limit(most)
    await connection.execute(
        delete(push_subscriptions).where(mine, push_subscriptions.c.id.not_in(kept))
    )


async def push_subscriptions_of(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read the browsers and devices that take an account's pushes."""
    return await fetch_all(
        connection,
        select(push_subscriptions)
        .where(push_subscriptions.c.account_id == account_id)
        .order_by(push_subscriptions.c.id),
    )


async def drop_push_subscription(
    connection: AsyncConnection, account_id: str, subscription_id: str
) -> bool:
    """Forget one subscription; tell whether it was there."""
    result = await connection.execute(
        delete(push_subscriptions).where(
            push_subscriptions.c.account_id == account_id,
            push_subscriptions.c.id == subscription_id,
        )
    )
    return bool(result.rowcount)


async def drop_endpoint(connection: AsyncConnection, account_id: str, endpoint_hash: str) -> bool:
    """Forget the subscription of one endpoint; tell whether it was there."""
    result = await connection.execute(
        delete(push_subscriptions).where(
            push_subscriptions.c.account_id == account_id,
            push_subscriptions.c.endpoint_hash == endpoint_hash,
        )
    )
    return bool(result.rowcount)
