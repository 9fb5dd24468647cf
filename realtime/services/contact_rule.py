"""The contact rule, asked in the transaction that depends on it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import ContactHistory, Refusal, refuse_message
from domain.errors import Forbidden
from storage import accounts, conversations

REASONS = {
    Refusal.FIRST_CONTACT_REQUIRED: (
        "you can write to this person once they have written to you or ordered from you"
    ),
}


async def refusal(connection: AsyncConnection, writer: str, other: str) -> Refusal | None:
    """Tell why ``writer`` may not write to ``other`` outside of orders, or None."""
    theirs = await conversations.contact(connection, other, writer)
    return refuse_message(
        ContactHistory(
            other_offers_services=await accounts.offers_services(connection, other),
            other_wrote_first=theirs is not None and theirs.first_wrote_at is not None,
            has_order=theirs is not None and theirs.last_order_at is not None,
        )
    )


def forbidden(reason: Refusal) -> Forbidden:
    """Say it so that a page can show it."""
    return Forbidden(REASONS[reason], code=reason)
