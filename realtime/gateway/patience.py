"""How long a command may wait for its answer."""

import asyncio
from collections.abc import Callable

from msgspec import Raw

from domain.errors import OrderwireError, Unavailable

# An SDK gives up on a command after 5 s, and on a subscribe with its whole connection.
ANSWER_WITHIN = 4.0
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
