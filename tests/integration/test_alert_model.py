"""Alerts about messages against a plain model: whatever happens, and in whichever order."""

import asyncio
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.delivery.message_planner import MessagePeriods
from realtime.delivery.threads import Threads, nobody_looks
from storage.deliveries import Status
from storage.engine import Database
from storage.rows import fetch_all
from storage.tables import deliveries
from tests.support.marketplace import Marketplace
from tests.support.queue import Queue, a_change

LATER = timedelta(days=1)
CHANNELS = ("push", "email")
# Bea writes, Sam reads, or a worker takes what waits on a channel: to its end, or for a retry.
STEPS = ("say", "read", *(f"{act} {channel}" for act in ("send", "retry") for channel in CHANNELS))


class Model:
    """One alert waits on each channel while something is unread, and is told once."""

    def __init__(self) -> None:
        self.waits: set[str] = set()
        self.rows: Counter[tuple[str, str]] = Counter()

    def step(self, step: str) -> None:
        """Do it."""
        act, _, channel = step.partition(" ")
        if act == "say":
            self._begin(set(CHANNELS) - self.waits)
        elif act == "read":
            self._end(self.waits, Status.CANCELLED)
        elif act == "send":
            self._end(self.waits & {channel}, Status.ACCEPTED)

    def _begin(self, channels: set[str]) -> None:
        self.rows.update((channel, Status.SCHEDULED) for channel in channels)
        self.waits |= channels

    def _end(self, channels: set[str], status: Status) -> None:
        self.rows.subtract((channel, Status.SCHEDULED) for channel in channels)
        self.rows.update((channel, status) for channel in channels)
        self.waits = self.waits - channels


class Reality:
    """The services and the queue, with a worker's hands."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._market = Marketplace(database)
        self._queue = Queue(database)
        self._threads = Threads(database=database, in_focus=nobody_looks, periods=MessagePeriods())

    async def begin(self) -> None:
        """Let the two be in touch; Sam has a device."""
        self._sam, self._bea = await self._market.sam_and_bea()
        self._thread = await self._market.direct(self._bea, self._sam)
        await self._market.accounts.subscribe_push(
            self._sam, endpoint="https://push.example/1", p256dh="p", auth="a", label="laptop"
        )
        await self._database.transaction(lambda tx: tx.connection.execute(deliveries.delete()))

    async def step(self, step: str) -> None:
        """Do it."""
        act, _, channel = step.partition(" ")
        if act == "say":
            await self._market.send(self._bea, self._thread)
        elif act == "read":
            item = await self._market.conversations.get(self._sam, self._thread)
            await self._market.conversations.mark_read(self._sam, self._thread, item["last_seq"])
        else:
            await self._take(channel, again=act == "retry")

    async def _take(self, channel: str, *, again: bool) -> None:
        later = self._market.clock.now() + LATER
        claims = await self._queue.claim(channel=channel, now=later)
        await self._threads.take_up(claims)
        waits = {"status": Status.SCHEDULED, "ready_at": later} if again else {}
        changes = [a_change(claim, attempt=None, **waits) for claim in claims]
        if changes:
            await self._queue.record(*changes)

    async def rows(self) -> Counter[tuple[str, str]]:
        """Count the deliveries by channel and status."""
        async with self._database.reading() as connection:
            rows = await fetch_all(connection, deliveries.select())
        return Counter((row.channel, row.status) for row in rows)


async def played(path: Path, steps: list[str]) -> None:
    """Do the same in both, and compare them after each step."""
    database = Database.open(f"sqlite+aiosqlite:///{path}")
    model, reality = Model(), Reality(database)
    await reality.begin()
    for step in steps:
        model.step(step)
        await reality.step(step)
        assert await reality.rows() == +model.rows, step
    await database.close()


@settings(max_examples=15)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=12))
def test_what_waits_is_what_the_model_says(migrated_file: Path, steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "alerts.db"
        shutil.copy(migrated_file, path)
        asyncio.run(played(path, steps))
