"""What becomes of messages after they were sent; whoever changes one holds its conversation."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.rows import Record, fetch_one, fetch_optional
from storage.tables import conversations, entries


async def hold(connection: AsyncConnection, conversation_id: str) -> Record | None:
    """Read one conversation, and hold it still until the commit."""
    statement = select(conversations).where(conversations.c.id == conversation_id)
    return await fetch_optional(connection, statement.with_for_update())


async def message(connection: AsyncConnection, conversation_id: str, seq: int) -> Record | None:
    """Read one message; nothing else that has a sequence number is one."""
    statement = select(entries).where(
        entries.c.conversation_id == conversation_id,
        entries.c.seq == seq,
        entries.c.kind == EntryKind.MESSAGE,
    )
    return await fetch_optional(connection, statement)


async def newest_message(connection: AsyncConnection, conversation_id: str) -> Record | None:
    """Read the last message that stands."""
    statement = (
        select(entries)
        .where(
            entries.c.conversation_id == conversation_id,
            entries.c.kind == EntryKind.MESSAGE,
            entries.c.deleted_at.is_(None),
        )
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    return await fetch_optional(connection, statement)


async def edit(
    connection: AsyncConnection, conversation_id: str, seq: int, body: str, at: datetime
) -> Record:
    """Give a message another text, which is held back no longer; return it as it then is."""
    statement = (
        update(entries)
        .where(entries.c.conversation_id == conversation_id, entries.c.seq == seq)
        .values(body=body, data=None, edited_at=at)
        .returning(entries)
    )
    return await fetch_one(connection, statement)


async def let_through(connection: AsyncConnection, held: Record, body: str, at: datetime) -> Record:
    """Give a message that was held back a text, and its own files; return it as it then is."""
    own = {"body": body, "attachments": held.attachments}
    statement = (
        update(entries)
        .where(entries.c.conversation_id == held.conversation_id, entries.c.seq == held.seq)
        .values(**own, data=None, edited_at=at)
        .returning(entries)
    )
    return await fetch_one(connection, statement)


async def erase(
    connection: AsyncConnection, conversation_id: str, seq: int, at: datetime
) -> Record:
    """Take a message's text away, and that of all its edits; return it as it then is."""
    mine = entries.c.conversation_id == conversation_id
    await connection.execute(
        update(entries).where(mine, entries.c.target_seq == seq).values(body="")
    )
    statement = (
        update(entries)
        .where(mine, entries.c.seq == seq)
        .values(body="", data=None, attachments=[], deleted_at=at)
        .returning(entries)
    )
    return await fetch_one(connection, statement)
