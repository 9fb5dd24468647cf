"""Finding messages by their words, among those that an account may see.

No index of words: keeping one took an eighth of the messages a second from SQLite, and a third
from PostgreSQL. An account's messages lie together by conversation, and are looked through.
"""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.rows import Record, fetch_all
from storage.tables import accounts, entries, inbox_items

MOST_SUBJECTS = 5_000


async def messages(
    connection: AsyncConnection, account_id: str, spellings: Sequence[Sequence[str]], limit: int
) -> Sequence[Record]:
    """Read the newest messages an account may see that contain one spelling of each word."""
    statement = (
        select(entries)
        .join(inbox_items, inbox_items.c.conversation_id == entries.c.conversation_id)
        .where(
            inbox_items.c.account_id == account_id,
            entries.c.kind == EntryKind.MESSAGE,
            entries.c.deleted_at.is_(None),
            *(
                or_(*(entries.c.body.icontains(each, autoescape=True) for each in word))
                for word in spellings
            ),
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
