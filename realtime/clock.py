"""The one source of time: injected everywhere, so that tests can hold it still."""

import time
from datetime import UTC, datetime
from typing import Protocol

from domain.instants import to_milliseconds


class Clock(Protocol):
    """Wall-clock time; durations on the event loop use ``loop.time()``."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return to_milliseconds(datetime.fromtimestamp(time.time(), UTC))
