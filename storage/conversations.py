"""Conversations, their participants and entries, and who has been in touch with whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.dialects import INT, TEXT, batch, greatest, insert
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import contacts, conversations, entries, participants


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry that has no sequence number yet."""

    conversation_id: str
    id: str
    kind: EntryKind
    sender: str
    at: datetime
    client_id: str | None = None
    body: str | None = None
    reply_to: int | None = None
    attachments: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None


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


async def append(connection: AsyncConnection, drafts: Sequence[Draft]) -> list[int]:
    """Give each draft the next sequence number of its conversation and store it.

    Two statements for any number of entries and conversations. The rows of the conversations stay
    locked until the commit, so sequences have no gaps and become visible in order. Raises
    sqlalchemy's IntegrityError when a (conversation, sender, client_id) is stored already.
    """
    added: dict[str, int] = {}
    for draft in drafts:
        added[draft.conversation_id] = added.get(draft.conversation_id, 0) + 1
    following = await _advance(connection, added)
    sequences = []
    for draft in drafts:
        sequences.append(following[draft.conversation_id])
        following[draft.conversation_id] += 1
    await connection.execute(
        entries.insert(),
        [_entry(draft, seq) for draft, seq in zip(drafts, sequences, strict=True)],
    )
    return sequences


async def _advance(connection: AsyncConnection, added: Mapping[str, int]) -> dict[str, int]:
    """Move the counters of conversations; return the first new sequence number of each."""
    rows = batch(connection.dialect.name, id=TEXT, n=INT)
    statement = (
        update(conversations)
        .values(last_seq=conversations.c.last_seq + rows.c.n)
        .where(conversations.c.id == rows.c.id)
        .returning(conversations.c.id, conversations.c.last_seq)
    )
    # Sorted, so that two groups take their locks in one order.
    parameters = {"rows": [{"id": id_, "n": n} for id_, n in sorted(added.items())]}
    result = await connection.execute(statement, parameters)
    return {id_: last_seq - added[id_] + 1 for id_, last_seq in result}


def _entry(draft: Draft, seq: int) -> dict[str, Any]:
    return {
        "conversation_id": draft.conversation_id,
        "seq": seq,
        "id": draft.id,
        "kind": draft.kind,
        "sender": draft.sender,
        "client_id": draft.client_id,
        "body": draft.body,
        "reply_to": draft.reply_to,
        "attachments": list(draft.attachments),
        "data": draft.data,
        "at": draft.at,
    }


async def sent_before(
    connection: AsyncConnection, keys: Sequence[tuple[str, str, str]]
) -> Sequence[Record]:
    """Read the entries stored under these (conversation_id, sender, client_id)."""
    columns = tuple_(entries.c.conversation_id, entries.c.sender, entries.c.client_id)
    return await fetch_all(connection, select(entries).where(columns.in_(keys)))


async def lock(connection: AsyncConnection, conversation_ids: Sequence[str]) -> None:
    """Hold conversations still, in one order, one at a time (each is one server's alone)."""
    for conversation_id in sorted(conversation_ids):
        statement = select(conversations.c.id).where(conversations.c.id == conversation_id)
        await connection.execute(statement.with_for_update())


async def existing_messages(
    connection: AsyncConnection, keys: Sequence[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Tell which of these (conversation_id, seq) are messages that stand."""
    columns = tuple_(entries.c.conversation_id, entries.c.seq)
    statement = select(entries.c.conversation_id, entries.c.seq).where(
        columns.in_(keys), entries.c.kind == EntryKind.MESSAGE, entries.c.deleted_at.is_(None)
    )
    return {(id_, seq) for id_, seq in await connection.execute(statement)}


async def memberships(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read (id, kind, order_id, epoch, account_id), a row for each participant."""
    columns = (
        conversations.c.id,
        conversations.c.kind,
        conversations.c.order_id,
        conversations.c.epoch,
        participants.c.account_id,
    )
    return await fetch_all(
        connection,
        select(*columns)
        .join(participants, participants.c.conversation_id == conversations.c.id)
        .where(conversations.c.id.in_(conversation_ids))
        .order_by(conversations.c.id, participants.c.account_id),
    )


async def get(connection: AsyncConnection, conversation_id: str) -> Record | None:
    """Read one conversation."""
    statement = select(conversations).where(conversations.c.id == conversation_id)
    return await fetch_optional(connection, statement)


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


async def positions(
    connection: AsyncConnection, conversation_ids: Sequence[str]
) -> Sequence[Record]:
    """Read (id, last_seq, epoch) of many conversations."""
    columns = (conversations.c.id, conversations.c.last_seq, conversations.c.epoch)
    statement = select(*columns).where(conversations.c.id.in_(conversation_ids))
    return await fetch_all(connection, statement)


# --- who has been in touch with whom ----------------------------------------------------------


async def meet(
    connection: AsyncConnection, one: str, other: str, conversation_id: str
) -> tuple[str, bool]:
    """Give a pair its direct conversation: (its id, whether it is the one proposed here).

    The row of the account that sorts first decides, so two who open at once get the same one.
    """
    first, second = sorted((one, other))
    statement = insert(connection, contacts).values(
        account_id=first, other_id=second, conversation_id=conversation_id
    )
    won = bool((await connection.execute(statement.on_conflict_do_nothing())).rowcount)
    if won:
        await connection.execute(
            contacts.insert().values(
                account_id=second, other_id=first, conversation_id=conversation_id
            )
        )
        return conversation_id, True
    found = await contact(connection, first, second)
    return (found.conversation_id if found else conversation_id), False


async def contact(connection: AsyncConnection, account_id: str, other_id: str) -> Record | None:
    """Read what an account has had to do with another."""
    statement = select(contacts).where(
        contacts.c.account_id == account_id, contacts.c.other_id == other_id
    )
    return await fetch_optional(connection, statement)


async def note_order(connection: AsyncConnection, one: str, other: str, now: datetime) -> None:
    """Note on both sides that the two have an order together."""
    pair = or_(
        and_(contacts.c.account_id == one, contacts.c.other_id == other),
        and_(contacts.c.account_id == other, contacts.c.other_id == one),
    )
    await connection.execute(update(contacts).where(pair).values(last_order_at=now))


async def note_first_words(
    connection: AsyncConnection, pairs: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Note who has written to whom, once."""
    for account_id, other_id in sorted(pairs):
        await connection.execute(
            update(contacts)
            .where(
                contacts.c.account_id == account_id,
                contacts.c.other_id == other_id,
                contacts.c.first_wrote_at.is_(None),
            )
            .values(first_wrote_at=now)
        )
