"""What every bus does, on the one in memory and the one through Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

import pytest

from domain.publications import Publication
from realtime.channels.bus import Bus
from realtime.channels.memory_bus import MemoryBus
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from tests.support.eventually import eventually
from tests.support.receiver import RecordingReceiver

THREAD = "thread:one"
OTHER = "thread:two"


@dataclass(frozen=True, slots=True)
class Node:
    """A bus and the hub that it serves."""

    bus: Bus
    hub: RecordingReceiver

    async def say(self, *words: str, channel: str = THREAD) -> None:
        """Publish each word, numbered from 1."""
        numbered = enumerate(words, 1)
        await self.bus.announce([Publication(channel, w.encode(), n) for n, w in numbered], set())

    async def hears(self, *words: str, channel: str = THREAD) -> None:
        """Wait until that much came, and find that it is exactly this."""
        await eventually(lambda: len(self.hub.of(channel)) >= len(words))
        assert self.hub.of(channel) == [word.encode() for word in words]


NewNode = Callable[[], Awaitable[Node]]


def buses_in_memory() -> Callable[[], Bus]:
    peers: list[MemoryBus] = []
    return lambda: MemoryBus(peers=peers)


def buses_through(url: str) -> Callable[[], Bus]:
    prefix = f"test-{uuid4()}:"
    numbers = count(1)
    return lambda: RedisBus(
        address=RedisAddress.from_url(url), node=f"node-{next(numbers)}", prefix=prefix
    )


@pytest.fixture(params=["memory", "redis"])
async def new_node(request: pytest.FixtureRequest) -> AsyncIterator[NewNode]:
    """Start nodes that hear each other."""
    if request.param == "memory":
        new_bus = buses_in_memory()
    else:
        new_bus = buses_through(request.getfixturevalue("redis_url"))

    async with AsyncExitStack() as closing:

        async def start() -> Node:
            bus, hub = new_bus(), RecordingReceiver()
            await bus.start(hub)
            closing.push_async_callback(bus.close)
            return Node(bus, hub)

        yield start


async def test_news_reach_every_node_in_order(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await here.bus.subscribe(THREAD)
    await there.bus.subscribe(THREAD)
    words = [f"word {number}" for number in range(500)]
    await here.say(*words)
    await here.hears(*words)
    await there.hears(*words)


async def test_a_publication_arrives_as_it_left(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await there.bus.subscribe("inbox:ünïcode")
    said = [
        Publication("inbox:ünïcode", '{"body": "grüße\\r\\n"}'.encode(), 2**53),
        Publication("inbox:ünïcode", b"", 0),
    ]
    await here.bus.announce(said, set())
    await eventually(lambda: len(there.hub.publications) >= 2)
    assert there.hub.publications == said


async def test_every_node_knows_when_it_was_announced(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    for node in (here, there):
        await node.bus.subscribe(THREAD)
    await here.bus.announce([Publication(THREAD, b"{}", 1)], set())
    await eventually(lambda: bool(there.hub.publications))
    [near], [far] = here.hub.publications, there.hub.publications
    assert near.announced_at == far.announced_at > 0


async def test_the_local_hub_is_served_within_the_call(new_node: NewNode) -> None:
    here = await new_node()
    await here.bus.subscribe(THREAD)
    await here.say("at once")
    assert here.hub.of(THREAD) == [b"at once"]


async def test_what_a_node_says_comes_to_it_once(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await here.bus.subscribe(THREAD)
    await there.bus.subscribe(THREAD)
    await here.say("mine")
    await there.hears("mine")
    await there.say("yours")
    await here.hears("mine", "yours")


async def test_only_what_is_subscribed_to_is_heard(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await here.bus.subscribe(OTHER)
    await there.bus.subscribe(OTHER)
    await here.say("unheard")
    await here.say("heard", channel=OTHER)
    await there.hears("heard", channel=OTHER)
    assert [each.channel for each in here.hub.publications + there.hub.publications] == [OTHER] * 2


async def test_nothing_is_heard_after_unsubscribing(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    for node in (here, there):
        await node.bus.subscribe(THREAD)
        await node.bus.subscribe(OTHER)
    here.bus.unsubscribe(THREAD)
    there.bus.unsubscribe(THREAD)
    await here.say("unheard")
    await here.say("heard", channel=OTHER)
    await there.hears("heard", channel=OTHER)
    assert here.hub.of(THREAD) == there.hub.of(THREAD) == []


async def test_a_channel_can_be_left_and_entered_again(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    for _ in range(3):
        await there.bus.subscribe(THREAD)
        there.bus.unsubscribe(THREAD)
    await there.bus.subscribe(THREAD)
    await there.bus.subscribe(THREAD)
    await here.say("welcome back")
    await there.hears("welcome back")


async def test_what_was_never_subscribed_can_be_unsubscribed(new_node: NewNode) -> None:
    here = await new_node()
    here.bus.unsubscribe(THREAD)
    await here.bus.subscribe(THREAD)
    await here.say("still here")
    assert here.hub.of(THREAD) == [b"still here"]


async def test_doorbells_ring_on_every_node(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await here.bus.announce([], {"deliveries"})
    assert here.hub.doorbells == ["deliveries"]
    await eventually(lambda: there.hub.doorbells == ["deliveries"])
    await there.bus.announce([], {"deliveries"})
    await eventually(lambda: here.hub.doorbells == ["deliveries"] * 2)


async def test_a_bus_that_nothing_befell_is_healthy_and_sure(new_node: NewNode) -> None:
    here = await new_node()
    await here.bus.subscribe(THREAD)
    assert here.bus.healthy
    assert here.hub.doubts == 0
    assert here.bus.figures.dropped == here.bus.figures.reconnects == 0


async def test_a_closed_bus_carries_nothing(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    for node in (here, there):
        await node.bus.subscribe(THREAD)
    await here.bus.close()
    await here.say("too late")
    await there.say("too late for one")
    await there.hears("too late for one")
    assert here.hub.publications == []


async def test_closing_twice_or_before_the_start_does_no_harm(new_node: NewNode) -> None:
    here = await new_node()
    await here.bus.close()
    await here.bus.close()


async def test_what_was_said_before_closing_still_leaves(new_node: NewNode) -> None:
    here, there = await new_node(), await new_node()
    await there.bus.subscribe(THREAD)
    await here.say("last words")
    await here.bus.close()
    await there.hears("last words")
