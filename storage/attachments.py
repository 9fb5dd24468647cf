"""Attachments: uploaded by pieces, made part of something once, removed when nothing needs them.

One that has expired cannot be made part of anything, whoever's clock it is by: what removes it
marks it first, in one statement, and what uses it asks for what is ready.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.attachments import AttachmentStatus, AttachmentUse
from storage.dialects import among
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import attachments

# Rung when there is something to remove now.
DOORBELL = "attachments"

Which = ColumnElement[bool]

_columns = attachments.c
_ANSWERS = (AttachmentUse.DRAFT, AttachmentUse.ANSWER)


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store one; return it."""
    return await fetch_one(connection, attachments.insert().values(**values).returning(attachments))


async def count_unsent(connection: AsyncConnection, account_id: str) -> int:
    """Count what an account has uploaded, or begun to, and not made part of anything."""
    statement = select(func.count()).where(
        _columns.account_id == account_id, _columns.expires_at.is_not(None)
    )
    return int(await connection.scalar(statement) or 0)


async def get(connection: AsyncConnection, attachment_id: str) -> Record | None:
    """Read one, whoever's it is."""
    statement = select(attachments).where(_columns.id == attachment_id)
    return await fetch_optional(connection, statement)


async def of_account(
    connection: AsyncConnection, account_id: str, attachment_ids: Sequence[str] | None = None
) -> Sequence[Record]:
    """Read an account's own, oldest first: all of them, or those that are named."""
    statement = select(attachments).where(_columns.account_id == account_id)
    if attachment_ids is not None:
        statement = statement.where(among(connection, _columns.id, attachment_ids))
    return await fetch_all(connection, statement.order_by(_columns.id))


async def change_upload(
    connection: AsyncConnection, upload: Record, values: Mapping[str, Any]
) -> Record | None:
    """Change an upload that stands as ``upload`` says; None if it went on, was done or dropped."""
    statement = (
        update(attachments)
        .where(
            _columns.account_id == upload.account_id,
            _columns.id == upload.id,
            _columns.status == AttachmentStatus.UPLOADING,
            _columns.received == upload.received,
            _columns.expires_at == upload.expires_at,
        )
        .values(**values)
        .returning(attachments)
    )
    return await fetch_optional(connection, statement)


async def use(
    connection: AsyncConnection,
    account_id: str,
    attachment_ids: Sequence[str],
    values: Mapping[str, Any],
) -> int:
    """Make an account's own part of something; return how many could be.

    Each can once, but for the files of an order's requirements: these may be handed in again.
    """
    order_id = values.get("order_id")
    again = (_columns.order_id == order_id) & _columns.used_as.in_(_ANSWERS)
    result: CursorResult[Any] = await connection.execute(
        update(attachments)
        .where(
            _columns.account_id == account_id,
            among(connection, _columns.id, attachment_ids),
            _columns.status == AttachmentStatus.READY,
            or_(_columns.used_as.is_(None), again) if order_id else _columns.used_as.is_(None),
        )
        .values(**values, expires_at=null())
    )
    return int(result.rowcount)


async def change_use(
    connection: AsyncConnection,
    account_id: str,
    attachment_ids: Sequence[str],
    used_as: AttachmentUse,
) -> None:
    """Make an account's own, which are part of something, another part of it."""
    await connection.execute(
        update(attachments).where(owned_by(account_id, attachment_ids)).values(used_as=used_as)
    )


async def release_drafts(
    connection: AsyncConnection, order: Record, kept: Sequence[str], expires_at: datetime
) -> None:
    """Let go of the files that a buyer has taken out of their draft again."""
    await connection.execute(
        update(attachments)
        .where(
            _columns.account_id == order.buyer_id,
            _columns.order_id == order.id,
            _columns.used_as == AttachmentUse.DRAFT,
            _columns.id.not_in(kept),
        )
        .values(used_as=null(), conversation_id=null(), order_id=null(), expires_at=expires_at)
    )


async def expire(connection: AsyncConnection, now: datetime, which: Which) -> int:
    """Have nobody see these any more; their files go with the next sweep."""
    result: CursorResult[Any] = await connection.execute(
        update(attachments).where(which).values(expires_at=now)
    )
    return int(result.rowcount)


def owned_by(account_id: str, attachment_ids: Sequence[str] | None = None) -> Which:
    """Match an account's own: all of them, or those that are named."""
    mine = _columns.account_id == account_id
    return mine if attachment_ids is None else mine & _columns.id.in_(attachment_ids)


def used_in(conversation_id: str) -> Which:
    """Match what is part of a conversation or its order."""
    return _columns.conversation_id == conversation_id


async def take_expired(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Record]:
    """Mark what has expired, so that nobody can use it any more, and return it."""
    due = select(_columns.id).where(_columns.expires_at <= now)
    found = await connection.scalars(due.order_by(_columns.expires_at).limit(limit))
    statement = (
        update(attachments)
        .where(among(connection, _columns.id, found.all()), _columns.expires_at <= now)
        .values(status=AttachmentStatus.REMOVED)
        .returning(attachments)
    )
    return await fetch_all(connection, statement)


async def forget(connection: AsyncConnection, attachment_ids: Sequence[str]) -> None:
    """Drop the rows of what was removed."""
    await connection.execute(
        delete(attachments).where(
            among(connection, _columns.id, attachment_ids),
            _columns.status == AttachmentStatus.REMOVED,
        )
    )
