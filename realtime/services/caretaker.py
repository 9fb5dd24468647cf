"""The loop that clears up: what was left halfway, and what is too old to be kept."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from realtime.clock import Clock
from realtime.services.retention import Retention
from storage import chores
from storage.engine import Database, Transaction

LOOK_EVERY = 30.0
SWEEP = "sweep"
SWEEP_EVERY = timedelta(hours=6)

log = structlog.get_logger(__name__)


class Unfinished(Protocol):
    """Something that may have been left halfway."""

    async def finish_what_was_begun(self) -> int:
        """Go on with it; return how much it was."""
        ...


class Caretaker:
    """One a process; of any number of them one sweeps, the first that finds it due."""

    def __init__(
        self,
        *,
        database: Database,
        unfinished: Sequence[Unfinished],
        retention: Retention,
        clock: Clock,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._database = database
        self._unfinished = unfinished
        self._retention = retention
        self._clock = clock
        self._look_every = look_every
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look after things."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop; what is under way is rolled back, and done elsewhere or later."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def look(self) -> None:
        """Do what is to be done."""
        for each in self._unfinished:
            await each.finish_what_was_begun()
        if await self._database.transaction(self._take_sweep):
            await self._retention.sweep()

    async def _take_sweep(self, tx: Transaction) -> bool:
        now = self._clock.now()
        return await chores.take(tx.connection, SWEEP, now=now, next_due=now + SWEEP_EVERY)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # the outermost of a task: it looks as long as we run
                log.exception("not_cleared_up")
            await asyncio.sleep(self._look_every)
