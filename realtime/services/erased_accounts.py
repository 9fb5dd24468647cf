"""Which accounts were erased, as this node knows it: at once by a doorbell, else by a look."""

from collections.abc import Callable
from datetime import datetime, timedelta

from realtime.services.lookout import Lookout
from storage import erasures
from storage.engine import Database

# A doorbell that nobody heard is made up for by the next look.
LOOK_EVERY = 5.0
# What was erased so long before the latest one may only be seen now: transactions take their time,
# and clocks differ.
OVERLAP = timedelta(minutes=10)
PAGE = 10_000


class ErasedAccounts:
    """A set of ids that only grows; whoever watches it is told of each once."""

    def __init__(
        self, *, database: Database, look_every: float = LOOK_EVERY, page: int = PAGE
    ) -> None:
        self._database = database
        self._page = page
        self._ids: set[str] = set()
        self._newest: datetime | None = None
        self._watchers: list[Callable[[str], None]] = []
        self._lookout = Lookout(self.look, every=look_every, failed="erased_accounts_not_read")

    def __contains__(self, account_id: object) -> bool:
        """Tell whether an account is known to be erased."""
        return account_id in self._ids

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Tell ``watcher`` of each account that is erased from now on."""
        self._watchers.append(watcher)

    async def start(self) -> None:
        """Read which there are; while the database does not answer, that is tried again."""
        await self._lookout.start()

    async def close(self) -> None:
        """Look no more."""
        await self._lookout.close()

    def ring(self, doorbell: str) -> None:
        """Hear of an account that was erased a moment ago."""
        if doorbell.startswith(erasures.DOORBELL):
            self.learn(doorbell.removeprefix(erasures.DOORBELL))

    def unsure(self) -> None:
        """Look: a doorbell may have been missed."""
        self._lookout.rouse()

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
