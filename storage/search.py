"""Finding messages by their words, among those that an account may see.

What the index knows (``storage.search_index``) is asked there; what is newer is read.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.dialects import INT, TEXT, batch
from storage.rows import Record, fetch_all
from storage.tables import accounts, entries, inbox_items, search_progress

MOST_SUBJECTS = 5_000


async def messages(
    connection: AsyncConnection, account_id: str, places: Collection[tuple[str, int]]
) -> Sequence[Record]:
    """Read those of these (conversation_id, seq) that an account may see."""
    wanted = batch(connection.dialect.name, id=TEXT, seq=INT)
    statement = (
        select(entries)
        .join(wanted, (entries.c.conversation_id == wanted.c.id) & (entries.c.seq == wanted.c.seq))
        .join(inbox_items, inbox_items.c.conversation_id == wanted.c.id)
        .where(
            inbox_items.c.account_id == account_id,
            entries.c.kind == EntryKind.MESSAGE,
            entries.c.deleted_at.is_(None),
        )
    )
    rows = [{"id": conversation_id, "seq": seq} for conversation_id, seq in places]
    return await fetch_all(connection, statement, {"rows": rows})


async def latest(connection: AsyncConnection, account_id: str) -> datetime | None:
    """Read when something last happened in an account's conversations, if there are any."""
    statement = select(func.max(inbox_items.c.active_at)).where(
        inbox_items.c.account_id == account_id
    )
    found: datetime | None = (await connection.execute(statement)).scalar_one()
    return found


async def behind(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read (conversation_id, indexed_seq) of the account's that are further than the index."""
    indexed = func.coalesce(search_progress.c.indexed_seq, 0)
    statement = (
        select(inbox_items.c.conversation_id, indexed.label("indexed_seq"))
        .join(
            search_progress,
            search_progress.c.conversation_id == inbox_items.c.conversation_id,
            isouter=True,
        )
        .where(inbox_items.c.account_id == account_id, inbox_items.c.last_seq > indexed)
    )
    return await fetch_all(connection, statement)


async def unindexed(
    connection: AsyncConnection, places: Sequence[Record], patterns: Sequence[str], limit: int
) -> Sequence[Record]:
    """Read the newest messages like all patterns that the index does not have as they are.

    They are in these conversations, as ``behind`` read them: what was said since, and what has
    changed since.
    """
    wanted = batch(connection.dialect.name, id=TEXT, after=INT)
    change = entries.alias("change")
    said = select(entries).join(
        wanted, (entries.c.conversation_id == wanted.c.id) & (entries.c.seq > wanted.c.after)
    )
    changed = (
        select(entries)
        .join(change, change.c.conversation_id == entries.c.conversation_id)
        .join(wanted, (change.c.conversation_id == wanted.c.id) & (change.c.seq > wanted.c.after))
        .where(change.c.target_seq == entries.c.seq, entries.c.seq <= wanted.c.after)
    )
    standing = (
        entries.c.kind == EntryKind.MESSAGE,
        entries.c.deleted_at.is_(None),
        *(entries.c.body.ilike(pattern) for pattern in patterns),
    )
    found = union_all(said.where(*standing), changed.where(*standing)).subquery()
    statement = select(found).order_by(found.c.at.desc(), found.c.seq.desc()).limit(limit)
    rows = [{"id": row.conversation_id, "after": row.indexed_seq} for row in places]
    return await fetch_all(connection, statement, {"rows": rows})


async def subjects(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read whom and what the conversations that show are about: (with_id, name, order_...)."""
    statement = (
        select(
            inbox_items.c.with_id,
            func.coalesce(accounts.c.name, inbox_items.c.with_id).label("name"),
            inbox_items.c.order_id,
            inbox_items.c.order_number,
            inbox_items.c.order_title,
        )
        .join(accounts, accounts.c.id == inbox_items.c.with_id, isouter=True)
        .where(inbox_items.c.account_id == account_id, inbox_items.c.shown)
        .order_by(inbox_items.c.active_at.desc(), inbox_items.c.conversation_id.desc())
        .limit(MOST_SUBJECTS)
    )
    return await fetch_all(connection, statement)
