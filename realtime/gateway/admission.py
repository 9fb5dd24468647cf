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
FIRST_RATE = 3_000.0
# Whoever was let in brings a connect and its first subscribes, so many pieces as a rule, and at
# once: after so many seconds nobody expects them any more.
BROUGHT = 3
EXPECTED_FOR = 1.0
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
        # Who was let in and has brought nothing yet, the oldest first, and since when.
        self._expected: dict[object, float] = {}

    def expect(self, arrival: object) -> None:
        """Count what somebody who was just let in is about to ask for."""
        self._expected[arrival] = self._monotonic()

    def arrived(self, arrival: object) -> None:
        """Expect no more of somebody: it has asked, or it is gone."""
        self._expected.pop(arrival, None)

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
        """Tell whether one more piece of work would wait for too long."""
        return self._is_too_much(self._in_work)

    def expects_too_much(self) -> bool:
        """Tell whether one more would wait for too long once all who were let in have asked."""
        self._forget_the_silent()
        return self._is_too_much(self._in_work + BROUGHT * len(self._expected))

    def _is_too_much(self, pieces: int) -> bool:
        if pieces <= ALWAYS:
            return False
        if self._in_work > ALWAYS:
            self._measure()
        return pieces > self._rate * MOST_SECONDS

    def _forget_the_silent(self) -> None:
        """Let nobody keep others out by saying nothing."""
        too_old = self._monotonic() - EXPECTED_FOR
        while self._expected:
            oldest = next(iter(self._expected))
            if self._expected[oldest] > too_old:
                break
            del self._expected[oldest]

    def _measure(self) -> None:
        """Look how fast work gets done, while there is much of it: to have none is no slowness."""
        seconds = self._monotonic() - self._since
        if seconds >= STRETCH:
            self._rate = (self._rate + self._done / seconds) / 2
            self._begin_stretch()

    def _begin_stretch(self) -> None:
        self._since = self._monotonic()
        self._done = 0
