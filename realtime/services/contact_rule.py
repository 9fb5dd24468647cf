"""The contact rule, asked in the transaction that depends on it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contact
from domain.contact import ContactHistory, Refusal, Standing
from domain.errors import Forbidden
from storage import accounts, blocks, contacts

REASONS = {
    Refusal.FIRST_CONTACT_REQUIRED: (
        "you can write to this person once they have written to you or ordered from you"
    ),
    Refusal.BLOCKED: "this person takes no messages from you outside of orders",
    Refusal.YOU_BLOCKED: "you have blocked this person",
}


async def standing(connection: AsyncConnection, writer: str, other: str, now: datetime) -> Standing:
    """Tell whether ``writer`` may write to ``other`` outside of orders."""
    theirs = await contacts.get(connection, other, writer)
    wrote = theirs is not None and theirs.first_wrote_at is not None
    ordered = theirs is not None and theirs.last_order_at is not None
    blocking = await blocks.between(connection, writer, other)
    history = ContactHistory(
        other_wrote_first=wrote,
        has_order=ordered,
        other_offers_services=await accounts.offers_services(connection, other),
        granted_until=await contacts.granted_until(connection, writer, other),
        blocks_other=writer in blocking,
        blocked_by_other=other in blocking,
    )
    return contact.standing(history, now)


def forbidden(reason: Refusal) -> Forbidden:
    """Say it so that a page can show it."""
    return Forbidden(REASONS[reason], code=reason)
