"""Each account's view of its conversations, and the position of its inbox channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import INT, TEXT, batch, insert
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import inbox_changes, inbox_items, inboxes


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a stretch of new messages does to one participant's view of the conversation."""

    account_id: str
    conversation_id: str
    last_seq: int
    sender: str
    preview: str
    unread: int


@dataclass(frozen=True, slots=True)
class Advance:
    """How far an inbox moves: by ``count`` positions, and its counts by the deltas."""

    account_id: str
    count: int
    unread_conversations: int = 0
    unread_notifications: int = 0


async def add_item(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store a conversation in an inbox."""
    statement = inbox_items.insert().values(**values).returning(inbox_items)
    return await fetch_one(connection, statement)


async def receive(
    connection: AsyncConnection, arrivals: Sequence[Arrival], at: datetime
) -> Sequence[Record]:
    """Note new messages in the inboxes of those who are concerned; return the rows as they are."""
    rows = batch(
        connection.dialect.name,
        account_id=TEXT,
        conversation_id=TEXT,
        last_seq=INT,
        sender=TEXT,
        preview=TEXT,
        unread=INT,
    )
    statement = (
        update(inbox_items)
        .values(
            last_seq=rows.c.last_seq,
            last_message_seq=rows.c.last_seq,
            last_message_sender=rows.c.sender,
            last_message_preview=rows.c.preview,
            last_message_at=at,
            unread=inbox_items.c.unread + rows.c.unread,
            # A new message brings an archived conversation back.
            archived=false(),
            shown=true(),
            active_at=at,
        )
        .where(
            inbox_items.c.account_id == rows.c.account_id,
            inbox_items.c.conversation_id == rows.c.conversation_id,
        )
        .returning(inbox_items)
    )
    ordered = sorted(arrivals, key=lambda a: (a.account_id, a.conversation_id))
    parameters = {
        "rows": [
            {
                "account_id": a.account_id,
                "conversation_id": a.conversation_id,
                "last_seq": a.last_seq,
                "sender": a.sender,
                "preview": a.preview,
                "unread": a.unread,
            }
            for a in ordered
        ]
    }
    return await fetch_all(connection, statement, parameters)


async def advance(connection: AsyncConnection, moves: Sequence[Advance]) -> dict[str, Record]:
    """Move positions and counts of inboxes; return (position, counts, epoch) by account."""
    rows = batch(connection.dialect.name, account_id=TEXT, n=INT, conversations=INT, notices=INT)
    statement = (
        update(inboxes)
        .values(
            position=inboxes.c.position + rows.c.n,
            unread_conversations=inboxes.c.unread_conversations + rows.c.conversations,
            unread_notifications=inboxes.c.unread_notifications + rows.c.notices,
        )
        .where(inboxes.c.account_id == rows.c.account_id)
        .returning(inboxes)
    )
    parameters = {
        "rows": [
            {
                "account_id": m.account_id,
                "n": m.count,
                "conversations": m.unread_conversations,
                "notices": m.unread_notifications,
            }
            for m in sorted(moves, key=lambda m: m.account_id)
        ]
    }
    result = await connection.execute(statement, parameters)
    return {row.account_id: row for row in result}


async def note_changes(connection: AsyncConnection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Store the newest position of each (account_id, kind, subject)."""
    statement = insert(connection, inbox_changes)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "kind", "subject"],
            set_={"position": statement.excluded.position},
        ),
        changes,
    )


async def get(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read an account's position and counts."""
    statement = select(inboxes).where(inboxes.c.account_id == account_id)
    return await fetch_optional(connection, statement)


async def positions(connection: AsyncConnection, account_ids: Sequence[str]) -> Sequence[Record]:
    """Read (account_id, position, epoch) of many inboxes."""
    columns = (inboxes.c.account_id, inboxes.c.position, inboxes.c.epoch)
    statement = select(*columns).where(inboxes.c.account_id.in_(account_ids))
    return await fetch_all(connection, statement)


async def changes_since(
    connection: AsyncConnection,
    account_id: str,
    position: int,
    limit: int,
    *,
    before: int | None = None,
) -> Sequence[Record]:
    """Read (kind, subject, position) of what changed after ``position``, ascending.

    The oldest ``limit`` of them, or with ``before`` the newest ``limit`` below it.
    """
    columns = (inbox_changes.c.kind, inbox_changes.c.subject, inbox_changes.c.position)
    statement = select(*columns).where(
        inbox_changes.c.account_id == account_id, inbox_changes.c.position > position
    )
    if before is None:
        return await fetch_all(
            connection, statement.order_by(inbox_changes.c.position).limit(limit)
        )
    newest = statement.where(inbox_changes.c.position < before)
    rows = await fetch_all(
        connection, newest.order_by(inbox_changes.c.position.desc()).limit(limit)
    )
    return rows[::-1]


async def items(
    connection: AsyncConnection, account_id: str, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read an account's view of several conversations."""
    statement = select(inbox_items).where(
        inbox_items.c.account_id == account_id,
        inbox_items.c.conversation_id.in_(conversation_ids),
    )
    return await fetch_all(connection, statement)


async def items_of(
    connection: AsyncConnection, keys: Sequence[tuple[str, str]]
) -> Sequence[Record]:
    """Read the views of these (account_id, conversation_id)."""
    columns = tuple_(inbox_items.c.account_id, inbox_items.c.conversation_id)
    return await fetch_all(connection, select(inbox_items).where(columns.in_(keys)))


async def item(
    connection: AsyncConnection, account_id: str, conversation_id: str, *, lock: bool = False
) -> Record | None:
    """Read an account's view of one conversation; ``lock`` holds it for the transaction."""
    statement = select(inbox_items).where(
        inbox_items.c.account_id == account_id,
        inbox_items.c.conversation_id == conversation_id,
    )
    return await fetch_optional(connection, statement.with_for_update() if lock else statement)


async def change_item(
    connection: AsyncConnection, account_id: str, conversation_id: str, values: Mapping[str, Any]
) -> Record:
    """Change an account's view of one conversation; return it as it then is."""
    statement = (
        update(inbox_items)
        .where(
            inbox_items.c.account_id == account_id,
            inbox_items.c.conversation_id == conversation_id,
        )
        .values(**values)
        .returning(inbox_items)
    )
    return await fetch_one(connection, statement)


FILTERS: Mapping[str, tuple[ColumnElement[bool], ...]] = {
    "all": (inbox_items.c.archived.is_(False),),
    "unread": (inbox_items.c.archived.is_(False), inbox_items.c.unread > 0),
    "starred": (inbox_items.c.starred.is_(True),),
    "archived": (inbox_items.c.archived.is_(True),),
}


async def page(
    connection: AsyncConnection,
    account_id: str,
    *,
    conditions: Sequence[ColumnElement[bool]],
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Record]:
    """Read conversations that show, the latest first."""
    behind = []
    if after:
        at, conversation_id = after
        same_time = and_(
            inbox_items.c.active_at == at, inbox_items.c.conversation_id < conversation_id
        )
        behind = [or_(inbox_items.c.active_at < at, same_time)]
    statement = (
        select(inbox_items)
        .where(inbox_items.c.account_id == account_id, inbox_items.c.shown, *conditions, *behind)
        .order_by(inbox_items.c.active_at.desc(), inbox_items.c.conversation_id.desc())
        .limit(limit)
    )
    return await fetch_all(connection, statement)
