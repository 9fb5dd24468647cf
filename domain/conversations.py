"""Conversations and what is written in them."""

from enum import StrEnum

MAX_BODY = 10_000
MAX_CLIENT_ID = 64
MAX_ATTACHMENTS = 10
# As far as every reader of JSON counts exactly.
MAX_SEQ = 2**53 - 1
PREVIEW = 120


class ConversationKind(StrEnum):
    """An order's conversation, or the one that two people have outside of orders."""

    ORDER = "order"
    DIRECT = "direct"


class EntryKind(StrEnum):
    """What has a sequence number in a conversation."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    ORDER = "order"


def preview(body: str) -> str:
    """Cut a message to one line for the list of conversations."""
    line = " ".join(body.split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"
