"""The direct conversation of two people, made where there is none, for many pairs at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.conversations import ConversationKind
from realtime.importing.batches import Tools
from storage import imports
from storage.engine import Transaction
from storage.rows import Record
from storage.tables import contacts, conversations, inbox_items, participants

Pair = tuple[str, str]
# Where nothing was said nothing shows: whatever is said there first moves it.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


async def meet(tx: Transaction, pairs: Collection[Pair], tools: Tools) -> Mapping[Pair, Record]:
    """Return the contact that the first of each pair has in the other, made for both if need be."""
    found = await imports.met(tx.connection, pairs)
    missing = sorted({(min(pair), max(pair)) for pair in pairs if pair not in found})
    if not missing:
        return found
    now = tools.clock.now()
    made = {pair: tools.new_id() for pair in missing}
    await imports.add(
        tx.connection,
        contacts,
        [
            {"account_id": one, "other_id": other, "conversation_id": conversation_id}
            for pair, conversation_id in made.items()
            for one, other in (pair, pair[::-1])
        ],
    )
    rows = [
        {
            "id": conversation_id,
            "kind": ConversationKind.DIRECT,
            "order_id": None,
            "epoch": tools.new_epoch(),
            "last_seq": 0,
            "rights": 0,
            "created_at": now,
        }
        for conversation_id in made.values()
    ]
    await add_conversations(tx, rows, {made[pair]: pair for pair in missing}, LONG_AGO)
    return {**found, **await imports.met(tx.connection, pairs)}


async def add_conversations(
    tx: Transaction,
    rows: Sequence[Mapping[str, Any]],
    members: Mapping[str, Pair],
    active_at: datetime | Mapping[str, datetime],
    badges: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Store conversations, who takes part, and what both see of them in their inboxes."""
    await imports.add(tx.connection, conversations, rows)
    read = [
        {
            "conversation_id": row["id"],
            "account_id": one,
            "read_seq": row["last_seq"],
            "delivered_seq": row["last_seq"],
        }
        for row in rows
        for one in members[row["id"]]
    ]
    await imports.add(tx.connection, participants, read)
    views = [
        _view(row, one, other, active_at, (badges or {}).get(row["id"], {}))
        for row in rows
        for one, other in (members[row["id"]], members[row["id"]][::-1])
    ]
    await imports.add(tx.connection, inbox_items, views)


def _view(
    row: Mapping[str, Any],
    one: str,
    other: str,
    active_at: datetime | Mapping[str, datetime],
    badge: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "account_id": one,
        "conversation_id": row["id"],
        "kind": row["kind"],
        "with_id": other,
        "order_id": row["order_id"],
        "order_number": badge.get("number"),
        "order_title": badge.get("service_title"),
        "order_status": badge.get("status"),
        "order_due_at": badge.get("due_at"),
        "last_seq": row["last_seq"],
        "read_seq": row["last_seq"],
        "unread": 0,
        "starred": False,
        "archived": False,
        "muted": False,
        "shown": row["kind"] == ConversationKind.ORDER,
        "active_at": active_at if isinstance(active_at, datetime) else active_at[row["id"]],
    }
