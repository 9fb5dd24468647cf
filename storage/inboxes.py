"""Each account's view of its conversations, and the position of its inbox channel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import (
    ColumnElement,
    Executable,
    bindparam,
    case,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Instant
from storage.dialects import (
    INT,
    TEXT,
    among,
    batch,
    changed,
    given,
    insert_on,
    last_of,
    returning,
)
from storage.prepared import fetch
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import inbox_changes, inbox_items, inboxes


class Arrival(Struct, frozen=True):
    """What a stretch of new messages does to one participant's view of the conversation.

    ``alert_id`` is the id of the notification that tells of them, if none tells of others yet.
    """

    account_id: str
    conversation_id: str
    last_seq: int
    sender: str
    preview: str
    unread: int
    alert_id: str


class Advance(Struct, frozen=True):
    """How far an inbox moves: by ``count`` positions, and its counts by the deltas."""

    account_id: str
    count: int
    unread_conversations: int = 0
    unread_notifications: int = 0


async def add_items(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> Sequence[Record]:
    """Store a conversation in the inboxes of those who are in it; return the items."""
    statement = inbox_items.insert().returning(inbox_items)
    items: Sequence[Record] = (await connection.execute(statement, rows)).all()
    return items


async def receive(
    connection: AsyncConnection, arrivals: Sequence[Arrival], at: datetime
) -> Sequence[Record]:
    """Note new messages in the inboxes of those who are concerned; return the rows as they are."""
    names = Arrival.__struct_fields__
    keys = [(arrival.account_id, arrival.conversation_id) for arrival in arrivals]
    return await changed(
        connection,
        _receiving(connection.dialect.name),
        names,
        list(map(astuple, arrivals)),
        {"at": at},
        read=partial(items_of, connection, keys),
    )


@lru_cache(maxsize=2)
def _receiving(dialect: str) -> Executable:
    """Update many items; the caller holds their conversations, so no other group waits here."""
    new = given(
        dialect,
        account_id=TEXT,
        conversation_id=TEXT,
        last_seq=INT,
        sender=TEXT,
        preview=TEXT,
        unread=INT,
        alert_id=TEXT,
    )
    # Who wrote them all is alerted of none.
    concerned = new.unread > 0

    def kept(column: ColumnElement[Any], first: Any) -> ColumnElement[Any]:
        return case((concerned, func.coalesce(column, first)), else_=column)

    at = bindparam("at", type_=Instant())
    made = (
        update(inbox_items)
        .values(
            last_seq=new.last_seq,
            last_message_seq=new.last_seq,
            last_message_sender=new.sender,
            last_message_preview=new.preview,
            last_message_at=at,
            unread=inbox_items.c.unread + new.unread,
            # A new message brings an archived conversation back.
            archived=false(),
            shown=true(),
            active_at=at,
            alert_id=kept(inbox_items.c.alert_id, new.alert_id),
            push_from=kept(inbox_items.c.push_from, new.last_seq),
            mail_from=kept(inbox_items.c.mail_from, new.last_seq),
        )
        .where(
            inbox_items.c.account_id == new.account_id,
            inbox_items.c.conversation_id == new.conversation_id,
        )
    )
    return returning(dialect, made, inbox_items)


async def advance(connection: AsyncConnection, moves: Sequence[Advance]) -> dict[str, Record]:
    """Move positions and counts of inboxes; return (position, counts, epoch) by account."""
    rows = [
        {
            "account_id": move.account_id,
            "n": move.count,
            "conversations": move.unread_conversations,
            "notices": move.unread_notifications,
        }
        for move in moves
    ]
    result = await fetch(connection, _advancing(connection.dialect.name), {"rows": rows})
    return {row.account_id: row for row in result}


@lru_cache(maxsize=2)
def _advancing(dialect: str) -> Executable:
    """Move many inboxes on.

    An upsert, for it takes its rows, and their locks, in the order given: two groups never wait
    for each other in a circle. Inboxes are stored with their accounts, so nothing is inserted.
    """
    rows = batch(dialect, account_id=TEXT, n=INT, conversations=INT, notices=INT)
    given = select(
        rows.c.account_id, literal(""), rows.c.n, rows.c.conversations, rows.c.notices
    ).order_by(rows.c.account_id)
    statement = insert_on(dialect, inboxes).from_select(
        ["account_id", "epoch", "position", "unread_conversations", "unread_notifications"], given
    )
    moved = {
        column.name: column + statement.excluded[column.name]
        for column in (
            inboxes.c.position,
            inboxes.c.unread_conversations,
            inboxes.c.unread_notifications,
        )
    }
    made: Executable = statement.on_conflict_do_update(
        index_elements=["account_id"], set_=moved
    ).returning(inboxes)
    return made


async def note_changes(connection: AsyncConnection, changes: Sequence[Mapping[str, Any]]) -> None:
    """Store the newest position of each (account_id, kind, subject)."""
    # What changed twice in one transaction is noted once: a statement meets each row once.
    latest = {(row["account_id"], row["kind"], row["subject"]): row for row in changes}
    rows = list(latest.values())
    await fetch(connection, _noting(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _noting(dialect: str) -> Executable:
    rows = batch(dialect, account_id=TEXT, kind=TEXT, subject=TEXT, position=INT)
    # "WHERE true" lets SQLite tell the ON of the conflict from that of a join.
    given = select(*rows.c).where(true())
    statement = insert_on(dialect, inbox_changes).from_select(list(rows.c.keys()), given)
    made: Executable = statement.on_conflict_do_update(
        index_elements=["account_id", "kind", "subject"],
        set_={"position": statement.excluded.position},
    )
    return made


async def get(connection: AsyncConnection, account_id: str) -> Record | None:
    """Read an account's position and counts."""
    statement = select(inboxes).where(inboxes.c.account_id == account_id)
    return await fetch_optional(connection, statement)


async def positions(connection: AsyncConnection, account_ids: Sequence[str]) -> Sequence[Record]:
    """Read (account_id, position, epoch) of many inboxes."""
    columns = (inboxes.c.account_id, inboxes.c.position, inboxes.c.epoch)
    statement = select(*columns).where(among(connection, inboxes.c.account_id, account_ids))
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


async def changes_of_many(
    connection: AsyncConnection, places: Collection[tuple[str, int]], limit: int
) -> Sequence[Record]:
    """Read (account_id, since, kind, subject, position) of what changed after each place.

    The oldest ``limit`` behind each (account_id, position), in no order.
    """
    rows = [{"account_id": account_id, "since": since} for account_id, since in places]
    statement = _changed_since(connection.dialect.name)
    return await fetch_all(connection, statement, {"rows": rows, "skip": limit - 1})


@lru_cache(maxsize=2)
def _changed_since(dialect: str) -> Executable:
    given = batch(dialect, account_id=TEXT, since=INT)
    changed = inbox_changes.c
    return select(
        given.c.account_id, given.c.since, changed.kind, changed.subject, changed.position
    ).where(
        changed.account_id == given.c.account_id,
        changed.position > given.c.since,
        changed.position <= last_of(inbox_changes, "account_id", "position", given.c),
    )


async def many(connection: AsyncConnection, account_ids: Sequence[str]) -> Sequence[Record]:
    """Read positions and counts of many accounts."""
    statement = select(inboxes).where(among(connection, inboxes.c.account_id, account_ids))
    return await fetch_all(connection, statement)


async def items_of(
    connection: AsyncConnection, keys: Collection[tuple[str, str]]
) -> Sequence[Record]:
    """Read the views of these (account_id, conversation_id)."""
    rows = [{"account_id": account_id, "conversation_id": id_} for account_id, id_ in keys]
    return await fetch(connection, _items_of(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _items_of(dialect: str) -> Executable:
    wanted = batch(dialect, account_id=TEXT, conversation_id=TEXT)
    return select(inbox_items).where(
        inbox_items.c.account_id == wanted.c.account_id,
        inbox_items.c.conversation_id == wanted.c.conversation_id,
    )


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
        # Compared as a pair, so that the index is entered where the page begins.
        place = tuple_(inbox_items.c.active_at, inbox_items.c.conversation_id)
        behind = [place < tuple_(literal(after[0], Instant()), literal(after[1]))]
    statement = (
        select(inbox_items)
        .where(inbox_items.c.account_id == account_id, inbox_items.c.shown, *conditions, *behind)
        .order_by(inbox_items.c.active_at.desc(), inbox_items.c.conversation_id.desc())
        .limit(limit)
    )
    return await fetch_all(connection, statement)
