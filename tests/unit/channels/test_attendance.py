"""Who watches a channel is told once who comes and who goes, whatever gets lost on the way."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from domain.publications import Publication
from realtime.channels.attendance import COMINGS_TO, Attendance
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.channels.presence import LocalPresence
from realtime.protocol.formats import HTTP_STREAM_JSON, WEBSOCKET_PROTOBUF, Format
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import THREAD, ScriptedReads, turns

# Longer than from one comparison to the next, and the second look behind it.
A_WHILE = 30.0
Seen = dict[str, str]


class Cluster:
    """What presence knows of everybody; ``known`` is False while it cannot be asked."""

    def __init__(self) -> None:
        self.everybody: Seen = {}
        self.known = True
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()


class ClusterPresence(LocalPresence):
    """One node's way to it."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._cluster = cluster

    def enter(self, channel: str, client: str, account_id: str) -> bool:
        """Be seen by all nodes at once."""
        self._cluster.everybody[client] = account_id
        return super().enter(channel, client, account_id)

    def leave(self, channel: str, client: str) -> str | None:
        """Be seen no more."""
        self._cluster.everybody.pop(client, None)
        return super().leave(channel, client)

    async def surely_present(self, channel: str) -> Seen | None:
        """Look, as of the moment of the question."""
        self._cluster.asked += 1
        found = dict(self._cluster.everybody) if self._cluster.known else None
        await self._cluster.open.wait()
        return found


class Watcher:
    """A subscriber that keeps who came (+) and who went (-)."""

    def __init__(self, encoding: Format = HTTP_STREAM_JSON) -> None:
        self.format = encoding
        self.backed_up = False
        self.write: Callable[[bytes], None] = self._write
        self.told: list[str] = []
        self.raw = b""
        self.when_careful: Callable[[], None] = lambda: None

    def _write(self, data: bytes) -> None:
        self.raw += data
        if self.format is not HTTP_STREAM_JSON:
            return
        push = json.loads(data)["push"]
        assert push["channel"] == THREAD
        for kind, sign in (("join", "+"), ("leave", "-")):
            if kind in push:
                info = push[kind]["info"]
                self.told.append(f"{sign}{info['client']} of {info['user']}")

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        """Be too slow for it."""
        assert (durable, bool(everything)) == (b"", True)
        self.when_careful()

    def lose(self, channel: str) -> None:
        """Is not asked to."""
        raise AssertionError(channel)

    def dismiss(self, channel: str) -> None:
        """Is not asked to."""
        raise AssertionError(channel)


class Node:
    """One node: its part of the bus, and its attendance."""

    def __init__(self, name: str, cluster: Cluster, peers: list[MemoryBus]) -> None:
        self.bus = MemoryBus(peers=peers)
        self.hub = Hub(bus=self.bus, reads=ScriptedReads(), on_doorbell=lambda _: None)
        self.is_heard = True
        self.tasks: set[asyncio.Task[None]] = set()
        self.attendance = Attendance(
            node=name,
            presence=ClusterPresence(cluster),
            hub=self.hub,
            announce=self._announce,
            spawn=self._spawn,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _announce(self, news: list[Publication], doorbells: set[str]) -> None:
        if self.is_heard:
            await self.bus.announce(news, doorbells)

    async def watcher(self, encoding: Format = HTTP_STREAM_JSON) -> Watcher:
        """Have somebody watch, and know who is there."""
        watcher = Watcher(encoding)
        self.attendance.watch(THREAD, watcher)
        await turns()
        return watcher

    async def end(self) -> None:
        """Stop everything."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        assert not self.attendance._news


@asynccontextmanager
async def two_nodes() -> AsyncIterator[tuple[Cluster, Node, Node]]:
    """Two nodes that hear each other."""
    cluster = Cluster()
    peers: list[MemoryBus] = []
    here, there = (Node(name, cluster, peers) for name in ("here", "there"))
    for node in (here, there):
        await node.bus.start(node.hub)
        node.attendance.start()
    yield cluster, here, there
    for node in (here, there):
        await node.end()


@virtually
async def test_who_watches_is_told_of_all_nodes_who_comes_and_who_goes() -> None:
    async with two_nodes() as (_, here, there):
        anna, sabine = await here.watcher(), await there.watcher()
        here.attendance.enter(THREAD, "phone", "anna")
        assert anna.told == ["+phone of anna"], "at once, where it happens"
        await turns()
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        here.attendance.leave(THREAD, "phone")
        await turns()

        assert anna.told == sabine.told == ["+phone of anna", "+laptop of sabine", "-phone of anna"]


@virtually
async def test_what_presence_and_bus_agree_upon_is_told_once() -> None:
    async with two_nodes() as (_, here, there):
        anna = await here.watcher()
        for _ in range(2):
            there.attendance.enter(THREAD, "laptop", "sabine")
            await turns()
        await asyncio.sleep(3 * A_WHILE)
        for _ in range(2):
            there.attendance.leave(THREAD, "laptop")
            await turns()
        await asyncio.sleep(3 * A_WHILE)

        assert anna.told == ["+laptop of sabine", "-laptop of sabine"]


@virtually
async def test_who_was_there_before_is_not_announced_and_their_leave_is() -> None:
    async with two_nodes() as (_, here, there):
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        anna = await here.watcher()
        await asyncio.sleep(A_WHILE)
        assert anna.told == []
        there.attendance.leave(THREAD, "laptop")
        await turns()

        assert anna.told == ["-laptop of sabine"]


@virtually
async def test_who_comes_and_goes_while_it_is_asked_who_is_there_is_told_once() -> None:
    async with two_nodes() as (cluster, here, there):
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        cluster.open.clear()
        anna = await here.watcher()
        for _ in range(2):
            there.attendance.leave(THREAD, "laptop")
        await here.bus.announce(
            [
                Publication(
                    f"{COMINGS_TO}{THREAD}",
                    b'{"type":"went","node":"x","client":"laptop","account":"sabine"}',
                )
            ],
            set(),
        )
        there.attendance.enter(THREAD, "phone", "zoe")
        await turns()
        cluster.open.set()
        await asyncio.sleep(A_WHILE)

        assert anna.told == ["-laptop of sabine", "+phone of zoe"]


@virtually
async def test_what_the_bus_loses_is_made_up_for() -> None:
    async with two_nodes() as (_, here, there):
        anna = await here.watcher()
        there.is_heard = False
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        assert anna.told == []
        await asyncio.sleep(A_WHILE)
        assert anna.told == ["+laptop of sabine"]
        there.attendance.leave(THREAD, "laptop")
        await asyncio.sleep(A_WHILE)

        assert anna.told == ["+laptop of sabine", "-laptop of sabine"]


@virtually
async def test_who_was_on_a_node_that_died_goes_with_it() -> None:
    async with two_nodes() as (cluster, here, there):
        anna = await here.watcher()
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        await there.end()
        cluster.everybody.clear()
        await asyncio.sleep(A_WHILE)

        assert anna.told == ["+laptop of sabine", "-laptop of sabine"]


@virtually
async def test_what_one_look_alone_saw_is_told_to_nobody() -> None:
    """Who comes is announced before presence has it everywhere, and the other way round."""
    async with two_nodes() as (cluster, here, _):
        anna = await here.watcher()
        await asyncio.sleep(24.9)
        cluster.everybody["laptop"] = "sabine"
        await asyncio.sleep(0.5)
        cluster.everybody.clear()
        await asyncio.sleep(A_WHILE)

        assert anna.told == []


@virtually
async def test_while_presence_is_unknown_nobody_is_said_to_be_gone() -> None:
    async with two_nodes() as (cluster, here, there):
        anna = await here.watcher()
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        cluster.known = False
        cluster.everybody.clear()
        asked = cluster.asked
        await asyncio.sleep(3 * A_WHILE)
        assert cluster.asked > asked
        assert anna.told == ["+laptop of sabine"]


@virtually
async def test_a_presence_that_was_unknown_at_first_is_asked_again_and_not_announced() -> None:
    async with two_nodes() as (cluster, here, there):
        cluster.known = False
        there.attendance.enter(THREAD, "laptop", "sabine")
        await turns()
        anna = await here.watcher()
        cluster.known = True
        await asyncio.sleep(2 * A_WHILE)
        assert anna.told == []
        there.attendance.leave(THREAD, "laptop")
        await turns()

        assert anna.told == ["-laptop of sabine"]


@virtually
async def test_who_watches_no_more_is_told_nothing_and_the_bus_is_left_with_the_last() -> None:
    async with two_nodes() as (cluster, here, there):
        anna, sabine = await here.watcher(), await here.watcher()
        here.attendance.unwatch(THREAD, anna)
        here.attendance.unwatch("thread:other", anna)
        there.attendance.enter(THREAD, "phone", "zoe")
        await turns()
        assert (anna.told, sabine.told) == ([], ["+phone of zoe"])
        here.attendance.unwatch(THREAD, sabine)
        received = here.bus.figures.received
        there.attendance.leave(THREAD, "phone")
        await turns()
        assert here.bus.figures.received == received + 1
        assert here.bus._channels == set()
        asked = cluster.asked
        await asyncio.sleep(A_WHILE)

        assert (sabine.told, cluster.asked) == (["+phone of zoe"], asked)


@virtually
async def test_who_stops_watching_at_once_or_while_presence_is_compared_leaves_nothing() -> None:
    async with two_nodes() as (cluster, here, _):
        anna = Watcher()
        here.attendance.watch(THREAD, anna)
        here.attendance.unwatch(THREAD, anna)
        await turns()
        assert (here.bus._channels, cluster.asked) == (set(), 0)
        anna = await here.watcher()
        cluster.everybody["laptop"] = "sabine"
        cluster.open.clear()
        await asyncio.sleep(A_WHILE)
        here.attendance.unwatch(THREAD, anna)
        cluster.open.set()
        await asyncio.sleep(A_WHILE)

        assert anna.told == []


@virtually
async def test_each_is_told_in_its_encoding_and_who_is_too_slow_not_at_all() -> None:
    async with two_nodes() as (_, here, _there):
        anna, binary, slow = (
            await here.watcher(),
            await here.watcher(WEBSOCKET_PROTOBUF),
            await here.watcher(),
        )
        slow.backed_up = True
        here.attendance.enter(THREAD, "phone", "anna")

        assert anna.told == ["+phone of anna"]
        assert binary.raw.endswith(b"\x0a\x05\x0a\x04anna"[2:] + b"\x12\x05phone")
        assert slow.raw == b""


@virtually
async def test_who_leaves_over_what_another_is_told_is_told_nothing_more() -> None:
    async with two_nodes() as (_, here, _there):
        slow, other = await here.watcher(), await here.watcher()
        slow.backed_up = True
        slow.when_careful = lambda: here.attendance.unwatch(THREAD, other)
        here.attendance.enter(THREAD, "phone", "anna")

        assert other.told == []


@virtually
async def test_what_is_not_understood_is_left_alone() -> None:
    async with two_nodes() as (_, here, there):
        anna = await here.watcher()
        for rubbish in (b"", b"{}", b'{"type":"other"}', b"\xff"):
            await there.bus.announce([Publication(f"{COMINGS_TO}{THREAD}", rubbish)], set())
        there.attendance.enter(THREAD, "phone", "zoe")
        await turns()

        assert anna.told == ["+phone of zoe"]


@virtually
async def test_an_error_that_nobody_thought_of_does_not_end_the_comparing() -> None:
    async with two_nodes() as (cluster, here, _):
        anna = await here.watcher()
        cluster.everybody = None  # type: ignore[assignment] # breaks it
        await asyncio.sleep(A_WHILE)
        cluster.everybody = {"laptop": "sabine"}
        await asyncio.sleep(A_WHILE)

        assert anna.told == ["+laptop of sabine"]
