"""What is acknowledged is stored once and heard by everybody, whatever fails under it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from realtime.bootstrap import Pace
from realtime.ids import new_id
from tests.support.follower import Follower
from tests.support.node import RunningNode, running_node
from tests.support.proxy import Proxy
from tests.support.raw_client import Message, RawClient, raw_client
from tests.support.restartable_postgres import RestartablePostgres, restartable_postgres
from tests.support.two_nodes import HASTY_BUS, UNLIMITED, follower, two_nodes

WATCHFUL = Pace(positions=0.5, bus=HASTY_BUS)
# 40,000 bytes: some hundreds are more than all buffers between two sockets hold.
LONGEST = "😀" * 10_000


@pytest.fixture(scope="module")
def postgres_to_stop() -> Iterator[RestartablePostgres]:
    """A server of this module's own."""
    with restartable_postgres() as server:
        yield server


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database, without limits of speed."""
    async with running_node(sqlite_url, settings=UNLIMITED) as running:
        yield running


def through(proxy: Proxy, node: RunningNode, account: str, conversation: str) -> Follower:
    """Make a client that follows a thread by way of a proxy."""
    return Follower(
        dial=lambda: f"ws://127.0.0.1:{proxy.port}/connection/websocket",
        token=lambda: node.token(account),
        channels=[f"thread:{conversation}"],
        inbox=f"inbox:{account}",
    )


async def ask_to_send(client: RawClient, conversation: str, client_id: str) -> Message:
    """Try once to send a message; return the reply."""
    data = {"conversation": conversation, "client_id": client_id, "body": "Hello"}
    return await client.command(rpc={"method": "message.send", "data": data})


async def test_a_restart_of_the_database_delays_and_loses_nothing(
    postgres_to_stop: RestartablePostgres,
) -> None:
    async with running_node(postgres_to_stop.url, settings=UNLIMITED, pace=WATCHFUL) as node:
        conversation = (await node.order())["conversation_id"]
        channel = f"thread:{conversation}"
        anna = follower(node, "anna", conversation)
        sabine = follower(node, "sabine", conversation)
        async with anna.following(), sabine.following(), raw_client(node.socket_url) as other:
            await other.connect(node.token("sabine"))
            await anna.send(conversation, "before")
            # Some of these are under way when it goes, and none is given up.
            sending = [asyncio.create_task(anna.send(conversation, f"{n}")) for n in range(20)]
            await postgres_to_stop.stop()

            client_id = new_id()
            refused = await ask_to_send(other, conversation, client_id)
            assert refused["error"]["code"] == 100
            assert refused["error"]["temporary"] is True
            late = await other.command(subscribe={"channel": channel})
            assert late["error"]["code"] == 100
            assert (await node.http.get("/readyz")).status_code == 503

            await postgres_to_stop.start()
            seqs = await asyncio.gather(*sending)
            assert sorted(seqs) == list(range(3, 23))
            sent = await ask_to_send(other, conversation, client_id)
            assert sent["rpc"]["data"]["message"]["seq"] == 23
            await have_all([anna, sabine], channel, 23)
            bodies = Counter(entry["body"] for entry in anna.channels[channel].heard.values())
            assert bodies == Counter(["before", *[f"{n}" for n in range(20)], "Hello"])
            assert anna.closes == sabine.closes == []


async def test_a_message_whose_answer_is_lost_is_sent_again_and_stored_once(
    node: RunningNode,
) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with Proxy(port=node.port).running() as proxy:
        anna = through(proxy, node, "anna", conversation)
        sabine = follower(node, "sabine", conversation)
        async with anna.following(), sabine.following():
            for n in range(20):
                sending = [
                    asyncio.create_task(anna.send(conversation, f"{n}-{m}")) for m in range(5)
                ]
                # The first of them are on their way, or stored and not answered yet.
                await sabine.has_all(channel, 1 + 5 * n + n % 5)
                proxy.cut()
                await asyncio.gather(*sending)
            await have_all([anna, sabine], channel, 101)
            assert len(anna.closes) >= 20
    heard = sabine.channels[channel].heard.values()
    assert Counter(entry["body"] for entry in heard) == Counter(
        f"{n}-{m}" for n in range(20) for m in range(5)
    )


async def test_a_reader_that_does_not_read_is_sent_off_and_holds_up_nobody(
    sqlite_url: str,
) -> None:
    # Without pings: one that is not answered would end the connection, too.
    async with (
        running_node(sqlite_url, settings=UNLIMITED, pace=Pace(ping=3_600.0)) as node,
        Proxy(port=node.port).running() as proxy,
    ):
        conversation = (await node.order())["conversation_id"]
        channel = f"thread:{conversation}"
        figures = node.node.gateway.figures
        slow = through(proxy, node, "anna", conversation)
        quick = follower(node, "sabine", conversation)
        async with slow.following(), quick.following():
            proxy.stall()
            sent = 1
            while not figures.disconnects[3008]:
                sent = await quick.send(conversation, LONGEST)
                assert sent < 1_000
            await quick.has_all(channel, sent)
            assert quick.closes == []
            proxy.resume()
            await slow.until(lambda: len(slow.closes) == 1)
            await have_all([slow, quick], channel, sent)


async def test_a_drain_under_load_loses_nothing(postgresql_url: str, redis_url: str) -> None:
    async with two_nodes(postgresql_url, redis_url, pace=WATCHFUL) as (old, new):
        threads = [await thread(old, number) for number in range(4)]
        nodes = [old]  # new connections go to the last one
        buyers = [mobile(nodes, f"buyer-{n}", each) for n, each in enumerate(threads)]
        seller = mobile(nodes, "sabine", *threads)
        witness = follower(new, "sabine", *threads)
        async with AsyncExitStack() as all_follow:
            for each in (*buyers, seller, witness):
                await all_follow.enter_async_context(each.following())
            async with asyncio.TaskGroup() as talking:
                for buyer, conversation in zip(buyers, threads, strict=True):
                    talking.create_task(chat(buyer, conversation))
                    talking.create_task(chat(seller, conversation))
                await buyers[0].has_all(f"thread:{threads[0]}", 11)
                nodes.append(new)
                await old.node.drain(accepting=0.1, over=0.5)
                assert old.node.gateway.connections == 0
            for buyer, conversation in zip(buyers, threads, strict=True):
                await have_all([buyer, seller, witness], f"thread:{conversation}", 81)
            for each in (*buyers, seller):
                await sent_off_once(each)
            assert witness.closes == []


async def thread(node: RunningNode, number: int) -> str:
    """Have a buyer order from Sabine; return the conversation."""
    conversation: str = (await node.order(buyer=f"buyer-{number}"))["conversation_id"]
    return conversation


def mobile(nodes: list[RunningNode], account: str, *conversations: str) -> Follower:
    """Make a client that connects to the last one of ``nodes``."""
    return Follower(
        dial=lambda: nodes[-1].socket_url,
        token=lambda: nodes[0].token(account),
        channels=[f"thread:{each}" for each in conversations],
        inbox=f"inbox:{account}",
    )


async def sent_off_once(who: Follower) -> None:
    """Wait until it has heard why its first connection ended."""
    await who.until(lambda: who.closes == [3001])


async def chat(who: Follower, conversation: str) -> None:
    """Write a message as soon as the one before is acknowledged."""
    for n in range(40):
        await who.send(conversation, f"{n}")


async def have_all(followers: list[Follower], channel: str, top: int) -> None:
    """Wait until all have everything, and see that nothing was wrong with any of it."""
    for each in followers:
        await each.has_all(channel, top)
        assert each.problems == []
