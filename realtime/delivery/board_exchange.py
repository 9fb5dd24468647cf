"""Tells the other workers what this one found shut, and learns what they did: by the database.

A bell says that there is something to read; the poll is the net. Nothing here is on the way of a
delivery: each looks at the board alone.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from realtime.clock import Clock
from realtime.delivery.board import Board, Kind, Place, Shut, place
from realtime.delivery.reasons import Reason
from storage import circuits
from storage.engine import Database, Transaction
from storage.rows import Record

# Seconds in which more may be found out, to be told at one time.
GATHER = 0.05

log = structlog.get_logger(__name__)


class BoardExchange:
    """One a worker: ``run`` keeps its board like those of the others."""

    def __init__(self, *, board: Board, database: Database, clock: Clock, every: float) -> None:
        self._board = board
        self._database = database
        self._clock = clock
        self._every = every
        self._rung = asyncio.Event()
        board.announce_to(self._rung.set)

    def ring(self) -> None:
        """Read soon: another worker has told something."""
        self._rung.set()

    async def run(self) -> None:
        """Tell and read until cancelled; errors of ours are logged, and the next time may do."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._rung.wait()
            await asyncio.sleep(GATHER)
            self._rung.clear()
            await self.exchange()

    async def exchange(self) -> None:
        """Tell what is new here, then read what all know; a database that is away is waited for."""
        news = self._board.take_news()
        try:
            if news:
                await self._database.transaction(lambda tx: self._tell(tx, news))
            now = self._clock.now()
            async with self._database.reading() as connection:
                rows = await circuits.all_shut(connection, now)
        except Exception:  # a worker goes on by what it knows itself
            log.exception("circuits_not_exchanged")
            self._board.put_back(news)
        else:
            self._board.learn(map(_read, rows), now)

    async def _tell(self, tx: Transaction, news: Mapping[Place, Shut | None]) -> None:
        shut = [
            {
                "kind": where.kind,
                "name": where.name,
                "shut_until": found.until,
                "reason": found.reason,
            }
            for where, found in sorted(news.items(), key=lambda each: each[0].name)
            if found is not None
        ]
        opened = [(str(where.kind), where.name) for where, found in news.items() if found is None]
        await circuits.sweep(tx.connection, self._clock.now())
        if shut:
            await circuits.shut(tx.connection, shut)
        if opened:
            await circuits.reopen(tx.connection, opened)
        tx.ring(circuits.DOORBELL)


def _read(row: Record) -> tuple[Place, Shut]:
    return place(Kind(row.kind), row.name), Shut(row.shut_until, Reason(row.reason))
