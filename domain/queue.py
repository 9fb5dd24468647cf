"""The delivery queue in the words of those who look after it: where deliveries stand, and which."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.identity import ID_PATTERN

# Whom deliveries are for, as they are listed: an account, or an endpoint of the marketplace's own.
ADDRESSEE_PATTERN = rf"(webhook:)?{ID_PATTERN}"
_ADDRESSEE = re.compile(ADDRESSEE_PATTERN)


def is_addressee(text: str) -> bool:
    """Tell whether deliveries may be for this."""
    return _ADDRESSEE.fullmatch(text) is not None


class DeliveryState(StrEnum):
    """Where a delivery stands; from ``ACCEPTED`` on it has ended."""

    SCHEDULED = "scheduled"  # not due yet
    DUE = "due"
    RETRYING = "retrying"  # was tried, and waits for the next time
    SENDING = "sending"  # a worker has it
    ACCEPTED = "accepted"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deliveries; what is None does not matter. ``since`` and ``until`` are of its making."""

    state: DeliveryState | None = None
    channel: str | None = None
    category: str | None = None
    account_id: str | None = None
    order_id: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
