"""Storing many things at once that happened elsewhere: what is there stays as it is.

Each function takes what is new of one kind, and stores it by a few statements for all of it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.dialects import TEXT, among, batch, change_rows, insert, insert_rows
from storage.rows import Record, fetch_all
from storage.tables import (
    contacts,
    conversations,
    entries,
    inbox_items,
    order_numbers,
    orders,
    participants,
)

Values = Mapping[str, Any]
Pair = tuple[str, str]
Sent = tuple[str, str, str]
PAIR = ("account_id", "other_id")


async def known(
    connection: AsyncConnection, table: Table, ids: Collection[str], *names: str
) -> Mapping[str, Record]:
    """Read these columns of what there is of accounts, services and orders, by id."""
    columns = (table.c.id, *(table.c[name] for name in names))
    rows = await fetch_all(connection, select(*columns).where(among(connection, table.c.id, ids)))
    return {row.id: row for row in rows}


THREAD = (
    conversations.c.id,
    conversations.c.rights,
    conversations.c.last_seq,
    conversations.c.closed_at,
)


async def threads(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Record]:
    """Read how far conversations are, by id."""
    statement = select(*THREAD).where(among(connection, conversations.c.id, ids))
    return {row.id: row for row in await fetch_all(connection, statement)}


async def threads_of_orders(
    connection: AsyncConnection, order_ids: Collection[str]
) -> Mapping[str, Record]:
    """Read the same of orders' conversations, and (seller_id, buyer_id), by the order's id."""
    columns = (orders.c.id.label("order_id"), orders.c.seller_id, orders.c.buyer_id)
    statement = (
        select(*THREAD, *columns)
        .join(orders, orders.c.conversation_id == conversations.c.id)
        .where(among(connection, orders.c.id, order_ids))
    )
    return {row.order_id: row for row in await fetch_all(connection, statement)}


async def add(connection: AsyncConnection, table: Table, rows: Sequence[Values]) -> None:
    """Store new rows, all of the same columns."""
    if rows:
        await insert_rows(connection, table, tuple(rows[0]), [tuple(row.values()) for row in rows])


async def add_missing(connection: AsyncConnection, table: Table, rows: Sequence[Values]) -> None:
    """Store those of these rows that are not there."""
    if rows:
        await connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


async def count_up(connection: AsyncConnection, order_ids: Sequence[str]) -> Mapping[str, int]:
    """Give orders the next numbers."""
    counted = batch(connection.dialect.name, id=TEXT)
    statement = (
        order_numbers.insert()
        .from_select(["order_id"], select(counted.c.id))
        .returning(order_numbers.c.order_id, order_numbers.c.number)
    )
    rows = [{"id": order_id} for order_id in order_ids]
    found = await fetch_all(connection, statement, {"rows": rows})
    return {row.order_id: row.number for row in found}


# --- pairs ------------------------------------------------------------------------------------


async def met(connection: AsyncConnection, pairs: Collection[Pair]) -> Mapping[Pair, Record]:
    """Read what (account, other) have had to do with each other."""
    asked = batch(connection.dialect.name, account_id=TEXT, other_id=TEXT)
    statement = select(contacts).join(
        asked,
        (contacts.c.account_id == asked.c.account_id) & (contacts.c.other_id == asked.c.other_id),
    )
    rows = [{"account_id": one, "other_id": other} for one, other in pairs]
    found = await fetch_all(connection, statement, {"rows": rows})
    return {(row.account_id, row.other_id): row for row in found}


async def note_orders(
    connection: AsyncConnection, rows: Sequence[tuple[datetime, Values | None, str, str]]
) -> None:
    """Write (last_order_at, completed) of (account, other)."""
    await change_rows(connection, contacts, PAIR, ("last_order_at", "completed"), rows)


async def note_first_words(
    connection: AsyncConnection, rows: Sequence[tuple[datetime, str, str]]
) -> None:
    """Write since when (account, other) is written to."""
    await change_rows(connection, contacts, PAIR, ("first_wrote_at",), rows)


# --- conversations ----------------------------------------------------------------------------


async def sequences(connection: AsyncConnection, sent: Collection[Sent]) -> Mapping[Sent, int]:
    """Read the seq of what is stored under these (conversation_id, sender, client_id)."""
    asked = batch(connection.dialect.name, conversation_id=TEXT, sender=TEXT, client_id=TEXT)
    columns = (entries.c.conversation_id, entries.c.sender, entries.c.client_id)
    statement = select(*columns, entries.c.seq).join(
        asked,
        (entries.c.conversation_id == asked.c.conversation_id)
        & (entries.c.sender == asked.c.sender)
        & (entries.c.client_id == asked.c.client_id),
    )
    names = ("conversation_id", "sender", "client_id")
    rows = [dict(zip(names, each, strict=True)) for each in sent]
    found = await fetch_all(connection, statement, {"rows": rows})
    return {(row.conversation_id, row.sender, row.client_id): row.seq for row in found}


async def note_edits(
    connection: AsyncConnection, rows: Sequence[tuple[datetime, str, int]]
) -> None:
    """Write when messages (conversation, seq) were last changed."""
    await change_rows(connection, entries, ("conversation_id", "seq"), ("edited_at",), rows)


async def items(connection: AsyncConnection, keys: Collection[Pair]) -> Sequence[Record]:
    """Read what (account, conversation) see of conversations, as far as messages change it."""
    asked = batch(connection.dialect.name, account_id=TEXT, conversation_id=TEXT)
    columns = ("account_id", "conversation_id", "read_seq", "unread", "active_at")
    statement = select(*(inbox_items.c[name] for name in columns)).join(
        asked,
        (inbox_items.c.account_id == asked.c.account_id)
        & (inbox_items.c.conversation_id == asked.c.conversation_id),
    )
    rows = [{"account_id": one, "conversation_id": other} for one, other in keys]
    return await fetch_all(connection, statement, {"rows": rows})


# What a message changes of a view.
CHANGED = (
    "last_seq",
    "last_message_seq",
    "last_message_sender",
    "last_message_preview",
    "last_message_at",
    "read_seq",
    "unread",
    "shown",
    "active_at",
)
VIEW = ("account_id", "conversation_id")


async def change_items(connection: AsyncConnection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write what accounts see of conversations: the values of CHANGED, then those of VIEW."""
    await change_rows(connection, inbox_items, VIEW, CHANGED, rows)


async def read_up_to(connection: AsyncConnection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Write how far (seq, account, conversation) have read: all of it was delivered."""
    receipts = [(seq, seq, *view) for seq, *view in rows]
    await change_rows(connection, participants, VIEW, ("read_seq", "delivered_seq"), receipts)
