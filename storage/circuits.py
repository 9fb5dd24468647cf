"""What no worker sends to for a while: told by whoever found it shut, read by all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import Record, fetch_all
from storage.tables import circuits

# Rung when something was shut, or opened again.
DOORBELL = "circuits"
# More than this at a time is nobody's business: a worker finds the others out by itself.
MOST = 2_000


async def shut(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Note until when each is left alone; the later of two moments counts."""
    statement = insert(connection, circuits)
    given = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "name"],
            set_={"shut_until": given.shut_until, "reason": given.reason},
            where=given.shut_until > circuits.c.shut_until,
        ),
        rows,
    )


async def reopen(connection: AsyncConnection, names: Sequence[tuple[str, str]]) -> None:
    """Forget that these were shut."""
    key = tuple_(circuits.c.kind, circuits.c.name)
    await connection.execute(delete(circuits).where(key.in_(names)))


async def sweep(connection: AsyncConnection, now: datetime) -> None:
    """Forget some of those whose time is over."""
    over = select(circuits.c.kind, circuits.c.name).where(circuits.c.shut_until <= now).limit(MOST)
    await connection.execute(
        delete(circuits).where(tuple_(circuits.c.kind, circuits.c.name).in_(over))
    )


async def all_shut(connection: AsyncConnection, now: datetime) -> Sequence[Record]:
    """Read what is left alone just now: (kind, name, shut_until, reason)."""
    statement = (
        select(circuits)
        .where(circuits.c.shut_until > now)
        .order_by(circuits.c.shut_until.desc())
        .limit(MOST)
    )
    return await fetch_all(connection, statement)
