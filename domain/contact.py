"""Who may write to whom: a seller waits for the client's first word, or for an order."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a message may not be sent; the value is the public error code."""

    FIRST_CONTACT_REQUIRED = "first_contact_required"


# What would open the door, in the order in which it is told.
UNLOCKED_BY = ("order", "buyer_message", "grant")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactHistory:
    """What has been between a writer and the other person."""

    other_offers_services: bool
    other_wrote_first: bool
    has_order: bool


def refuse_message(history: ContactHistory) -> Refusal | None:
    """Return the reason to refuse, or None if the writer may write.

    Roles are per conversation, since sellers also buy: whoever writes to somebody who offers
    services comes as a client, and a client may always open.
    """
    if history.other_offers_services or history.other_wrote_first or history.has_order:
        return None
    return Refusal.FIRST_CONTACT_REQUIRED
