"""How the delivery queue stands, read at most so often, whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from realtime.clock import Clock
from storage import circuits, deliveries, queue_states
from storage.deliveries import BUCKET
from storage.engine import Database
from storage.queue_states import COUNTED
from storage.rows import Record

KEPT_SECONDS = 1.0
# What was decided in the last minute is many rows on a busy day.
RATES_KEPT_SECONDS = 5.0
RATES_OF = timedelta(minutes=1)
STATES = tuple(str(state) for state in COUNTED)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What stands in one of the ``STATES`` on one channel; ``oldest_due`` is its age in seconds.

    ``abandoned`` is how many leases of it ran out: the next who looks takes those.
    """

    channel: str
    category: str
    state: str
    count: int
    oldest_due: float
    abandoned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many deliveries of a kind came to one decision, in a second of the last minute."""

    channel: str
    category: str
    decision: str
    per_second: float


class _Kept(Generic[T]):
    """One reading for all who ask within some seconds."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], *, seconds: float, monotonic: Callable[[], float]
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._kept: tuple[float, T] | None = None

    async def get(self) -> T:
        async with self._turn:
            if self._kept is None or self._monotonic() >= self._kept[0]:
                value = await self._read()
                self._kept = (self._monotonic() + self._seconds, value)
            return self._kept[1]


class QueueFigures:
    """Reads the figures; ``monotonic`` is the time in seconds of the event loop."""

    def __init__(self, *, database: Database, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._depths = _Kept(self._read_depths, seconds=KEPT_SECONDS, monotonic=monotonic)
        self._shut = _Kept(self._read_shut, seconds=KEPT_SECONDS, monotonic=monotonic)
        self._rates = _Kept(self._read_rates, seconds=RATES_KEPT_SECONDS, monotonic=monotonic)

    async def depths(self) -> Sequence[Depth]:
        """Return what waits, is under way, dead or uncertain."""
        return await self._depths.get()

    async def rates(self) -> Sequence[Rate]:
        """Return what was decided in the last minute."""
        return await self._rates.get()

    async def shut(self) -> Sequence[Record]:
        """Return what no worker sends to just now: (kind, name, shut_until, reason)."""
        return await self._shut.get()

    async def oldest_due(self) -> float:
        """Return for how many seconds the oldest delivery waits to be taken; 0 when none does.

        It is asked for every few seconds, and costs the same however deep the queue is.
        """
        async with self._database.reading() as connection:
            oldest = await deliveries.oldest_ready(connection, BUCKET)
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())

    async def _read_depths(self) -> Sequence[Depth]:
        now = self._clock.now()
        async with self._database.reading() as connection:
            rows = await queue_states.depths(connection, now)
        return [
            Depth(
                channel=row.channel,
                category=row.category,
                state=row.state,
                count=row.count_,
                oldest_due=(now - row.oldest_due).total_seconds() if row.oldest_due else 0.0,
                abandoned=row.abandoned,
            )
            for row in rows
        ]

    async def _read_shut(self) -> Sequence[Record]:
        async with self._database.reading() as connection:
            return await circuits.all_shut(connection, self._clock.now())

    async def _read_rates(self) -> Sequence[Rate]:
        since = self._clock.now() - RATES_OF
        async with self._database.reading() as connection:
            rows = await queue_states.decided(connection, BUCKET, since)
        return [
            Rate(
                channel=row.channel,
                category=row.category,
                decision=row.decision,
                per_second=row.count_ / RATES_OF.total_seconds(),
            )
            for row in rows
        ]
