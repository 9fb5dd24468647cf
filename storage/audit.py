"""The log of what operators did: written in the transaction of the deed, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Instant
from storage.rows import Record, fetch_all
from storage.tables import audit_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who did what to what (``kind:id``); ``detail`` says how it was before and after."""

    id: str
    at: datetime
    actor: str
    action: str
    about: str
    detail: dict[str, Any] = field(default_factory=dict)


async def write(connection: AsyncConnection, deed: Deed) -> None:
    """Note a deed."""
    await connection.execute(
        audit_log.insert().values(
            id=deed.id,
            at=deed.at,
            actor=deed.actor,
            action=deed.action,
            about=deed.about,
            detail=deed.detail,
        )
    )


async def page(
    connection: AsyncConnection,
    *,
    actor: str | None,
    about: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Record]:
    """Read deeds, the latest first: of one who did them, or about one thing."""
    statement = select(audit_log)
    if actor is not None:
        statement = statement.where(audit_log.c.actor == actor)
    if about is not None:
        statement = statement.where(audit_log.c.about == about)
    if after is not None:
        place = tuple_(audit_log.c.at, audit_log.c.id)
        bound = tuple_(literal(after[0], Instant()), literal(after[1]))
        statement = statement.where(place < bound)
    statement = statement.order_by(audit_log.c.at.desc(), audit_log.c.id.desc())
    return await fetch_all(connection, statement.limit(limit))
