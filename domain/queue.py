"""The delivery queue in the words of those who look after it: where deliveries stand, and which."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
