"""The contact rule, asked in the transaction that depends on it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contact
from domain.contact import ContactHistory, Refusal, Standing
from domain.conversations import ConversationKind
from domain.errors import Forbidden
from storage import blocks, contacts
from storage.rows import Record

REASONS = {
    Refusal.FIRST_CONTACT_REQUIRED: (
        "you can write to this person once they have written to you or ordered from you"
    ),
    Refusal.BLOCKED: "this person takes no messages from you outside of orders",
    Refusal.YOU_BLOCKED: "you have blocked this person",
    Refusal.CONVERSATION_CLOSED: "this conversation is closed: the other person is gone",
}

Pair = tuple[str, str]


async def standing(connection: AsyncConnection, writer: str, other: str, now: datetime) -> Standing:
    """Tell whether ``writer`` may write to ``other`` outside of orders."""
    return (await standings(connection, [(writer, other)], now))[writer, other]


async def standings(
    connection: AsyncConnection, pairs: Collection[Pair], now: datetime
) -> Mapping[Pair, Standing]:
    """Tell it of many (writer, other), by one query."""
    if not pairs:
        return {}
    rows = await contacts.histories(connection, pairs)
    return {(row.writer, row.other): contact.standing(_history(row), now) for row in rows}


async def refusals(
    connection: AsyncConnection, items: Sequence[Record], now: datetime
) -> Mapping[Pair, Refusal | None]:
    """Tell why the owners of inbox items may not write there, by (account, conversation)."""
    direct = {
        (item.account_id, item.with_id) for item in items if item.kind == ConversationKind.DIRECT
    }
    found = await standings(connection, direct, now)
    return {(item.account_id, item.conversation_id): _refusal(item, found) for item in items}


async def shut_out(connection: AsyncConnection, items: Sequence[Record]) -> frozenset[Pair]:
    """Name the owners of inbox items who may not listen there, by (account, conversation).

    Whom the other one blocks hears no more of them outside of orders.
    """
    direct = {
        (item.with_id, item.account_id): (item.account_id, item.conversation_id)
        for item in items
        if item.kind == ConversationKind.DIRECT
    }
    found = await blocks.those_among(connection, direct)
    return frozenset(direct[pair] for pair in found)


def _refusal(item: Record, found: Mapping[Pair, Standing]) -> Refusal | None:
    """What is written about an order needs no leave, as long as somebody is there to read it."""
    if item.closed_at is not None:
        return Refusal.CONVERSATION_CLOSED
    if item.kind == ConversationKind.ORDER:
        return None
    return found[item.account_id, item.with_id].refusal


def _history(row: Record) -> ContactHistory:
    return ContactHistory(
        other_wrote_first=row.other_wrote_first,
        has_order=row.has_order,
        other_offers_services=row.other_offers_services,
        granted_until=row.granted_until,
        blocks_other=row.blocks_other,
        blocked_by_other=row.blocked_by_other,
    )


def forbidden(reason: Refusal) -> Forbidden:
    """Say it so that a page can show it."""
    return Forbidden(REASONS[reason], code=reason)
