"""Whatever the bus brings, in any order: what a hub hands out is what was committed, once each."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.errors import OrderwireError, Unavailable
from domain.identity import Identity
from domain.publications import Changes, Opening, OpenRequest, Position, Publication
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.protocol.formats import HTTP_STREAM_JSON
from tests.simulation.loop import SimulatedLoop

CHANNEL = "thread:1"
EPOCH = "e"
CHECK_EVERY = 25.0
# Readings that fail are tried again for up to so long, and then positions are compared.
QUIET = 2 * CHECK_EVERY + 10.0


class Storage:
    """Entries 1 to ``top``; readings see it as it is, or fail, or are held up."""

    def __init__(self) -> None:
        self.top = 0
        self.fails = False
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        top = await self._look()
        return [_opening(each.since, top) for each in requests]

    async def changes_since(self, _channel: str, offset: int) -> Changes:
        return _changes(offset, await self._look())

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        return dict.fromkeys(channels, Position(await self._look(), EPOCH))

    async def _look(self) -> int:
        if self.fails:
            raise Unavailable("the database does not answer")
        top = self.top
        await self.goes_on.wait()
        return top


class Listener:
    """What one subscription was told, in order."""

    def __init__(self) -> None:
        self.format = HTTP_STREAM_JSON
        self.write: Callable[[bytes], None] = self._hear
        self.backed_up = False
        self.began: int | None = None
        self.heard: list[int] = []
        self.is_lost = False

    def _hear(self, data: bytes) -> None:
        assert self.began is not None, "a push before the reply"
        for line in data.splitlines():
            self.heard.append(json.loads(line)["push"]["pub"]["offset"])

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        raise AssertionError("it is never slow")

    def lose(self, _channel: str) -> None:
        self.is_lost = True

    def dismiss(self, _channel: str) -> None:
        raise AssertionError("anybody may listen")

    def opened(self, opening: Opening) -> None:
        """Take the reply."""
        assert self.began is None, "a second reply"
        told = [each.offset for each in opening.changes.publications]
        self.began = opening.changes.position.offset - len(told)
        self.heard += told

    @property
    def position(self) -> int:
        return self.heard[-1] if self.heard else self.began or 0


class AnyOrder(RuleBasedStateMachine):
    """Commits, what the bus makes of them, and subscribers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SimulatedLoop()
        self.storage = Storage()
        self.listeners: list[Listener] = []
        self.coming: list[asyncio.Task[None]] = []
        bus = MemoryBus()
        self.hub = Hub(
            bus=bus, reads=self.storage, on_doorbell=lambda _: None, check_every=CHECK_EVERY
        )
        self.run(bus.start(self.hub))
        self.run(self.hub.start())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def at_once(self, action: Callable[[], None]) -> None:
        """Have something done on the loop."""

        async def act() -> None:
            action()

        self.run(act())

    @rule(count=st.integers(1, 5))
    def commits(self, count: int) -> None:
        self.storage.top += count

    @precondition(lambda self: self.storage.top)
    @rule(back=st.integers(0, 8), times=st.integers(1, 2))
    def bus_brings(self, back: int, times: int) -> None:
        offset = max(1, self.storage.top - back)
        for _ in range(times):
            self.at_once(lambda: self.hub.deliver(Publication(CHANNEL, b"{}", offset)))

    @rule(back=st.one_of(st.none(), st.integers(0, 4)))
    def somebody_comes(self, back: int | None) -> None:
        since = None if back is None else Position(max(0, self.storage.top - back), EPOCH)
        listener = Listener()
        request = OpenRequest(CHANNEL, Identity("anna"), since)
        self.coming.append(self.loop.create_task(self._come(listener, request)))

    async def _come(self, listener: Listener, request: OpenRequest) -> None:
        try:
            await self.hub.subscribe(listener, request, listener.opened)
        except Unavailable:
            return
        self.listeners.append(listener)

    @precondition(lambda self: self.listeners)
    @rule(place=st.integers(min_value=0))
    def somebody_leaves(self, place: int) -> None:
        listener = self.listeners.pop(place % len(self.listeners))
        self.at_once(lambda: self.hub.unsubscribe(listener, CHANNEL))

    @rule(fails=st.booleans())
    def storage_changes(self, fails: bool) -> None:
        self.storage.fails = fails

    @rule()
    def storage_hangs(self) -> None:
        self.storage.goes_on.clear()

    @rule()
    def storage_goes_on(self) -> None:
        self.storage.goes_on.set()

    @rule()
    def bus_was_away(self) -> None:
        self.at_once(self.hub.unsure)

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.03, 0.5, 6.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @invariant()
    def each_hears_all_in_order(self) -> None:
        for listener in self.listeners:
            assert listener.began is not None
            expected = range(listener.began + 1, listener.position + 1)
            assert listener.heard == list(expected)
            assert listener.position <= self.storage.top
            assert not listener.is_lost, "nothing was ever lost for good"

    def teardown(self) -> None:
        self.storage.fails = False
        self.storage.goes_on.set()
        self.run(asyncio.sleep(QUIET))
        assert all(task.done() for task in self.coming)
        for listener in self.listeners:
            assert listener.position == self.storage.top, "something was never noticed"
        self.each_hears_all_in_order()
        while self.listeners:
            self.somebody_leaves(0)
        assert self.hub.figures.channels == 0
        self.run(self.hub.close())
        self.loop.close()


def _changes(offset: int, top: int) -> Changes:
    found = (Publication(CHANNEL, b"{}", each) for each in range(offset + 1, top + 1))
    return Changes(Position(top, EPOCH), tuple(found))


def _opening(since: Position | None, top: int) -> Opening:
    if since is None or since.offset > top:
        return Opening(Changes(Position(top, EPOCH)), recovered=False)
    return Opening(_changes(since.offset, top), recovered=True)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40)
