"""Who is let in during a storm: what could not be served in time is refused before it costs.

Slow answers come back threefold, for a client that waits too long begins anew; a refusal makes it
wait, longer each time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_SECONDS = 3.0
# Rates are measured over stretches of work without a pause, at least so long.
STRETCH = 0.25
# Assumed until something was measured; a node does more on any machine.
FIRST_RATE = 1_000.0
# So few are no storm, whatever takes them so long.
ALWAYS = 50


class Admission:
    """Counts what is in work, and how fast it gets done."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._in_work = 0
        self._done = 0
        self._rate = FIRST_RATE
        self._since = 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a piece of work for as long as the block takes."""
        if not self._in_work:
            self._begin_stretch()
        self._in_work += 1
        try:
            yield
        finally:
            self._in_work -= 1
            self._done += 1

    @property
    def in_work(self) -> int:
        """How many pieces are in work."""
        return self._in_work

    @property
    def wait(self) -> float:
        """How many seconds one more would wait, at the rate that was measured last."""
        return self._in_work / self._rate if self._rate else 0.0

    def is_full(self) -> bool:
        """Tell whether one more would wait for too long."""
        if self._in_work <= ALWAYS:
            return False
        self._measure()
        return self._in_work > self._rate * MOST_SECONDS

    def _measure(self) -> None:
        seconds = self._monotonic() - self._since
        if seconds >= STRETCH:
            self._rate = (self._rate + self._done / seconds) / 2
            self._begin_stretch()

    def _begin_stretch(self) -> None:
        self._since = self._monotonic()
        self._done = 0
