"""Openings of channels, read together: those of one turn of the event loop share their queries."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from domain.errors import OrderwireError, Unavailable
from domain.publications import Opening, OpenRequest

MAX_BATCH = 200
# More at once would only wait for each other in the database.
MAX_READS = 2
# The more share a reading the less each costs: while so many come, the next one waits for a moment.
MANY = 8
MOMENT = 0.01

log = structlog.get_logger(__name__)

Outcome = asyncio.Future[Opening]


class OpensMany(Protocol):
    """Reads many openings from one state of the database."""

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Return an outcome for each request."""
        ...


class Openings:
    """Gathers requests while a reading is under way; the next one takes them all."""

    def __init__(self, reads: OpensMany) -> None:
        self._reads = reads
        self._waiting: list[tuple[OpenRequest, Outcome]] = []
        self._reading = 0
        self._readers: set[asyncio.Task[None]] = set()

    async def read(self, request: OpenRequest) -> Opening:
        """Return the opening for one request; raise what it is refused with."""
        outcome: Outcome = asyncio.get_running_loop().create_future()
        self._waiting.append((request, outcome))
        if self._reading < MAX_READS:
            self._reading += 1
            reader = asyncio.get_running_loop().create_task(self._read_all())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
        return await outcome

    async def close(self) -> None:
        """Stop reading."""
        for reader in tuple(self._readers):
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _read_all(self) -> None:
        # Counted here: a reader that is done but not yet discarded takes nobody along any more.
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                wanted = [(request, outcome) for request, outcome in batch if not outcome.done()]
                if wanted:
                    await self._read_batch(wanted)
                if len(batch) >= MANY and len(self._waiting) < MAX_BATCH:
                    await asyncio.sleep(MOMENT)
        finally:
            self._reading -= 1

    async def _read_batch(self, wanted: Sequence[tuple[OpenRequest, Outcome]]) -> None:
        opened = await self._open([request for request, _ in wanted])
        for (_, outcome), opening in zip(wanted, opened, strict=True):
            _settle(outcome, opening)

    async def _open(self, requests: Sequence[OpenRequest]) -> Sequence[Opening | OrderwireError]:
        """Read a batch; what cannot be read is found by halves, and fails alone."""
        try:
            return await self._reads.open_many(requests)
        except OrderwireError as error:
            return [error] * len(requests)
        except Exception as error:  # told to each that waits: none of them may wait for ever
            if len(requests) == 1:
                log.error("channel_not_opened", exc_info=error)
                return [Unavailable("the channel could not be read")]
        half = len(requests) // 2
        return [*await self._open(requests[:half]), *await self._open(requests[half:])]


def _settle(outcome: Outcome, opening: Opening | OrderwireError) -> None:
    if outcome.done():
        return
    if isinstance(opening, OrderwireError):
        outcome.set_exception(opening)
    else:
        outcome.set_result(opening)
