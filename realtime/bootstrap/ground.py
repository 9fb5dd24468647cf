"""What servers and workers alike stand on: settings, time, database and bus."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.publications import Publication
from realtime.channels.bus import Bus
from realtime.channels.memory_bus import MemoryBus
from realtime.channels.presence import LocalPresence, Presence
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from realtime.channels.redis_presence import PresenceTimings, RedisPresence
from realtime.clock import Clock, SystemClock
from realtime.ids import new_id
from realtime.services.erased_accounts import LOOK_EVERY
from realtime.services.indexer import Indexer
from realtime.settings import Settings
from storage.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a node looks after things, in seconds; tests are in a hurry."""

    ping: float = 25.0
    pong: float = 8.0
    expiry_grace: float = 25.0
    positions: float = 25.0
    erased: float = LOOK_EVERY
    comings: float = 25.0
    bus: LineTimings = field(default_factory=LineTimings)
    presence: PresenceTimings = field(default_factory=PresenceTimings)


@dataclass(frozen=True, slots=True)
class Heralds:
    """Who hears of a commit: the index of words, and everybody."""

    indexer: Indexer
    bus: Bus

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Tell both."""
        self.indexer.note(news)
        await self.bus.announce(news, doorbells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The parts that everything else is handed."""

    settings: Settings
    public_url: str
    pace: Pace
    clock: Clock
    monotonic: Callable[[], float]
    database: Database
    node: str
    bus: Bus
    presence: Presence
    indexer: Indexer

    @classmethod
    def lay(
        cls,
        settings: Settings,
        public_url: str,
        *,
        pace: Pace | None = None,
        clock: Clock | None = None,
    ) -> "Ground":
        """Make it; nothing is connected yet."""
        pace = pace or Pace()
        database = Database.open(settings.database_url)
        node = new_id()
        bus, presence = _bus(settings.redis_url, node, pace)
        clock = clock or SystemClock()
        monotonic = asyncio.get_running_loop().time
        indexer = Indexer(database=database, clock=clock, monotonic=monotonic)
        database.announce_to(Heralds(indexer, bus))
        return cls(
            settings=settings,
            public_url=public_url,
            pace=pace,
            clock=clock,
            monotonic=monotonic,
            database=database,
            node=node,
            bus=bus,
            presence=presence,
            indexer=indexer,
        )


def _bus(redis_url: str | None, node: str, pace: Pace) -> tuple[Bus, Presence]:
    if redis_url is None:
        return MemoryBus(), LocalPresence()
    bus = RedisBus(address=RedisAddress.from_url(redis_url), node=node, timings=pace.bus)
    return bus, RedisPresence(url=redis_url, node=node, timings=pace.presence)
