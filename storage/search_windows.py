"""Stretches of time by which PostgreSQL's index of words is asked for what is newest. Pure.

Each message has words that say in which stretches it was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# In milliseconds, as all that is a time here: eleven days, and half a year.
HOUR = 3_600_000
SHORT, LONG = 256 * HOUR, 4_096 * HOUR
NAMES = {SHORT: "s", LONG: "l"}
# Clocks differ, and what was brought along may be a little ahead.
AHEAD = HOUR // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was written from ``since`` up to ``until``; it has one of these ``marks``."""

    since: int
    until: int
    marks: Sequence[str]


def marks(at: int) -> Sequence[str]:
    """Return the words for when this is."""
    return [_mark(length, at // length) for length in NAMES]


def before(latest: int) -> tuple[Window, Window]:
    """Return a short and a long window that end with what was written at ``latest``."""
    return _window(latest + AHEAD, SHORT), _window(latest + AHEAD, LONG)


def _window(latest: int, length: int) -> Window:
    """Take the stretch that this is in, and as that may just have begun, the one before it."""
    last = latest // length
    marked = [_mark(length, number) for number in (last - 1, last)]
    return Window(since=(last - 1) * length, until=(last + 1) * length, marks=marked)


def _mark(length: int, number: int) -> str:
    return f"__{NAMES[length]}{number:x}"
