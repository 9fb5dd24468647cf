"""What is shut just now, for all of this worker: found out by itself, or told by the others. Pure.

Until its moment nobody sends there, and no attempt is spent on it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from realtime.delivery.reasons import Reason

MOST_SHUT = 10_000
LONGEST_NAME = 300


class Kind(StrEnum):
    """What can be shut."""

    PUSH = "push"  # a push service, by its origin
    RELAY = "relay"  # a mail server of ours
    DOMAIN = "domain"  # whom mails are for


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is sent."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Shut:
    """Until when it is left alone, and why."""

    until: datetime
    reason: Reason


class Board:
    """Holds what is shut; what was found out here is news until somebody has carried it on."""

    def __init__(self, most: int = MOST_SHUT) -> None:
        self._most = most
        self._shut: dict[Place, Shut] = {}
        self._news: dict[Place, Shut | None] = {}
        self._tell: Callable[[], None] = _nobody

    def announce_to(self, tell: Callable[[], None]) -> None:
        """Say who carries on what is found out here."""
        self._tell = tell

    def look(self, where: Place, now: datetime) -> Shut | None:
        """Tell whether something is shut."""
        known = self._shut.get(where)
        return known if known is not None and known.until > now else None

    def was_shut(self, where: Place) -> bool:
        """Tell whether it was shut, or is, and nobody has found out that it works again."""
        return where in self._shut

    def shut(self, where: Place, until: datetime, reason: Reason) -> None:
        """Leave something alone until then, or longer if that was known."""
        known = self._shut.get(where)
        if known is not None and known.until >= until:
            return
        self._news[where] = found = Shut(until, reason)
        self._put(where, found)
        self._tell()

    def reopen(self, where: Place) -> None:
        """Leave it alone no longer."""
        if self._shut.pop(where, None) is not None:
            self._news[where] = None
            self._tell()

    def take_news(self) -> Mapping[Place, Shut | None]:
        """Return what the others do not know yet; None for what is open again."""
        news, self._news = self._news, {}
        return news

    def put_back(self, news: Mapping[Place, Shut | None]) -> None:
        """Have it told later; what was found out meanwhile is newer."""
        self._news = {**news, **self._news}

    def learn(self, told: Iterable[tuple[Place, Shut]], now: datetime) -> None:
        """Know what all know, and what they do not know yet.

        What is not told any more is open again, but for what merely ran out: nobody has tried that.
        """
        ran_out = {where: known for where, known in self._shut.items() if known.until <= now}
        own = {where: known for where, known in self._shut.items() if where in self._news}
        self._shut = {}
        for where, found in (*ran_out.items(), *told, *own.items()):
            known = self._shut.get(where)
            if known is None or known.until < found.until:
                self._put(where, found)
        for where, news in self._news.items():
            if news is None:
                self._shut.pop(where, None)

    def _put(self, where: Place, found: Shut) -> None:
        self._shut[where] = found
        if len(self._shut) > self._most:
            del self._shut[min(self._shut, key=lambda each: self._shut[each].until)]


def _nobody() -> None:
    """Tell nobody."""


def place(kind: Kind, name: str) -> Place:
    """Name a place, as it is written down."""
    return Place(kind, name[:LONGEST_NAME])
