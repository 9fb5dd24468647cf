"""The index of words: what of a conversation is in it, and writing what is not.

Whatever becomes of a message is an entry of its conversation, with the next sequence number, that
becomes visible in order. So one number a conversation says what the index has; it is written in
the transaction that writes the words.
"""

import base64
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, Select, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage import search_windows
from storage.columns import Json
from storage.dialects import INT, TEXT, among, batch, insert
from storage.rows import Record, fetch_all
from storage.sqlite_connection import IN_A_THREAD
from storage.tables import conversations, entries, participants, search_documents, search_progress

# Of a message's number the upper bits are its time in milliseconds.
SHIFT = 20
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What of a conversation is to be indexed next: what is behind ``after``, up to ``upto``."""

    conversation_id: str
    after: int
    upto: int
    removals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A message as it is to be found: its words, and who may find it."""

    conversation_id: str
    seq: int
    at: datetime
    words: Sequence[str]
    readers: Sequence[str]


@lru_cache(maxsize=10_000)
def key(account_id: str) -> str:
    """Return what the words of an account's messages begin with; that two share one is harmless."""
    digest = hashlib.blake2b(account_id.encode(), digest_size=5).digest()
    return base64.b32encode(digest).decode().lower()


def first_number(document: Document) -> int:
    """Return the number that a message has if no other has it."""
    name = f"{document.conversation_id} {document.seq}".encode()
    low = int.from_bytes(hashlib.blake2b(name, digest_size=4).digest()) >> (32 - SHIFT)
    return milliseconds(document.at) << SHIFT | low


def milliseconds(at: datetime) -> int:
    """Return a time as the numbers of messages have it."""
    return int(at.timestamp() * 1000)


# --- what is not in it ------------------------------------------------------------------------


async def behind(connection: AsyncConnection, conversation_ids: Collection[str]) -> list[Stretch]:
    """Read which of these conversations have what is not indexed."""
    statement = _progress().where(among(connection, conversations.c.id, conversation_ids))
    return [_stretch(row) for row in await fetch_all(connection, statement) if _is_behind(row)]


async def look_through(
    connection: AsyncConnection, place: str, limit: int
) -> tuple[Sequence[str], str | None]:
    """Look at the next conversations behind ``place``: those that are behind, and the last."""
    statement = _progress().where(conversations.c.id > place).order_by(conversations.c.id)
    rows = await fetch_all(connection, statement.limit(limit))
    last = rows[-1].id if len(rows) == limit else None
    return [row.id for row in rows if _is_behind(row)], last


def _progress() -> Select[Any]:
    indexed = func.coalesce(search_progress.c.indexed_seq, 0).label("indexed_seq")
    removals = func.coalesce(search_progress.c.removals, 0).label("removals")
    return select(conversations.c.id, conversations.c.last_seq, indexed, removals).join(
        search_progress, search_progress.c.conversation_id == conversations.c.id, isouter=True
    )


def _is_behind(row: Record) -> bool:
    return bool(row.last_seq > row.indexed_seq)


def _stretch(row: Record) -> Stretch:
    return Stretch(
        conversation_id=row.id, after=row.indexed_seq, upto=row.last_seq, removals=row.removals
    )


async def new_entries(
    connection: AsyncConnection, stretches: Sequence[Stretch]
) -> Sequence[Record]:
    """Read (conversation_id, seq, kind, body, target_seq, at, deleted_at) of these stretches."""
    wanted = batch(connection.dialect.name, id=TEXT, after=INT, upto=INT)
    statement = select(*_READ).join(
        wanted,
        (entries.c.conversation_id == wanted.c.id)
        & (entries.c.seq > wanted.c.after)
        & (entries.c.seq <= wanted.c.upto),
    )
    rows = [{"id": s.conversation_id, "after": s.after, "upto": s.upto} for s in stretches]
    return await fetch_all(connection, statement, {"rows": rows})


async def messages(connection: AsyncConnection, places: Collection[Place]) -> Sequence[Record]:
    """Read the same of those of these (conversation, seq) that are there."""
    wanted = batch(connection.dialect.name, id=TEXT, seq=INT)
    statement = select(*_READ).join(
        wanted, (entries.c.conversation_id == wanted.c.id) & (entries.c.seq == wanted.c.seq)
    )
    return await fetch_all(connection, statement, {"rows": _places(places)})


_READ = tuple(
    entries.c[name]
    for name in ("conversation_id", "seq", "kind", "body", "target_seq", "at", "deleted_at")
)


def stands(row: Record) -> bool:
    """Tell whether an entry is something to be found."""
    return row.kind == EntryKind.MESSAGE and row.deleted_at is None


async def readers(
    connection: AsyncConnection, conversation_ids: Collection[str]
) -> Mapping[str, Sequence[str]]:
    """Read who takes part in conversations."""
    columns = (participants.c.conversation_id, participants.c.account_id)
    statement = select(*columns).where(
        among(connection, participants.c.conversation_id, conversation_ids)
    )
    found: dict[str, list[str]] = {}
    for row in await fetch_all(connection, statement):
        found.setdefault(row.conversation_id, []).append(row.account_id)
    return found


# --- writing it -------------------------------------------------------------------------------


async def claim(connection: AsyncConnection, stretches: Sequence[Stretch]) -> set[str]:
    """Note that these are indexed; return the conversations of which that is for us to do.

    It is not where somebody else has done it, does it, or has removed something meanwhile.
    """
    made = insert(connection, search_progress).on_conflict_do_nothing()
    wanted = {each.conversation_id: each for each in sorted(stretches, key=_by_conversation)}
    missing = [
        {"conversation_id": id_, "indexed_seq": 0, "removals": 0}
        for id_, each in wanted.items()
        if not each.after
    ]
    if missing:
        await connection.execute(made, missing)
    held = await fetch_all(
        connection,
        select(search_progress)
        .where(among(connection, search_progress.c.conversation_id, wanted))
        .order_by(search_progress.c.conversation_id)
        .with_for_update(skip_locked=True),
    )
    ours = {
        row.conversation_id
        for row in held
        if row.indexed_seq == wanted[row.conversation_id].after
        and row.removals == wanted[row.conversation_id].removals
    }
    reached = batch(connection.dialect.name, id=TEXT, upto=INT)
    rows = [{"id": id_, "upto": wanted[id_].upto} for id_ in sorted(ours)]
    await connection.execute(
        update(search_progress)
        .where(search_progress.c.conversation_id == reached.c.id)
        .values(indexed_seq=reached.c.upto),
        {"rows": rows},
    )
    return ours


def _by_conversation(stretch: Stretch) -> str:
    return stretch.conversation_id


async def add(connection: AsyncConnection, documents: Sequence[Document]) -> None:
    """Put messages into the index that are not there."""
    if not documents:
        return
    numbered = await _numbered(connection, documents)
    dialect = connection.dialect.name
    rows = [
        {
            "conversation_id": each.conversation_id,
            "seq": each.seq,
            "doc": doc,
            "words": " ".join(_marked(dialect, doc, each)),
        }
        for doc, each in sorted(numbered.items())
    ]
    for statement in _ADDING[dialect]:
        await connection.execute(statement, {"rows": rows})


def _marked(dialect: str, doc: int, document: Document) -> Iterator[str]:
    """Mark each word with whose it is; PostgreSQL is told by another word when that was said."""
    for account_id in document.readers:
        mark = key(account_id)
        for word in document.words:
            yield f"{mark}_{word}"
        if dialect == "postgresql":
            for when in search_windows.marks(doc >> SHIFT):
                yield f"{mark}{when}"


async def _numbered(
    connection: AsyncConnection, documents: Sequence[Document]
) -> dict[int, Document]:
    """Give each a number that no other has."""
    numbered: dict[int, Document] = {}
    left = [(first_number(each), each) for each in documents]
    while left:
        known = batch(connection.dialect.name, doc=INT)
        statement = select(search_documents.c.doc).join(
            known, search_documents.c.doc == known.c.doc
        )
        rows = [{"doc": doc} for doc, _ in left]
        taken = set((await connection.execute(statement, {"rows": rows})).scalars())
        again = []
        for doc, each in left:
            if doc in taken or doc in numbered:
                again.append((doc + 1, each))
            else:
                numbered[doc] = each
        left = again
    return numbered


async def remove(connection: AsyncConnection, places: Collection[Place]) -> None:
    """Take messages out of the index; those that are not in it stay out."""
    if places:
        for statement in _REMOVING[connection.dialect.name]:
            await connection.execute(statement, {"rows": _places(places)})


async def remove_for_good(
    connection: AsyncConnection, conversation_id: str, sequences: Collection[int]
) -> None:
    """Take out what is deleted in this transaction, with no entry that says so."""
    made = insert(connection, search_progress).values(
        conversation_id=conversation_id, indexed_seq=0, removals=1
    )
    await connection.execute(
        made.on_conflict_do_update(
            index_elements=["conversation_id"],
            set_={"removals": search_progress.c.removals + 1},
        )
    )
    await remove(connection, [(conversation_id, seq) for seq in sequences])


def _places(places: Collection[Place]) -> Sequence[Mapping[str, object]]:
    return [{"id": conversation_id, "seq": seq} for conversation_id, seq in places]


def _written(sql: str) -> Executable:
    return text(sql).bindparams(bindparam("rows", type_=Json))


def _at_length(sql: str) -> Executable:
    return _written(IN_A_THREAD + sql)


_ADDING: Mapping[str, Sequence[Executable]] = {
    "postgresql": [
        _written(
            """INSERT INTO search_documents (conversation_id, seq, doc, words)
            SELECT conversation_id, seq, doc, array_to_tsvector(string_to_array(words, ' '))
            FROM jsonb_to_recordset(:rows)
                AS batch (conversation_id text, seq bigint, doc bigint, words text)"""
        )
    ],
    "sqlite": [
        _at_length(
            """INSERT INTO search_documents (conversation_id, seq, doc, words)
            SELECT value->>'conversation_id', value->>'seq', value->>'doc', value->>'words'
            FROM json_each(:rows)"""
        ),
        _at_length(
            """INSERT INTO search_words (rowid, words)
            SELECT value->>'doc', value->>'words' FROM json_each(:rows)"""
        ),
    ],
}
_REMOVING: Mapping[str, Sequence[Executable]] = {
    "postgresql": [
        _written(
            """DELETE FROM search_documents USING
            jsonb_to_recordset(:rows) AS gone (id text, seq bigint)
            WHERE conversation_id = gone.id AND search_documents.seq = gone.seq"""
        )
    ],
    "sqlite": [
        # FTS5 keeps no words that it could look up: it is told what it is to forget.
        _at_length(
            """INSERT INTO search_words (search_words, rowid, words)
            SELECT 'delete', doc, words FROM search_documents WHERE (conversation_id, seq) IN
            (SELECT value->>'id', value->>'seq' FROM json_each(:rows))"""
        ),
        _written(
            """DELETE FROM search_documents WHERE (conversation_id, seq) IN
            (SELECT value->>'id', value->>'seq' FROM json_each(:rows))"""
        ),
    ],
}
