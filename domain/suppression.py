"""When an address is written to no more: bounces and complaints, and how long they count."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

# So many mails that found the mailbox full, in so many days, suspend an address for as long.
MOST_SOFT_BOUNCES = 5
SOFT_BOUNCES_COUNT = timedelta(days=14)

_KEY_LENGTH = 32


class BounceKind(StrEnum):
    """What came back."""

    HARD = "hard_bounce"  # there is no such address
    SOFT = "mailbox_full"
    COMPLAINT = "complaint"  # its owner calls our mail unwanted


class SuppressionReason(StrEnum):
    """Why an address is written to no more; ledger and lists use these words."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What came back of one delivery to an address; ``detail`` is what the other side said."""

    account_id: str
    address: str
    delivery_id: str
    kind: BounceKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """An address is written to no more; without ``until`` until an operator says otherwise."""

    reason: SuppressionReason
    until: datetime | None = None


_AT_ONCE = {
    BounceKind.HARD: SuppressionReason.HARD_BOUNCE,
    BounceKind.COMPLAINT: SuppressionReason.COMPLAINT,
}


def suspension(kind: BounceKind, *, soft_bounces: int, now: datetime) -> Suspension | None:
    """Say what comes of a bounce; ``soft_bounces`` are those that count, this one among them."""
    at_once = _AT_ONCE.get(kind)
    if at_once is not None:
        return Suspension(reason=at_once)
    if soft_bounces < MOST_SOFT_BOUNCES:
        return None
    return Suspension(reason=SuppressionReason.SOFT_BOUNCES, until=now + SOFT_BOUNCES_COUNT)


def address_key(address: str) -> str:
    """Return the id of an address, by which all spellings of it are one."""
    local, _, host = address.strip().rpartition("@")
    # What mail could not be sent to can still be told from others.
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    spelled = f"{local}@{host}".casefold()
    return sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_LENGTH]
