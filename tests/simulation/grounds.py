"""What the nodes of a world stand on, plain storage or the real one, and the truth about it."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from tests.simulation.nodes import Backend, SimulatedClock
from tests.simulation.plain_services import (
    PlainAccounts,
    PlainBlocks,
    PlainConversations,
    PlainMessages,
    PlainReads,
    PlainTokens,
)
from tests.simulation.rights import Rights
from tests.simulation.roads import RoughRoad
from tests.simulation.storage import PlainStorage, StorageDoor, Weather

MEMBERS = {"t1": ("ann", "bob"), "t2": ("ann", "cyd")}
OUTSIDER = "eve"
EVERYBODY = frozenset({OUTSIDER, *(account for who in MEMBERS.values() for account in who)})
# How many publications are replayed: as in production, or so few that there soon are more.
REPLAYS = (3, 1_000, 1_000)


class Ground(Protocol):
    """Storage with all that services make of it, as a world needs it."""

    rights: Rights
    most: int

    def backend(self, *, crash: Callable[[str], None], clock: SimulatedClock) -> Backend:
        """Make what of a node stands on it; ``crash`` ends that node."""
        ...

    def top(self, channel: str) -> int | None:
        """Return where a channel stands."""
        ...

    def truth(self) -> PlainStorage:
        """Return what is stored."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class PlainGround:
    """Fast, and simple enough to be right."""

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, random: Random, weather: Weather
    ) -> None:
        self.rights = Rights(loop.time)
        self.most = random.choice(REPLAYS)
        self._random = random
        self._weather = weather
        self._storage = PlainStorage(dict(MEMBERS), self.rights)
        self._storage.add_account(OUTSIDER)
        self._writing = asyncio.Lock()

    @classmethod
    def prepare(cls) -> None:
        """Nothing is needed."""

    def backend(self, *, crash: Callable[[str], None], clock: SimulatedClock) -> Backend:
        """Make a node's."""
        road = RoughRoad(random=self._random, weather=self._weather, crash=crash)
        door = StorageDoor(self._storage, road, self._writing)
        return Backend(
            database=door,
            store=PlainMessages(self._storage),
            reads=PlainReads(self._storage, road, self.most),
            accounts=PlainAccounts(road),
            conversations=PlainConversations(self._storage, door),
            blocks=PlainBlocks(self._storage, door),
            verifier=PlainTokens(clock, EVERYBODY),
        )

    def top(self, channel: str) -> int | None:
        """Return where a channel stands."""
        return self._storage.top(channel)

    def truth(self) -> PlainStorage:
        """Return what is stored."""
        return self._storage

    def close(self) -> None:
        """Nothing is held."""


def thread_members() -> Sequence[tuple[str, str, str]]:
    """List (thread, one, other)."""
    return [(thread, one, other) for thread, (one, other) in MEMBERS.items()]
