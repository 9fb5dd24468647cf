"""Conversations, their participants and entries."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Executable, bindparam, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.columns import Instant
from storage.dialects import (
    INT,
    TEXT,
    among,
    batch,
    greatest,
    insert_on,
    insert_rows,
    last_of,
    least,
)
from storage.prepared import fetch
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import contacts, conversations, entries, participants


class Draft(Struct, kw_only=True):
    """An entry; ``seq`` is its conversation's to give, when it is stored."""

    conversation_id: str
    id: str
    kind: EntryKind
    sender: str
    at: datetime
    client_id: str | None = None
    body: str | None = None
    reply_to: int | None = None
    attachments: Sequence[Mapping[str, Any]] = ()
    data: Mapping[str, Any] | None = None
    target_seq: int | None = None
    seq: int = 0


async def add(
    connection: AsyncConnection, values: Mapping[str, Any], account_ids: Sequence[str]
) -> None:
    """Store a new conversation and its participants."""
    await connection.execute(conversations.insert().values(**values))
    await connection.execute(
        participants.insert(),
        [
            {"conversation_id": values["id"], "account_id": a, "read_seq": 0, "delivered_seq": 0}
            for a in account_ids
        ],
    )


class RightsChanged(Exception):
    """Who may write was changed meanwhile: what the caller remembers is out of date."""

    def __init__(self, conversation_ids: Collection[str]) -> None:
        super().__init__(f"{len(conversation_ids)} conversations")
        self.conversation_ids = conversation_ids


async def append(
    connection: AsyncConnection, drafts: Sequence[Draft], rights: Mapping[str, int]
) -> None:
    """Give each draft the next sequence number of its conversation and store it.

    Two statements for any number of entries and conversations. The rows of the conversations stay
    locked until the commit, so sequences have no gaps and become visible in order. ``rights`` is
    what the caller knows of each conversation. Raises RightsChanged when that is no longer so, and
    sqlalchemy's IntegrityError when a (conversation, sender, client_id) is stored already.
    """
    added = Counter(draft.conversation_id for draft in drafts)
    following = await _advance(connection, added, rights, drafts[0].at)
    for draft in drafts:
        draft.seq = following[draft.conversation_id]
        following[draft.conversation_id] += 1
    await _store(connection, drafts)


async def append_one(connection: AsyncConnection, draft: Draft) -> None:
    """Store an entry that needs nobody's right to write, as ``append`` does."""
    statement = (
        update(conversations)
        .where(conversations.c.id == draft.conversation_id)
        .values(last_seq=conversations.c.last_seq + 1)
        .returning(conversations.c.last_seq)
    )
    draft.seq = int((await connection.execute(statement)).scalar_one())
    await _store(connection, [draft])


async def begin(connection: AsyncConnection, draft: Draft) -> None:
    """Store the first entry of a conversation that was added with ``last_seq`` 1."""
    draft.seq = 1
    await _store(connection, [draft])


async def _store(connection: AsyncConnection, drafts: Sequence[Draft]) -> None:
    await insert_rows(connection, entries, STORED, [_stored(draft) for draft in drafts])


# What is stored of a new entry.
STORED = (
    "conversation_id",
    "seq",
    "id",
    "kind",
    "sender",
    "client_id",
    "body",
    "reply_to",
    "attachments",
    "data",
    "at",
    "target_seq",
)


def _stored(draft: Draft) -> tuple[Any, ...]:
    return (
        draft.conversation_id,
        draft.seq,
        draft.id,
        draft.kind,
        draft.sender,
        draft.client_id,
        draft.body,
        draft.reply_to,
        list(draft.attachments),
        draft.data,
        draft.at,
        draft.target_seq,
    )


async def _advance(
    connection: AsyncConnection, added: Mapping[str, int], rights: Mapping[str, int], at: datetime
) -> dict[str, int]:
    """Move the counters of conversations; return the first new sequence number of each."""
    rows = [{"id": id_, "n": n} for id_, n in added.items()]
    statement = _counting(connection.dialect.name)
    result = await fetch(connection, statement, {"rows": rows, "at": at})
    changed = [row.id for row in result if row.rights != rights[row.id]]
    if changed:
        raise RightsChanged(changed)
    return {row.id: row.last_seq - added[row.id] + 1 for row in result}


async def hold(connection: AsyncConnection, rights: Mapping[str, int], at: datetime) -> None:
    """Hold conversations still until the commit; raises RightsChanged as ``append`` does."""
    await _advance(connection, dict.fromkeys(rights, 0), rights, at)


async def change_rights(connection: AsyncConnection, conversation_id: str) -> None:
    """Make what anybody remembers of who may write here out of date."""
    await connection.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(rights=conversations.c.rights + 1)
    )


async def change_rights_around(connection: AsyncConnection, account_id: str) -> None:
    """Do so in each direct conversation of an account."""
    theirs = conversations.c.id.in_(
        select(contacts.c.conversation_id).where(contacts.c.account_id == account_id)
    )
    # Their locks are taken in one order, as everywhere.
    held = select(conversations.c.id).where(theirs).order_by(conversations.c.id)
    await connection.execute(held.with_for_update())
    await connection.execute(
        update(conversations).where(theirs).values(rights=conversations.c.rights + 1)
    )


@lru_cache(maxsize=2)
def _counting(dialect: str) -> Executable:
    """Add ``n`` to the counters of conversations.

    An upsert, for it takes its rows, and their locks, in the order given: two groups never wait
    for each other in a circle. Conversations are there, so nothing is inserted; were one gone, its
    rights would be none that anybody knows.
    """
    rows = batch(dialect, id=TEXT, n=INT)
    at = bindparam("at", type_=Instant())
    given = select(rows.c.id, literal(""), literal(""), rows.c.n, literal(-1), at)
    statement = insert_on(dialect, conversations).from_select(
        ["id", "kind", "epoch", "last_seq", "rights", "created_at"], given.order_by(rows.c.id)
    )
    made: Executable = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={"last_seq": conversations.c.last_seq + statement.excluded.last_seq},
    ).returning(conversations.c.id, conversations.c.last_seq, conversations.c.rights)
    return made


async def sent_before(
    connection: AsyncConnection, keys: Sequence[tuple[str, str, str]]
) -> Sequence[Record]:
    """Read the entries stored under these (conversation_id, sender, client_id)."""
    keyed = batch(connection.dialect.name, id=TEXT, sender=TEXT, client_id=TEXT)
    statement = select(entries).where(
        entries.c.conversation_id == keyed.c.id,
        entries.c.sender == keyed.c.sender,
        entries.c.client_id == keyed.c.client_id,
    )
    rows = [{"id": id_, "sender": sender, "client_id": key} for id_, sender, key in keys]
    return await fetch_all(connection, statement, {"rows": rows})


async def existing_messages(
    connection: AsyncConnection, keys: Sequence[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Tell which of these (conversation_id, seq) are messages that stand."""
    keyed = batch(connection.dialect.name, id=TEXT, seq=INT)
    statement = select(entries.c.conversation_id, entries.c.seq).where(
        entries.c.conversation_id == keyed.c.id,
        entries.c.seq == keyed.c.seq,
        entries.c.kind == EntryKind.MESSAGE,
        entries.c.deleted_at.is_(None),
    )
    rows = [{"id": id_, "seq": seq} for id_, seq in keys]
    return {(id_, seq) for id_, seq in await fetch_all(connection, statement, {"rows": rows})}


async def memberships(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read (id, kind, rights, closed_at, account_id), a row for each participant."""
    columns = (
        conversations.c.id,
        conversations.c.kind,
        conversations.c.rights,
        conversations.c.closed_at,
        participants.c.account_id,
    )
    return await fetch_all(
        connection,
        select(*columns)
        .join(participants, participants.c.conversation_id == conversations.c.id)
        .where(among(connection, conversations.c.id, conversation_ids))
        .order_by(conversations.c.id, participants.c.account_id),
    )


async def get(connection: AsyncConnection, conversation_id: str) -> Record | None:
    """Read one conversation."""
    statement = select(conversations).where(conversations.c.id == conversation_id)
    return await fetch_optional(connection, statement)


async def is_closed(connection: AsyncConnection, conversation_id: str) -> bool:
    """Tell whether nobody writes here any more."""
    found = select(conversations.c.closed_at).where(conversations.c.id == conversation_id)
    return await connection.scalar(found) is not None


async def receipts_of(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read the receipts of each participant of these conversations."""
    statement = select(participants).where(participants.c.conversation_id.in_(conversation_ids))
    return await fetch_all(connection, statement)


async def advance_receipt(
    connection: AsyncConnection, conversation_id: str, account_id: str, *, read: int, delivered: int
) -> Record:
    """Move receipts forward, never back; what is read was delivered."""
    reached = max(read, delivered)
    statement = (
        update(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.account_id == account_id,
        )
        .values(
            read_seq=greatest(connection, participants.c.read_seq, read),
            delivered_seq=greatest(connection, participants.c.delivered_seq, reached),
        )
        .returning(participants)
    )
    return await fetch_one(connection, statement)


async def retreat_receipt(
    connection: AsyncConnection, conversation_id: str, account_id: str, read: int
) -> Record:
    """Move what was read back, never forward; what was delivered stays so."""
    statement = (
        update(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.account_id == account_id,
        )
        .values(read_seq=least(connection, participants.c.read_seq, read))
        .returning(participants)
    )
    return await fetch_one(connection, statement)


async def unread(
    connection: AsyncConnection, conversation_id: str, account_id: str, read_seq: int
) -> int:
    """Count the messages of others behind ``read_seq``."""
    statement = select(func.count()).where(
        entries.c.conversation_id == conversation_id,
        entries.c.seq > read_seq,
        entries.c.kind == EntryKind.MESSAGE,
        entries.c.sender != account_id,
        entries.c.deleted_at.is_(None),
    )
    return int(await connection.scalar(statement) or 0)


async def entries_between(
    connection: AsyncConnection,
    conversation_id: str,
    *,
    after: int,
    before: int | None = None,
    limit: int,
    newest_first: bool = False,
    kinds: Sequence[EntryKind] = tuple(EntryKind),
) -> list[Record]:
    """Read entries with ``after < seq < before``, in the order that is asked for."""
    conditions: list[ColumnElement[bool]] = [
        entries.c.conversation_id == conversation_id,
        entries.c.seq > after,
    ]
    if before is not None:
        conditions.append(entries.c.seq < before)
    if len(kinds) < len(EntryKind):
        conditions.append(entries.c.kind.in_(kinds))
    order = entries.c.seq.desc() if newest_first else entries.c.seq
    statement = select(entries).where(*conditions).order_by(order).limit(limit)
    return list(await connection.execute(statement))


async def entries_of_many(
    connection: AsyncConnection, places: Collection[tuple[str, int]], limit: int
) -> Sequence[Record]:
    """Read the first ``limit`` entries behind each (conversation_id, seq), in no order.

    Each comes with that seq as ``since``.
    """
    rows = [{"conversation_id": id_, "since": since} for id_, since in places]
    statement = _entries_since(connection.dialect.name)
    return await fetch_all(connection, statement, {"rows": rows, "skip": limit - 1})


@lru_cache(maxsize=2)
def _entries_since(dialect: str) -> Executable:
    given = batch(dialect, conversation_id=TEXT, since=INT)
    return select(entries, given.c.since).where(
        entries.c.conversation_id == given.c.conversation_id,
        entries.c.seq > given.c.since,
        entries.c.seq <= last_of(entries, "conversation_id", "seq", given.c),
    )


async def last_wrote_at(
    connection: AsyncConnection, conversation_id: str, account_id: str
) -> datetime | None:
    """Tell when somebody last wrote a message in a conversation."""
    found: datetime | None = await connection.scalar(
        select(entries.c.at)
        .where(
            entries.c.conversation_id == conversation_id,
            entries.c.sender == account_id,
            entries.c.kind == EntryKind.MESSAGE,
        )
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    return found


async def positions(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read (id, last_seq, epoch, rights) of many conversations."""
    found = conversations.c
    columns = (found.id, found.last_seq, found.epoch, found.rights)
    statement = select(*columns).where(among(connection, conversations.c.id, conversation_ids))
    return await fetch_all(connection, statement)
