"""Who writes is told to a thread, not too often; and the last word of it always comes through."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from domain.publications import Publication

EVERY = 2.0
LASTS = 6
# Somebody who writes in more threads at once is nobody who writes.
MOST_THREADS = 10


class Listens(Protocol):
    """The connection of somebody who writes."""

    def listens(self, channel: str) -> bool:
        """Tell whether it has this channel open."""
        ...


class _Typist:
    """What was told of an account lately, and what has yet to be told, by channel."""

    __slots__ = ("told", "waiting")

    def __init__(self) -> None:
        self.told: dict[str, bool] = {}
        self.waiting: dict[str, tuple[bool, Listens]] = {}


class Typists:
    """At most one announcement in two seconds an account.

    What comes too early waits, unless the thread knows it already; only the last word of a thread
    counts. ``call_later`` is the event loop's.
    """

    def __init__(
        self,
        *,
        announce: Callable[[Publication], object],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._announce = announce
        self._call_later = call_later
        # Those of whom something was told in the last two seconds.
        self._typists: dict[str, _Typist] = {}

    def note(self, account: str, channel: str, *, typing: bool, caller: Listens) -> None:
        """Tell a thread that an account writes there, or no more: now or as soon as it may be."""
        typist = self._typists.get(account)
        if typist is None:
            typist = self._typists[account] = _Typist()
            self._tell(account, typist, channel, typing=typing)
            return
        typist.waiting.pop(channel, None)
        if typist.told.get(channel) is not typing:
            typist.waiting[channel] = (typing, caller)
            _shorten(typist.waiting)

    def _tell(self, account: str, typist: _Typist, channel: str, *, typing: bool) -> None:
        typist.told.pop(channel, None)
        typist.told[channel] = typing
        _shorten(typist.told)
        told = {"type": "typing", "account": account, "typing": typing, "expires_in": LASTS}
        self._announce(Publication(channel, msgspec.json.encode(told)))
        self._call_later(EVERY, lambda: self._go_on(account, typist))

    def _go_on(self, account: str, typist: _Typist) -> None:
        """Tell what has waited longest, or forget somebody of whom nothing waits."""
        while typist.waiting:
            channel = next(iter(typist.waiting))
            typing, caller = typist.waiting.pop(channel)
            # Who has left does not write; that they write no more may still be said.
            if not typing or caller.listens(channel):
                self._tell(account, typist, channel, typing=typing)
                return
        del self._typists[account]


def _shorten(kept: dict[str, Any]) -> None:
    if len(kept) > MOST_THREADS:
        del kept[next(iter(kept))]
