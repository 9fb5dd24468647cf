"""How long anybody waits: a command for its answer, a connection for its peer."""

import asyncio
from collections.abc import Callable

from msgspec import Raw

from domain.errors import OrderwireError, Unavailable
from realtime.services.commit_queue import ANSWER_WITHIN

# A peer that leaves more than so many bytes unread for so many seconds is cut off, and recovers.
HIGH_WATER = 64 * 1024
SLOW_AFTER = 10.0
# A close never waits for its peer longer than this: what is not read by then is not sent.
CLOSE_WITHIN = 1.0
# What has waited for less has not waited.
AT_ONCE = 0.1

Told = Callable[[Raw | OrderwireError], None]


def told_in_time(told: Told, waits_since: float) -> Told:
    """Return what takes an outcome, and has it told in time if there is none by then.

    Whoever gives outcomes is in time by itself, but begins to count when it is asked.
    """
    loop = asyncio.get_running_loop()
    if loop.time() - waits_since < AT_ONCE:
        return told
    once = _Once(told)
    late = Unavailable("it takes too long; send it again")
    once.timer = loop.call_at(waits_since + ANSWER_WITHIN, once, late)
    return once


class _Once:
    """Tells the first outcome that there is."""

    def __init__(self, told: Told) -> None:
        self.timer: asyncio.TimerHandle | None = None
        self._told: Told | None = told

    def __call__(self, outcome: Raw | OrderwireError) -> None:
        told, self._told = self._told, None
        if told is not None and self.timer is not None:
            self.timer.cancel()
            told(outcome)
