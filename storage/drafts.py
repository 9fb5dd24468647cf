"""Texts that are not sent yet, one for an account and a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from storage.dialects import insert
from storage.rows import Record, fetch_all, fetch_one, fetch_optional
from storage.tables import drafts, entries


async def put(connection: AsyncConnection, values: Mapping[str, Any]) -> Record:
    """Store a text in place of the one before, and return it with the next version."""
    made = insert(connection, drafts).values(**values, version=1)
    replaced = {name: made.excluded[name] for name in ("body", "after_seq", "updated_at")}
    statement = made.on_conflict_do_update(
        index_elements=("account_id", "conversation_id"),
        set_=replaced | {"version": drafts.c.version + 1},
    ).returning(drafts)
    return await fetch_one(connection, statement)


async def get(connection: AsyncConnection, account_id: str, conversation_id: str) -> Record | None:
    """Read one, with ``sent``: whether its account has sent a message there since."""
    statement = select(drafts, _sent().label("sent")).where(
        drafts.c.account_id == account_id, drafts.c.conversation_id == conversation_id
    )
    return await fetch_optional(connection, statement)


async def of_account(
    connection: AsyncConnection, account_id: str, *, after: str, limit: int
) -> Sequence[Record]:
    """Read those of an account that say something still, by their conversation."""
    statement = (
        select(drafts)
        .where(
            drafts.c.account_id == account_id,
            drafts.c.conversation_id > after,
            drafts.c.body != "",
            ~_sent(),
        )
        .order_by(drafts.c.conversation_id)
        .limit(limit)
    )
    return await fetch_all(connection, statement)


def _sent() -> ColumnElement[bool]:
    return exists().where(
        entries.c.conversation_id == drafts.c.conversation_id,
        entries.c.seq > drafts.c.after_seq,
        entries.c.sender == drafts.c.account_id,
        entries.c.kind == EntryKind.MESSAGE,
    )
