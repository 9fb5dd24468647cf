"""One timer for everybody's deadlines: pings, pongs, expiry. Good to about a second."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

TICK = 0.5

log = structlog.get_logger(__name__)


class Timed(Protocol):
    """Something with deadlines."""

    def tick(self, now: float) -> float | None:
        """Do what is due, and return when to be called again; None for never."""
        ...


class TimingWheel:
    """Sorts what is due by the tick in which it is due; ``now`` gives seconds, as the loop does."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._slots: dict[int, list[Timed]] = {}
        self._reached = int(now() / TICK)

    def schedule(self, timed: Timed, when: float) -> None:
        """Call ``timed`` at ``when`` or a little later."""
        slot = max(self._reached + 1, int(when / TICK) + 1)
        self._slots.setdefault(slot, []).append(timed)

    def advance(self) -> None:
        """Call whoever is due by now."""
        now = self._now()
        current = int(now / TICK)
        while self._reached < current:
            self._reached += 1
            for timed in self._slots.pop(self._reached, ()):
                self._call(timed, now)

    def _call(self, timed: Timed, now: float) -> None:
        try:
            again = timed.tick(now)
        except Exception:  # or time would stand still for everybody else
            log.exception("tick_failed")
        else:
            if again is not None:
                self.schedule(timed, again)

    async def turn(self) -> None:
        """Advance for ever."""
        while True:
            await asyncio.sleep(TICK)
            self.advance()
