"""Which accounts were erased, as this node knows it: at once by a doorbell, else by a look."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from storage import erasures
from storage.engine import Database

# A doorbell that nobody heard is made up for by the next look.
LOOK_EVERY = 5.0
# What was erased so long before the latest one may only be seen now: transactions take their time,
# and clocks differ.
OVERLAP = timedelta(minutes=10)
PAGE = 10_000

log = structlog.get_logger(__name__)


class ErasedAccounts:
    """A set of ids that only grows; whoever watches it is told of each once."""

    def __init__(
        self, *, database: Database, look_every: float = LOOK_EVERY, page: int = PAGE
    ) -> None:
        self._database = database
        self._look_every = look_every
        self._page = page
        self._ids: set[str] = set()
        self._newest: datetime | None = None
        self._watchers: list[Callable[[str], None]] = []
        self._rung = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def __contains__(self, account_id: object) -> bool:
        """Tell whether an account is known to be erased."""
        return account_id in self._ids

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Tell ``watcher`` of each account that is erased from now on."""
        self._watchers.append(watcher)

    async def start(self) -> None:
        """Read which there are; while the database does not answer, that is tried again."""
        try:
            await self.look()
        except Exception:  # as at any later look: a server starts without its database, too
            log.exception("erased_accounts_not_read")
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Look no more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def ring(self, doorbell: str) -> None:
        """Hear of an account that was erased a moment ago."""
        if doorbell.startswith(erasures.DOORBELL):
            self.learn(doorbell.removeprefix(erasures.DOORBELL))

    def unsure(self) -> None:
        """Look: a doorbell may have been missed."""
        self._rung.set()

    def learn(self, account_id: str) -> None:
        """Know of one more."""
        if account_id in self._ids:
            return
        self._ids.add(account_id)
        for watcher in self._watchers:
            watcher(account_id)

    async def look(self) -> None:
        """Read what was erased since the last look, and a little further back."""
        after = (self._newest - OVERLAP, "") if self._newest else None
        while True:
            async with self._database.reading() as connection:
                rows = await erasures.erased_since(connection, after, self._page)
            for row in rows:
                self.learn(row.id)
            if rows:
                self._newest = max(rows[-1].erased_at, self._newest or rows[-1].erased_at)
                after = (rows[-1].erased_at, rows[-1].id)
            if len(rows) < self._page:
                return

    async def _run(self) -> None:
        while True:
            self._rung.clear()
            try:
                async with asyncio.timeout(self._look_every):
                    await self._rung.wait()
            except TimeoutError:
                """Nobody rang: that is what the look is for."""
            try:
                await self.look()
            except Exception:  # the outermost of a task: it looks as long as we run
                log.exception("erased_accounts_not_read")
