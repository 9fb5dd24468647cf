"""What is done now and then, by whichever process is first."""

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.tables import chores


async def take(
    connection: AsyncConnection, name: str, *, now: datetime, next_due: datetime
) -> bool:
    """Take a chore that is due, until it is due again; False when somebody has it, or it is not."""
    made = insert(connection, chores).values(name=name, due_at=now)
    await connection.execute(made.on_conflict_do_nothing())
    taken: CursorResult[Any] = await connection.execute(
        update(chores).where(chores.c.name == name, chores.c.due_at <= now).values(due_at=next_due)
    )
    return bool(taken.rowcount)
