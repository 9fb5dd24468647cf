"""Addresses that are written to no more, and the bounces that lead there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.suppression import address_key
from storage.dialects import among, insert
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import soft_bounces, suppressions


async def active(
    connection: AsyncConnection, addresses: Collection[str], now: datetime
) -> set[str]:
    """Return those of these addresses that are not written to."""
    by_key = {address_key(address): address for address in addresses}
    if not by_key:
        return set()
    statement = select(suppressions.c.id).where(
        among(connection, suppressions.c.id, sorted(by_key)),
        or_(suppressions.c.until.is_(None), suppressions.c.until > now),
    )
    listed = set(await connection.scalars(statement))
    return {address for address in addresses if address_key(address) in listed}


async def get(connection: AsyncConnection, suppression_id: str) -> Record | None:
    """Read one of the list, whether it still holds or not."""
    statement = select(suppressions).where(suppressions.c.id == suppression_id)
    return await fetch_optional(connection, statement.with_for_update())


async def put(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Put an address on the list, or change why it is there."""
    statement = insert(connection, suppressions).values(**values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: value for name, value in values.items() if name != "id"},
        )
    )


async def drop(connection: AsyncConnection, suppression_id: str) -> None:
    """Take an address off the list, and forget what counted against it."""
    await connection.execute(delete(suppressions).where(suppressions.c.id == suppression_id))
    await connection.execute(
        delete(soft_bounces).where(soft_bounces.c.address_id == suppression_id)
    )


async def page(
    connection: AsyncConnection,
    *,
    address: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Record]:
    """Read the list, the latest first; of one address if it is given."""
    statement = select(suppressions)
    if address is not None:
        statement = statement.where(suppressions.c.id == address_key(address))
    if after is not None:
        statement = statement.where(tuple_(suppressions.c.at, suppressions.c.id) < after)
    latest_first = (suppressions.c.at.desc(), suppressions.c.id.desc())
    return await fetch_all(connection, statement.order_by(*latest_first).limit(limit))


async def count_soft_bounce(
    connection: AsyncConnection, values: Mapping[str, Any], *, since: datetime
) -> int:
    """Note that a mailbox was full; return how many mails found it so since a moment.

    Those before it count no more, and go.
    """
    mine = soft_bounces.c.address_id == values["address_id"]
    await connection.execute(delete(soft_bounces).where(mine, soft_bounces.c.at < since))
    statement = insert(connection, soft_bounces).values(**values)
    await connection.execute(statement.on_conflict_do_nothing())
    counted = await connection.scalar(select(func.count()).select_from(soft_bounces).where(mine))
    return int(counted or 0)
