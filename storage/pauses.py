"""Channels that are paused: nothing is claimed of them, on any worker, until they go on."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import insert
from storage.rows import Record, fetch_all
from storage.tables import paused_channels


async def pause(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """Pause a channel; False when it is paused already, by whom it then stays."""
    statement = insert(connection, paused_channels).values(**values).on_conflict_do_nothing()
    result: CursorResult[Any] = await connection.execute(statement)
    return bool(result.rowcount)


async def resume(connection: AsyncConnection, channel: str) -> bool:
    """Let a channel go on; False when it was not paused."""
    statement = delete(paused_channels).where(paused_channels.c.channel == channel)
    result: CursorResult[Any] = await connection.execute(statement)
    return bool(result.rowcount)


async def paused(connection: AsyncConnection) -> Sequence[Record]:
    """Read what is paused: (channel, paused_at, paused_by, why)."""
    return await fetch_all(connection, select(paused_channels).order_by(paused_channels.c.channel))


def goes_on(channel: BindParameter[Any]) -> ColumnElement[bool]:
    """Match anything while a channel is not paused."""
    found = select(paused_channels.c.channel).where(paused_channels.c.channel == channel)
    return ~found.correlate(None).exists()
