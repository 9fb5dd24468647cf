"""What whoever writes a message is shown: the message, and what was found in it."""

from typing import NotRequired, TypedDict

from domain.contact_details import DetailKind, DetailMode
from realtime.services.shapes import Count, Message


class FoundDetail(TypedDict):
    """A contact detail in a text: the characters from `start` up to `end`."""

    kind: DetailKind
    start: Count
    end: Count
    text: str


class ContactDetails(TypedDict):
    """What was found in a text between two people who have no order yet, and what becomes of it.

    `warn`: it is sent as it is; `mask`: without what was found; `hold`: an operator looks first.
    """

    mode: DetailMode
    found: list[FoundDetail]


class CheckedMessage(TypedDict):
    """What would become of a text; null where there is nothing to say."""

    contact_details: ContactDetails | None


class OneMessage(TypedDict):
    """A message that was just sent or changed; with the contact details that were found in it."""

    message: Message
    contact_details: NotRequired[ContactDetails]
