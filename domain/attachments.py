"""Attachments: where one stands, what it is part of, and when it may be shown in place."""

from enum import StrEnum

MAX_ATTACHMENT_NAME = 120
# An upload that comes in more pieces than this is somebody's mistake.
MAX_PIECES = 1_000
# How many an account may have that are not part of anything yet.
MOST_UNSENT = 100
# Larger pictures are refused: a few kilobytes can unfold to gigabytes.
MAX_PIXELS = 50_000_000


class AttachmentStatus(StrEnum):
    """How far an attachment is."""

    UPLOADING = "uploading"
    READY = "ready"
    INFECTED = "infected"
    REMOVED = "removed"


class AttachmentUse(StrEnum):
    """What an attachment is part of."""

    MESSAGE = "message"
    HELD = "held"
    DELIVERY = "delivery"
    DRAFT = "draft"
    ANSWER = "answer"


# Nobody but its owner reads what is part of these; operators apart.
OWN_USES = frozenset({AttachmentUse.HELD, AttachmentUse.DRAFT})

PLAIN = "application/octet-stream"
PICTURES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
# What browsers show or play by themselves, and nothing in it can run.
_PASSIVE = PICTURES | {
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "video/mp4",
    "video/ogg",
    "video/webm",
}
# What a browser would run if it showed it: it never hears their names.
_ACTIVE = frozenset({"application/xml", "image/svg+xml", "text/html", "text/javascript"})


def shown_in_place(media_type: str) -> bool:
    """Tell whether a browser may show this in the page; everything else is saved as a file."""
    return media_type in _PASSIVE


def served_as(media_type: str) -> str:
    """Return the type that a browser is told."""
    return PLAIN if media_type in _ACTIVE else media_type
