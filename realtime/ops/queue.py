"""How deep the delivery queue is, read at most once a second, whoever asks."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from realtime.clock import Clock
from realtime.delivery.planner import BUCKET
from storage import deliveries
from storage.engine import Database

KEPT_SECONDS = 1.0
# Scheduled is what is not due yet.
STATES = ("scheduled", "due", "retrying", "sending", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What stands in one of the ``STATES`` on one channel; ``oldest_due`` is its age in seconds."""

    channel: str
    category: str
    state: str
    count: int
    oldest_due: float


class QueueFigures:
    """Reads the figures; ``monotonic`` is the time in seconds of the event loop."""

    def __init__(self, *, database: Database, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._kept: Sequence[Depth] = ()
        self._kept_until = -1.0

    async def depths(self) -> Sequence[Depth]:
        """Return what waits, is under way or is dead; callers at one time share a reading."""
        async with self._turn:
            if self._monotonic() >= self._kept_until:
                self._kept = await self._read()
                self._kept_until = self._monotonic() + KEPT_SECONDS
            return self._kept

    async def oldest_due(self) -> float:
        """Return for how many seconds the oldest delivery waits to be taken; 0 when none does.

        It is asked for every few seconds, and costs the same however deep the queue is.
        """
        async with self._database.reading() as connection:
            oldest = await deliveries.oldest_ready(connection, BUCKET)
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    async def _read(self) -> Sequence[Depth]:
        now = self._clock.now()
        async with self._database.reading() as connection:
            rows = await deliveries.depths(connection, now)
        return [
            Depth(
                channel=row.channel,
                category=row.category,
                state=row.state,
                count=row.count_,
                oldest_due=(now - row.oldest_due).total_seconds() if row.oldest_due else 0.0,
            )
            for row in rows
        ]
