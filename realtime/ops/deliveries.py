"""The delivery worker as a part of a process: started, woken by the bus, counted, and stopped."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from realtime.delivery.reasons import Decision
from realtime.delivery.recorder import Decided
from realtime.histograms import Histogram
from storage import circuits
from storage.deliveries import DOORBELL

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class DeliveryFigures:
    """What was decided since the start, and how long after their cause alerts were taken."""

    decided: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    accepted_after: dict[tuple[str, str], Histogram] = field(
        default_factory=lambda: defaultdict(Histogram)
    )

    def note(self, decided: Decided) -> None:
        """Note one decision."""
        self.decided[decided.channel, decided.decision, decided.reason] += 1
        if decided.decision == Decision.ACCEPTED:
            self.accepted_after[decided.channel, decided.category].add(decided.seconds)


class Work(Protocol):
    """What a worker does; realtime.delivery.worker has the one."""

    def wake(self) -> None:
        """Look at the queue at once."""
        ...

    def learn(self) -> None:
        """Read what other workers found shut."""
        ...

    async def run(self) -> None:
        """Work until ``stop``."""
        ...

    async def stop(self) -> None:
        """Finish what is under way, and give the rest back."""
        ...


class Closes(Protocol):
    """Something with connections."""

    async def close(self) -> None:
        """Close every one."""
        ...


class Deliveries:
    """The worker's life."""

    def __init__(
        self, *, worker: Work, carriers: Sequence[Closes], figures: DeliveryFigures
    ) -> None:
        self.figures = figures
        self._worker = worker
        self._carriers = carriers
        self._running: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        """Tell whether somebody looks at the queue."""
        return self._running is not None and not self._running.done()

    async def start(self) -> None:
        """Begin to deliver."""
        self._running = asyncio.create_task(self._worker.run())
        self._running.add_done_callback(_ended)

    async def close(self) -> None:
        """Finish what is under way, give the rest back, and close every connection."""
        await self._worker.stop()
        if self._running is not None:
            await asyncio.wait({self._running})
        for carrier in self._carriers:
            await carrier.close()

    def ring(self, doorbell: str) -> None:
        """Look at the queue when its doorbell rings."""
        if doorbell == DOORBELL:
            self._worker.wake()
        elif doorbell == circuits.DOORBELL:
            self._worker.learn()

    def unsure(self) -> None:
        """Look at the queue: it may have rung while nobody heard it."""
        self._worker.learn()
        self._worker.wake()


def _ended(running: "asyncio.Task[None]") -> None:
    if not running.cancelled() and (error := running.exception()) is not None:
        log.error("deliveries_ended", exc_info=error)
