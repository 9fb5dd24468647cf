"""Services: what sellers offer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import Record, fetch_one, fetch_optional
from storage.tables import services


async def get(connection: AsyncConnection, service_id: str, *, lock: bool = False) -> Record | None:
    """Read one service; ``lock`` keeps it as it is until the transaction ends."""
    statement = select(services).where(services.c.id == service_id)
    return await fetch_optional(connection, statement.with_for_update() if lock else statement)


async def share(connection: AsyncConnection, service_id: str) -> Record | None:
    """Read one service, and have it stay so until the transaction ends; many may do so at once."""
    statement = select(services).where(services.c.id == service_id)
    return await fetch_optional(connection, statement.with_for_update(read=True))


async def put(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store a service, new or changed; return it as it then is."""
    kept = {"id", "seller_id", "created_at"}
    statement = insert(connection, services).values(**values)
    stored = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: value for name, value in values.items() if name not in kept},
    )
    return await fetch_one(connection, stored.returning(services))
