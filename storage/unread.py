"""What alerts about messages ask when they fall due: what is unread, for many at a time."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from domain.preferences import Channel
from storage.deliveries import Status
from storage.dialects import INT, TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import blocks, deliveries, entries, inbox_items

Key = tuple[str, str]

# A mail quotes so many of the newest messages, and no further back is looked for them.
QUOTED = 20
LOOKED_THROUGH = 200


async def views(connection: AsyncConnection, keys: Collection[Key]) -> Sequence[Record]:
    """Read these (account, conversation), each with whether its owner blocked the other."""
    return await fetch_all(connection, _views(connection.dialect.name), {"rows": _rows(keys)})


@lru_cache(maxsize=2)
def _views(dialect: str) -> Select[Any]:
    wanted = batch(dialect, account_id=TEXT, conversation_id=TEXT)
    block = (blocks.c.account_id == inbox_items.c.account_id) & (
        blocks.c.other_id == inbox_items.c.with_id
    )
    return (
        select(inbox_items, blocks.c.other_id.is_not(None).label("blocked"))
        .join(
            wanted,
            (inbox_items.c.account_id == wanted.c.account_id)
            & (inbox_items.c.conversation_id == wanted.c.conversation_id),
        )
        .outerjoin(blocks, block)
    )


async def messages(connection: AsyncConnection, views: Collection[Record]) -> Sequence[Record]:
    """Read what is unread of these views, oldest first: (account_id, conversation_id, seq, ...)."""
    rows = [
        {
            "account_id": view.account_id,
            "conversation_id": view.conversation_id,
            "after": max(view.read_seq, view.last_seq - LOOKED_THROUGH),
        }
        for view in views
        if view.unread
    ]
    if not rows:
        return ()
    return await fetch_all(connection, _messages(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _messages(dialect: str) -> Select[Any]:
    wanted = batch(dialect, account_id=TEXT, conversation_id=TEXT, after=INT)
    newness = func.row_number().over(
        partition_by=(wanted.c.account_id, wanted.c.conversation_id),
        order_by=entries.c.seq.desc(),
    )
    unread = (
        select(
            wanted.c.account_id,
            wanted.c.conversation_id,
            entries.c.seq,
            entries.c.body,
            entries.c.attachments,
            entries.c.at,
            newness.label("newness"),
        )
        .join(
            entries,
            (entries.c.conversation_id == wanted.c.conversation_id)
            & (entries.c.seq > wanted.c.after),
        )
        .where(
            entries.c.kind == EntryKind.MESSAGE,
            entries.c.deleted_at.is_(None),
            entries.c.sender != wanted.c.account_id,
        )
        .subquery("unread")
    )
    return (
        select(*(column for column in unread.c if column.name != "newness"))
        .where(unread.c.newness <= QUOTED)
        .order_by(unread.c.account_id, unread.c.conversation_id, unread.c.seq)
    )


async def mailed(
    connection: AsyncConnection, bucket: int, keys: Collection[Key]
) -> Sequence[Record]:
    """Tell when these (account, conversation) were last mailed about: (..., mailed_at)."""
    given = {"rows": _rows(keys), "of_bucket": bucket}
    return await fetch_all(connection, _mailed(connection.dialect.name), given) if keys else ()


@lru_cache(maxsize=2)
def _mailed(dialect: str) -> Select[Any]:
    wanted = batch(dialect, account_id=TEXT, conversation_id=TEXT)
    taken = (Status.ACCEPTED, Status.UNCERTAIN)
    return (
        select(
            wanted.c.account_id,
            wanted.c.conversation_id,
            func.max(deliveries.c.updated_at).label("mailed_at"),
        )
        .join(
            deliveries,
            (deliveries.c.account_id == wanted.c.account_id)
            & (deliveries.c.conversation_id == wanted.c.conversation_id),
        )
        .where(
            deliveries.c.bucket == bindparam("of_bucket"),
            deliveries.c.channel == Channel.EMAIL,
            deliveries.c.status.in_(taken),
        )
        .group_by(wanted.c.account_id, wanted.c.conversation_id)
    )


def _rows(keys: Collection[Key]) -> Sequence[dict[str, str]]:
    return [
        {"account_id": account_id, "conversation_id": conversation_id}
        for account_id, conversation_id in sorted(keys)
    ]
