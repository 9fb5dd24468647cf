"""What the official SDKs do when a connection ends: come back, and miss nothing."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from realtime.bootstrap import Pace
from storage.engine import Database
from tests.clients.conftest import UNHURRIED
from tests.clients.people import tokens, write, write_to_each
from tests.clients.sdk import Sdk, SdkClient
from tests.conftest import sqlite_address
from tests.support.eventually import eventually
from tests.support.marketplace import Marketplace
from tests.support.node import RunningNode, running_node
from tests.support.postgres import run
from tests.support.proxy import Proxy

REPLAYED_AT_MOST = 1_000
HISTORY_PAGE = 200
CHANNELS_AT_MOST = 128


@pytest.fixture
async def proxy(node: RunningNode) -> AsyncIterator[Proxy]:
    """The way to the node, with everything that happens on the way."""
    async with Proxy(port=node.port).running() as running:
        yield running


@pytest.fixture
async def conversation(node: RunningNode) -> str:
    """The thread of an order of Anna's from Sabine; its first entry is the order's."""
    conversation_id: str = (await node.order())["conversation_id"]
    return conversation_id


def through(proxy: Proxy) -> str:
    """Return where sockets are opened, by way of a proxy."""
    return f"ws://127.0.0.1:{proxy.port}/connection/websocket"


@asynccontextmanager
async def listening(
    sdk: Sdk, node: RunningNode, proxy: Proxy, *channels: str
) -> AsyncIterator[SdkClient]:
    """Have Anna connect with her inbox and listen to channels; she leaves before the proxy does."""
    anna = await sdk.client(through(proxy), tokens(node, "anna"), data={"inbox": True})
    for channel in channels:
        await anna.subscribe(channel)
    await anna.connect()
    for channel in ("inbox:anna", *channels):
        await anna.diary.first("subscribed", channel)
    yield anna
    await anna.disconnect()


async def gone(anna: SdkClient, proxy: Proxy) -> None:
    """Cut Anna off, and keep her away."""
    proxy.refuse()
    await anna.diary.times(2, "connecting")


async def test_what_was_missed_comes_once_and_in_order(
    sdk: Sdk, node: RunningNode, proxy: Proxy, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    async with listening(sdk, node, proxy, channel) as anna:
        await write(node, "sabine", conversation, ["before"])
        await anna.diary.first("publication", channel)
        await gone(anna, proxy)
        await write(node, "sabine", conversation, [f"missed {n}" for n in range(5)])
        proxy.accept()
        back = await anna.diary.times(2, "subscribed", channel)
        inbox = await anna.diary.times(2, "subscribed", "inbox:anna")
        await write(node, "sabine", conversation, ["after"])
        await anna.diary.until(lambda: 8 in anna.diary.offsets(channel))
        await anna.diary.until(lambda: _last_count(anna) == 7)
    assert back.was_recovering
    assert back.recovered
    assert inbox.recovered
    assert anna.diary.offsets(channel) == [2, 3, 4, 5, 6, 7, 8]
    told = anna.diary.offsets("inbox:anna")
    assert told == sorted(set(told))


def _last_count(client: SdkClient) -> int:
    """Return the last unread count that the inbox told."""
    told = [each.data for each in client.diary.all("publication", "inbox:anna")]
    counts = [each["conversation"]["unread"] for each in told if each["type"] == "conversation"]
    return int(counts[-1])


async def read_on(client: SdkClient, channel: str, *, after: int) -> list[int]:
    """Read the history to its end; return the offsets."""
    read: list[int] = []
    epoch = ""
    top = after + 1
    while not read or read[-1] < top:
        since = (read[-1] if read else after, epoch)
        page = await client.history(channel, limit=HISTORY_PAGE, since=since)
        read += [offset for offset, _ in page.publications]
        top, epoch = page.offset, page.epoch
    return read


async def test_a_thousand_missed_messages_are_replayed(
    sdk: Sdk, node: RunningNode, proxy: Proxy, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    async with listening(sdk, node, proxy, channel) as anna:
        await gone(anna, proxy)
        await write(node, "sabine", conversation, [f"{n}" for n in range(REPLAYED_AT_MOST)])
        proxy.accept()
        assert (await anna.diary.times(2, "subscribed", channel)).recovered
        await anna.diary.times(REPLAYED_AT_MOST, "publication", channel)
    assert anna.diary.offsets(channel) == list(range(2, 2 + REPLAYED_AT_MOST))


async def test_who_missed_more_is_told_and_reads_the_history(
    sdk: Sdk, node: RunningNode, proxy: Proxy, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    async with listening(sdk, node, proxy, channel) as anna:
        await gone(anna, proxy)
        await write(node, "sabine", conversation, [f"{n}" for n in range(REPLAYED_AT_MOST + 1)])
        proxy.accept()
        back = await anna.diary.times(2, "subscribed", channel)
        assert back.was_recovering
        assert not back.recovered
        read = await read_on(anna, channel, after=1)
        await write(node, "sabine", conversation, ["live again"])
        await anna.diary.first("publication", channel)
    assert read == list(range(2, 3 + REPLAYED_AT_MOST))
    assert anna.diary.offsets(channel) == [3 + REPLAYED_AT_MOST]


@dataclass(frozen=True, slots=True)
class Regulars:
    """A database in which Anna has ordered from Sabine again and again."""

    file: Path
    conversations: list[str]


@pytest.fixture(scope="module")
def regulars(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Regulars:
    """With the inbox they have as many channels as a connection may have."""
    path = tmp_path_factory.mktemp("regulars") / "template.db"
    shutil.copy(migrated_file, path)

    async def orders() -> list[str]:
        database = Database.open(sqlite_address(path))
        market = Marketplace(database)
        await market.account("anna")
        await market.account("sabine")
        service = await market.service("sabine")
        placed = [await market.order(service, "anna") for _ in range(CHANNELS_AT_MOST - 1)]
        await database.close()
        return [each["conversation_id"] for each in placed]

    return Regulars(path, run(orders()))


async def test_all_channels_come_back_with_one_connection(
    sdk: Sdk, regulars: Regulars, tmp_path: Path
) -> None:
    path = Path(shutil.copy(regulars.file, tmp_path / "regulars.db"))
    channels = [f"thread:{each}" for each in regulars.conversations]
    async with (
        running_node(sqlite_address(path), settings=UNHURRIED) as node,
        Proxy(port=node.port).running() as proxy,
        listening(sdk, node, proxy, *channels) as anna,
    ):
        await gone(anna, proxy)
        await write_to_each(node, "sabine", regulars.conversations)
        before = node.node.gateway.figures.connects
        proxy.accept()
        for channel in channels:
            assert (await anna.diary.times(2, "subscribed", channel)).recovered
            await anna.diary.first("publication", channel)
            assert anna.diary.offsets(channel) == [2]
        assert node.node.gateway.figures.connects == before + 1


async def test_one_channel_too_many_is_refused(sdk: Sdk, sqlite_url: str) -> None:
    settings = UNHURRIED | {"ORDERWIRE_LIMIT_CHANNELS_PER_CONNECTION": "2"}
    async with running_node(sqlite_url, settings=settings) as node:
        first = (await node.order())["conversation_id"]
        second = (await node.order(seller="sam"))["conversation_id"]
        anna = await sdk.client(node.socket_url, tokens(node, "anna"), data={"inbox": True})
        await anna.connect()
        await anna.subscribe(f"thread:{first}")
        await anna.diary.first("subscribed", f"thread:{first}")
        await anna.subscribe(f"thread:{second}")
        assert (await anna.diary.first("unsubscribed", f"thread:{second}")).code == 106
        await anna.disconnect()


async def test_a_link_that_went_silent_is_left_by_both_sides(sdk: Sdk, sqlite_url: str) -> None:
    pace = Pace(ping=1.0, pong=1.0)
    async with (
        running_node(sqlite_url, settings=UNHURRIED, pace=pace) as node,
        Proxy(port=node.port).running() as proxy,
    ):
        conversation = (await node.order())["conversation_id"]
        channel = f"thread:{conversation}"
        figures = node.node.gateway.figures
        async with listening(sdk, node, proxy, channel) as anna:
            spoken = figures.frames
            await eventually(lambda: figures.frames >= spoken + 2)  # it answers pings
            assert len(anna.diary.all("connecting")) == 1
            proxy.stall()
            await anna.diary.times(2, "connecting")
            await eventually(lambda: figures.disconnects[3012] >= 1)
            await write(node, "sabine", conversation, ["missed"])
            proxy.resume()
            await anna.diary.first("publication", channel)
            assert anna.diary.offsets(channel) == [2]


async def test_clients_of_a_node_that_shuts_down_go_to_another(
    sdk: Sdk, postgresql_url: str, redis_url: str
) -> None:
    settings = UNHURRIED | {"ORDERWIRE_REDIS_URL": redis_url}
    async with (
        running_node(postgresql_url, settings=settings) as old,
        running_node(postgresql_url, settings=settings) as new,
        Proxy(port=old.port).running() as proxy,
    ):
        conversation = (await old.order())["conversation_id"]
        channel = f"thread:{conversation}"
        async with listening(sdk, old, proxy, channel) as anna:
            await write(new, "sabine", conversation, ["heard from the other node"])
            await anna.diary.first("publication", channel)
            proxy.lead_new_ones_to(new.port)
            await old.node.drain(accepting=0, over=0)
            assert (await anna.diary.times(2, "connecting")).code == 3001
            await write(new, "sabine", conversation, ["said on the way"])
            assert (await anna.diary.times(2, "subscribed", channel)).recovered
            await anna.diary.times(2, "publication", channel)
            assert anna.diary.offsets(channel) == [2, 3]
            assert new.node.gateway.connections == 1


async def test_a_phone_that_changes_networks_loses_nothing_and_is_never_locked_out(
    sdk: Sdk, sqlite_url: str
) -> None:
    # A minute in some seconds: the server finds out about dead connections that much sooner, too.
    pace = Pace(ping=1.0, pong=4.0)
    async with (
        running_node(sqlite_url, settings=UNHURRIED, pace=pace) as node,
        Proxy(port=node.port).running() as proxy,
    ):
        conversation = (await node.order())["conversation_id"]
        channel = f"thread:{conversation}"
        async with listening(sdk, node, proxy, channel) as anna:
            for change in range(1, 22):
                proxy.abandon()
                await write(node, "sabine", conversation, [f"message {change}"])
                await anna.diary.times(change + 1, "subscribed", channel)
                await anna.diary.times(change, "publication", channel)
    assert anna.diary.offsets(channel) == list(range(2, 23))
    assert all(each.recovered for each in anna.diary.all("subscribed", channel)[1:])
