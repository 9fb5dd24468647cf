"""Who may write to whom: a seller waits for the client's first word, an order, or a grant.

Blocks win over all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Refusal(StrEnum):
    """Why a message may not be sent; the value is the public error code."""

    FIRST_CONTACT_REQUIRED = "first_contact_required"
    BLOCKED = "blocked"
    YOU_BLOCKED = "you_blocked"
    CONVERSATION_CLOSED = "conversation_closed"


# What would open the door, in the order in which it is told.
UNLOCKED_BY: Mapping[Refusal, tuple[str, ...]] = {
    Refusal.FIRST_CONTACT_REQUIRED: ("order", "buyer_message", "grant"),
    Refusal.BLOCKED: (),
    Refusal.YOU_BLOCKED: ("unblock",),
    Refusal.CONVERSATION_CLOSED: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactHistory:
    """What has been between a writer and the other person."""

    other_offers_services: bool
    other_wrote_first: bool
    has_order: bool
    granted_until: datetime | None = None
    blocks_other: bool = False
    blocked_by_other: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a writer may not write, or until when they may: for good where there is no time."""

    refusal: Refusal | None = None
    until: datetime | None = None


def standing(history: ContactHistory, now: datetime) -> Standing:
    """Tell whether a writer may write at ``now``.

    Roles are per conversation, since sellers also buy: whoever writes to somebody who offers
    services comes as a client, and a client may always open.
    """
    if history.blocks_other:
        return Standing(Refusal.YOU_BLOCKED)
    if history.blocked_by_other:
        return Standing(Refusal.BLOCKED)
    if history.other_offers_services or history.other_wrote_first or history.has_order:
        return Standing()
    if history.granted_until is not None and now < history.granted_until:
        return Standing(until=history.granted_until)
    return Standing(Refusal.FIRST_CONTACT_REQUIRED)
