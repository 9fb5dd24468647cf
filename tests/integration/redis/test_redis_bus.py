"""The bus through Redis while everything happens to Redis that can."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from domain.publications import Publication
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from tests.support.eventually import eventually
from tests.support.proxy import Proxy
from tests.support.receiver import RecordingReceiver
from tests.support.valkey import Valkey, running_valkey

THREAD = "thread:one"
PREFIX = "test:"

PATIENT = LineTimings(first_retry=0.01, last_retry=0.1, patience=0.02)
"""Sees what is told by the network, at once."""
WATCHFUL = LineTimings(
    connect=0.3, confirm=0.3, echo=0.1, patience=0.02, first_retry=0.01, last_retry=0.1
)
"""Sees soon that nobody answers."""


class Node:
    """A bus and the hub that it serves."""

    def __init__(self, url: str, *, timings: LineTimings = PATIENT) -> None:
        self.hub = RecordingReceiver()
        self.bus = RedisBus(
            address=RedisAddress.from_url(url),
            node=uuid4().hex,
            prefix=PREFIX,
            timings=timings,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Node"]:
        """Run until the block is left."""
        await self.bus.start(self.hub)
        try:
            yield self
        finally:
            await self.bus.close()

    async def say(self, word: str, *, channel: str = THREAD) -> None:
        """Publish a word."""
        await self.bus.announce([Publication(channel, word.encode(), 1)], set())

    async def is_sure_again(self, *, doubts: int = 1) -> None:
        """Wait until the hub was told to check, so and so often, and the bus is well."""
        await eventually(lambda: self.hub.doubts >= doubts and self.bus.healthy)

    async def hears(self, word: str, *, channel: str = THREAD) -> None:
        """Wait until the last that came is this word."""
        await eventually(lambda: self.hub.of(channel)[-1:] == [word.encode()])

    async def notices(self) -> None:
        """Wait until the bus says that it is not well."""
        await eventually(lambda: not self.bus.healthy)


def over(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}"


def subscribed(server: Valkey) -> set[str]:
    """Name the channels that somebody subscribes to on a server, without those of the bus."""
    found = server.command("PUBSUB", "CHANNELS", f"{PREFIX}0:channel:*")
    return {name.removeprefix(f"{PREFIX}0:channel:") for name in found}


async def cut_by_a_restart(server: Valkey, _proxy: Proxy) -> None:
    server.restart()


async def cut_by_the_server(server: Valkey, _proxy: Proxy) -> None:
    server.command("CLIENT", "KILL", "TYPE", "pubsub")


async def cut_by_the_network(_server: Valkey, proxy: Proxy) -> None:
    proxy.cut()


@pytest.mark.parametrize("cut", [cut_by_a_restart, cut_by_the_server, cut_by_the_network])
async def test_a_cut_is_followed_by_everything_again_and_a_doubt(
    server: Valkey, proxy: Proxy, cut: Callable[[Valkey, Proxy], Awaitable[None]]
) -> None:
    async with Node(server.url).running() as far, Node(over(proxy)).running() as near:
        await near.bus.subscribe(THREAD)
        await far.bus.subscribe(THREAD)
        await cut(server, proxy)
        await near.is_sure_again()
        await eventually(lambda: far.bus.healthy)
        assert near.bus.figures.reconnects >= 1
        await far.say("hello again")
        await near.hears("hello again")
        await far.bus.announce([], {"deliveries"})
        await eventually(lambda: near.hub.doorbells == ["deliveries"])


async def test_the_hub_is_told_to_check_when_it_would_hear_again(server: Valkey) -> None:
    """Checked earlier, what comes between the check and the subscription would be lost."""
    channels = {f"thread:{number}" for number in range(2_000)}
    heard: list[set[str]] = []
    async with Node(server.url).running() as node:
        await asyncio.gather(*map(node.bus.subscribe, channels))
        node.hub.when_unsure(lambda: heard.append(subscribed(server)))
        server.restart()
        await node.is_sure_again()
        assert heard == [channels]


async def test_without_redis_the_node_itself_is_served_and_nothing_waits(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        server.kill()
        await node.notices()
        await node.bus.subscribe("thread:two")
        await node.say("one")
        await node.say("two", channel="thread:two")
        await node.bus.announce([], {"deliveries"})
        assert [each.data for each in node.hub.publications] == [b"one", b"two"]
        assert node.hub.doorbells == ["deliveries"]
        assert node.bus.figures.dropped == 3
        server.start()
        await node.is_sure_again()
        assert subscribed(server) == {THREAD, "thread:two"}


async def test_a_server_that_nobody_can_reach_fails_no_start(server: Valkey) -> None:
    server.kill()
    async with Node(server.url).running() as node:
        assert not node.bus.healthy
        await node.bus.subscribe(THREAD)
        server.start()
        await node.is_sure_again()
        assert node.bus.figures.reconnects == 0
        async with Node(server.url).running() as other:
            await other.say("finally")
            await node.hears("finally")


async def test_a_greeting_that_is_cut_off_is_said_again(proxy: Proxy) -> None:
    proxy.cut_at(b"HELLO")
    async with Node(over(proxy)).running() as node:
        await eventually(lambda: node.bus.healthy)
        assert proxy.connections >= 2


async def test_a_server_that_does_not_answer_fails_no_start(server: Valkey) -> None:
    server.stall()
    async with Node(server.url, timings=WATCHFUL).running() as node:
        assert not node.bus.healthy
        await node.bus.subscribe(THREAD)
        server.resume()
        await node.is_sure_again()
        assert subscribed(server) == {THREAD}


async def test_a_server_that_stands_still_is_left(server: Valkey) -> None:
    """Its connections stay open: only the echo that does not come back tells."""
    async with Node(server.url, timings=WATCHFUL).running() as node:
        await node.bus.subscribe(THREAD)
        server.stall()
        await node.notices()
        await eventually(lambda: node.bus.figures.dropped > 0)
        server.resume()
        await node.is_sure_again()
        assert subscribed(server) == {THREAD}


async def test_who_waits_for_a_confirmation_that_does_not_come_waits_in_bounds(
    proxy: Proxy,
) -> None:
    timings = LineTimings(connect=0.3, confirm=0.1, echo=60, first_retry=0.01, last_retry=0.1)
    async with Node(over(proxy), timings=timings).running() as node:
        proxy.stall()
        async with asyncio.timeout(5):
            await node.bus.subscribe(THREAD)
        assert not node.bus.healthy
        proxy.resume()
        await node.is_sure_again()


async def test_who_gives_up_waiting_takes_nothing_from_the_others(proxy: Proxy) -> None:
    async with Node(over(proxy)).running() as node:
        proxy.stall()
        first = asyncio.create_task(node.bus.subscribe(THREAD))
        second = asyncio.create_task(node.bus.subscribe(THREAD))
        await asyncio.sleep(0)  # both have asked
        first.cancel()
        proxy.resume()
        await second
        assert first.cancelled()
        assert node.bus.healthy


@pytest.mark.parametrize("said", [b"SUBSCRIBE", b"\r\nsubscribe\r\n"])
async def test_a_second_cut_while_subscribing_again_loses_nothing(
    server: Valkey, proxy: Proxy, said: bytes
) -> None:
    channels = [f"thread:{number}" for number in range(2_000)]
    async with Node(server.url).running() as far, Node(over(proxy)).running() as near:
        await asyncio.gather(*map(near.bus.subscribe, channels))
        made = proxy.connections
        proxy.cut_at(said)
        proxy.cut()
        await near.is_sure_again()
        assert proxy.connections >= made + 2
        assert subscribed(server) == set(channels)
        await far.bus.announce([Publication(each, b"there?", 1) for each in channels], set())
        await eventually(lambda: len(near.hub.publications) == len(channels))


async def test_another_server_that_knows_nothing_is_taught(server: Valkey, proxy: Proxy) -> None:
    async with Node(over(proxy)).running() as node:
        await node.bus.subscribe(THREAD)
        with running_valkey() as successor:
            proxy.lead_to(successor.port)
            await node.is_sure_again()
            assert subscribed(successor) == {THREAD}
            proxy.lead_to(server.port)
            await node.is_sure_again(doubts=2)


async def test_who_is_cut_off_by_the_limit_of_its_output_buffer_comes_back(server: Valkey) -> None:
    server.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 256kb 256kb 0")
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        # In one script, so that the server has no time to write in between.
        flood = "for _ = 1, 100 do redis.call('PUBLISH', KEYS[1], string.rep('x', 10000)) end"
        server.command("EVAL", flood, 1, f"{PREFIX}0:channel:{THREAD}")
        await node.is_sure_again()
        assert node.bus.figures.reconnects == 1
        assert subscribed(server) == {THREAD}


async def test_a_primary_that_becomes_a_replica_is_left(server: Valkey) -> None:
    """What is published on a replica does not get to the others."""
    async with Node(server.url, timings=WATCHFUL).running() as node:
        with running_valkey() as primary:
            server.command("REPLICAOF", "127.0.0.1", primary.port)
            await node.notices()
            server.command("REPLICAOF", "NO", "ONE")
            await node.is_sure_again()


async def test_a_confirmed_subscription_is_one(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        assert subscribed(server) == {THREAD}


async def test_subscriptions_of_one_moment_share_commands(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        server.command("CONFIG", "RESETSTAT")
        await asyncio.gather(*[node.bus.subscribe(f"thread:{n}") for n in range(2_000)])
        assert server.command("INFO", "commandstats")["cmdstat_subscribe"]["calls"] == 4


async def test_a_channel_left_is_kept_for_a_moment(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        await node.bus.subscribe("thread:two")
        node.bus.unsubscribe(THREAD)
        node.bus.unsubscribe("thread:two")
        assert subscribed(server) == {THREAD, "thread:two"}
        await node.bus.subscribe("thread:two")
        await eventually(lambda: subscribed(server) == {"thread:two"})
        node.bus.unsubscribe("thread:two")
        await eventually(lambda: subscribed(server) == set())


async def test_a_channel_left_during_an_outage_does_not_come_back(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        await node.bus.subscribe("thread:two")
        server.kill()
        await node.notices()
        node.bus.unsubscribe(THREAD)
        server.start()
        await node.is_sure_again()
        assert subscribed(server) == {"thread:two"}


async def test_what_is_not_ours_is_left_alone(server: Valkey) -> None:
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        for payload in (
            "",
            "{}",
            "\x01 of an earlier release",
            "\x03 of a later one, with a header of its own",
        ):
            for key in (f"{PREFIX}0:channel:{THREAD}", f"{PREFIX}0:doorbells"):
                server.command("PUBLISH", key, payload)
        async with Node(server.url).running() as other:
            await other.say("ours")
            await node.hears("ours")
        assert len(node.hub.publications) == 1
        assert node.hub.doorbells == []


async def test_the_echo_tells_how_long_the_way_is(server: Valkey) -> None:
    async with Node(server.url, timings=WATCHFUL).running() as node:
        await eventually(lambda: node.bus.figures.lag > 0)


async def test_closing_leaves_neither_task_nor_connection(server: Valkey) -> None:
    before = asyncio.all_tasks()
    async with Node(server.url).running() as node:
        await node.bus.subscribe(THREAD)
        node.bus.unsubscribe(THREAD)
    assert asyncio.all_tasks() == before
    await eventually(lambda: "name=orderwire" not in server.command("CLIENT", "LIST"))


async def test_closing_does_not_wait_for_a_server_that_stands_still(server: Valkey) -> None:
    timings = LineTimings(farewell=0.05)
    async with asyncio.timeout(5), Node(server.url, timings=timings).running() as node:
        server.stall()
        await node.bus.announce([Publication(THREAD, bytes(8_000_000), 1)], set())
