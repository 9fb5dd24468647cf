"""What each action on an order needs to be told: one shape for each, checked field by field."""

from typing import Annotated

from msgspec import Meta, Struct

from domain.identity import ID_PATTERN
from domain.requirements import MAX_FILES, Answer
from domain.texts import SEEN_PATTERN

Text = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=SEEN_PATTERN)]
OptionalText = Annotated[str, Meta(max_length=10_000)]
AttachmentId = Annotated[str, Meta(pattern=rf"\A{ID_PATTERN}\Z")]
Version = Annotated[int, Meta(ge=0)]
Days = Annotated[int, Meta(ge=1, le=365)]


class Data(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What comes along with an action."""


class Nothing(Data, frozen=True):
    """Nothing comes along."""


class Handover(Data, frozen=True):
    """Files, and what the seller says about them."""

    message: OptionalText = ""
    attachments: Annotated[list[AttachmentId], Meta(max_length=MAX_FILES)] = []


class Deliver(Handover, frozen=True):
    """A delivery."""


class ForApproval(Handover, frozen=True):
    """A draft, where it is not the plan alone that is to be approved."""


class AskForChanges(Data, frozen=True):
    """What is to be changed."""

    message: Text


class Approval(Data, frozen=True):
    """Which version of a plan is approved; without it, whichever there is."""

    version: Version | None = None


class SendBack(AskForChanges, frozen=True):
    """What of a plan is to be changed, and in which version."""

    version: Version | None = None


class AskForTime(Data, frozen=True):
    """How many more days, and why."""

    days: Days
    reason: OptionalText = ""


class AskToCancel(Data, frozen=True):
    """Why the order is to be cancelled."""

    reason: Text


class Say(Data, frozen=True):
    """A word that comes along, if there is one."""

    reason: OptionalText = ""


class NoteText(Data, frozen=True):
    """A private note."""

    body: Text


class Answers(Data, frozen=True):
    """Answers to the seller's questions."""

    answers: dict[str, Answer]
