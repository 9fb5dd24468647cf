"""A clock that goes on by itself, and jumps when it is told."""

from datetime import datetime, timedelta

from realtime.clock import SystemClock


class ShiftedClock:
    """The machine's own clock, some time ahead of it."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present instant, as it shows it."""
        return self._machine.now() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Jump ahead."""
        self._ahead += by
