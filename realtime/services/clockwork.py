"""The loop that fires timers: it sleeps until the next is due, or until one is set."""

import asyncio

import structlog

from realtime.clock import Clock
from realtime.services.order_timers import OrderTimers
from storage.timers import DOORBELL

# A timer that another process has set without being heard waits no longer than this.
LOOK_EVERY = 15.0
# What cannot be fired just now, for the database does not answer, is tried again after this.
AFTER_FAILURE = 2.0

log = structlog.get_logger(__name__)


class Clockwork:
    """One a process; any number of processes fire each timer once."""

    def __init__(self, *, timers: OrderTimers, clock: Clock) -> None:
        self._timers = timers
        self._clock = clock
        self._rung = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to fire."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop; a timer under way is rolled back, and fires elsewhere or later."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def ring(self, doorbell: str) -> None:
        """Look at the timers when they have changed."""
        if doorbell == DOORBELL:
            self._rung.set()

    def unsure(self) -> None:
        """Look at the timers: they may have changed while nobody heard it."""
        self._rung.set()

    async def _run(self) -> None:
        while True:
            self._rung.clear()
            try:
                while await self._timers.fire_due():
                    """Go on until nothing is due."""
                wait = await self._until_next()
            except Exception:  # the outermost of a task: timers are fired as long as we run
                log.exception("timers_not_fired")
                wait = AFTER_FAILURE
            try:
                async with asyncio.timeout(wait):
                    await self._rung.wait()
            except TimeoutError:
                continue

    async def _until_next(self) -> float:
        due = await self._timers.next_due()
        if due is None:
            return LOOK_EVERY
        return min(LOOK_EVERY, max(0.0, (due - self._clock.now()).total_seconds()))
