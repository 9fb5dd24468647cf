"""The log of what operators did: written in the transaction of the deed, and never changed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

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
