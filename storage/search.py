"""Finding messages by their words, among those that an account may see.

What the index knows (``storage.search_index``) is asked there; what is newer is read.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.dialects import INT, TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import accounts, entries, inbox_items, search_progress

MOST_SUBJECTS = 5_000


def _visible(account_id: str) -> Sequence[ColumnElement[bool]]:
    """Match entries, joined with inbox items, that are messages an account has before it."""
    return (
        inbox_items.c.account_id == account_id,
        entries.c.kind == EntryKind.MESSAGE,
        entries.c.deleted_at.is_(None),
    )


async def messages(
    connection: AsyncConnection, account_id: str, places: Collection[tuple[str, int]]
) -> Sequence[Record]:
    """Read those of these (conversation_id, seq) that an account may see."""
    wanted = batch(connection.dialect.name, id=TEXT, seq=INT)
    statement = (
        select(entries)
        .join(wanted, (entries.c.conversation_id == wanted.c.id) & (entries.c.seq == wanted.c.seq))
        .join(inbox_items, inbox_items.c.conversation_id == wanted.c.id)
        .where(*_visible(account_id))
    )
    rows = [{"id": conversation_id, "seq": seq} for conversation_id, seq in places]
    return await fetch_all(connection, statement, {"rows": rows})


async def unindexed(
    connection: AsyncConnection, account_id: str, patterns: Sequence[str], limit: int
) -> Sequence[Record]:
    """Read the newest messages like all patterns that the index does not have as they are."""
    indexed = func.coalesce(search_progress.c.indexed_seq, 0)
    change = entries.alias("change")
    is_changed = exists().where(
        change.c.conversation_id == entries.c.conversation_id,
        change.c.seq > indexed,
        change.c.target_seq == entries.c.seq,
    )
    statement = (
        select(entries)
        .select_from(inbox_items)
        .join(
            search_progress,
            search_progress.c.conversation_id == inbox_items.c.conversation_id,
            isouter=True,
        )
        .join(entries, entries.c.conversation_id == inbox_items.c.conversation_id)
        .where(
            *_visible(account_id),
            inbox_items.c.last_seq > indexed,
            or_(entries.c.seq > indexed, and_(entries.c.edited_at.is_not(None), is_changed)),
            *(entries.c.body.ilike(pattern) for pattern in patterns),
        )
        .order_by(entries.c.at.desc(), entries.c.seq.desc())
        .limit(limit)
    )
    return await fetch_all(connection, statement)


async def subjects(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read whom and what an account's conversations are about: (with_id, name, order_...)."""
    statement = (
        select(
            inbox_items.c.with_id,
            func.coalesce(accounts.c.name, inbox_items.c.with_id).label("name"),
            inbox_items.c.order_id,
            inbox_items.c.order_number,
            inbox_items.c.order_title,
        )
        .join(accounts, accounts.c.id == inbox_items.c.with_id, isouter=True)
        .where(inbox_items.c.account_id == account_id)
        .order_by(inbox_items.c.active_at.desc(), inbox_items.c.conversation_id.desc())
        .limit(MOST_SUBJECTS)
    )
    return await fetch_all(connection, statement)
