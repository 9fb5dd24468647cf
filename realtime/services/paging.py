"""Pages by cursor: an opaque token that says behind which key the next page begins."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from domain.errors import Invalid
from domain.instants import is_moment
from realtime.services.shapes import Page

Key = TypeVar("Key", bound=tuple[Any, ...])
T = TypeVar("T")


def page_of(
    rows: Sequence[Any],
    limit: int,
    *,
    show: Callable[[Any], T],
    key: Callable[[Any], tuple[Any, ...]],
) -> Page[T]:
    """Make a page of ``limit`` from one row more than that, if there are so many."""
    more = len(rows) > limit
    kept = rows[:limit]
    return {
        "items": [show(row) for row in kept],
        "next_cursor": encode_cursor(key(kept[-1])) if more else None,
    }


def encode_cursor(key: tuple[Any, ...]) -> str:
    """Write a key as a token for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _foreign() -> Invalid:
    return Invalid.field("cursor", "is not one that this list gave out")


def decode_cursor(cursor: str, shape: type[Key]) -> Key:
    """Read a token back; refuse one that we did not write for this list."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key: Key = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=shape)
    except (ValueError, msgspec.DecodeError):
        raise _foreign() from None
    if not all(map(_may_stand_in_a_row, key)):
        raise _foreign()
    return key


def _may_stand_in_a_row(part: Any) -> bool:
    """Tell whether a database could have given this: what somebody made up may be anything."""
    if isinstance(part, datetime):
        return is_moment(part)
    return not isinstance(part, str) or "\0" not in part
