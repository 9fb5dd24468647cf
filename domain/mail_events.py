"""What became of a mail after it was taken: bounces and complaints, and what they mean. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from domain.suppression import BounceKind

# Enhanced codes (RFC 3463) by which a mailbox is known not to be there, or to be full.
HARD_BOUNCES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
MAILBOX_FULL = frozenset({"4.2.2", "5.2.2"})

# What the ledger says of a mail that went out, or may have.
WENT_OUT = frozenset({"sent", "answer_lost"})


class MailEventKind(StrEnum):
    """What is told of a mail."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One piece of news; ``status`` is an enhanced code, ``detail`` what the other side said."""

    message_id: str
    kind: MailEventKind
    status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The ledger's reason, and what counts against the address if anything does."""

    reason: str
    counts: BounceKind | None = None


def meaning_of(event: MailEvent) -> Meaning:
    """Say what news means: for the ledger, and for the address."""
    if event.kind is MailEventKind.COMPLAINT:
        return Meaning("complaint", BounceKind.COMPLAINT)
    if event.status in HARD_BOUNCES:
        return Meaning("hard_bounce", BounceKind.HARD)
    if event.status in MAILBOX_FULL:
        return Meaning("mailbox_full", BounceKind.SOFT)
    if event.status.startswith("5.7."):
        return Meaning("policy_refused")
    return Meaning("refused")


def delivery_of(message_id: str) -> str:
    """Return the id of the delivery that a Message-ID of ours was made of."""
    return message_id.strip().removeprefix("<").partition("@")[0]
