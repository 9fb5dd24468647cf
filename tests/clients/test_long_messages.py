"""A thousand messages of the greatest length, missed: nobody is sent more than it can take."""

from collections.abc import AsyncIterator

import pytest

from tests.clients.conftest import UNHURRIED
from tests.clients.people import tokens, write
from tests.clients.python_sdk import python_sdk
from tests.support.node import RunningNode, running_node
from tests.support.proxy import Proxy
from tests.support.raw_client import raw_client

MANY = 1_000
# 40,000 bytes each.
LONGEST = "😀" * 10_000
MOST_IN_A_FRAME = 1024 * 1024
PAGE = 20


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database, without limits of speed."""
    async with running_node(sqlite_url, settings=UNHURRIED) as running:
        yield running


async def test_they_are_read_from_history_when_they_are_too_much_to_replay(
    node: RunningNode,
) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with Proxy(port=node.port).running() as proxy, python_sdk() as sdk:
        url = f"ws://127.0.0.1:{proxy.port}/connection/websocket"
        anna = await sdk.client(url, tokens(node, "anna"))
        await anna.subscribe(channel)
        await anna.connect()
        await anna.diary.first("subscribed", channel)
        proxy.refuse()
        await anna.diary.times(2, "connecting")
        await write(node, "sabine", conversation, [LONGEST] * MANY)
        proxy.accept()
        back = await anna.diary.times(2, "subscribed", channel)
        assert back.was_recovering
        assert not back.recovered
        position = (1, "")
        read: list[int] = []
        while len(read) < MANY:
            page = await anna.history(channel, limit=PAGE, since=position)
            assert {data["body"] for _, data in page.publications} == {LONGEST}
            read += [offset for offset, _ in page.publications]
            position = (read[-1], page.epoch)
        assert read == list(range(2, 2 + MANY))
        assert page.offset == read[-1]
        assert len(anna.diary.all("connected")) == 2
        await anna.disconnect()

    # As iOS has it: a reader that ends the connection over a frame of more than 1 MiB.
    async with raw_client(node.socket_url, max_size=MOST_IN_A_FRAME) as narrow:
        await narrow.connect(node.token("anna"))
        began = await narrow.subscribe(channel, recover=True, offset=1, epoch=position[1])
        assert began["was_recovering"] is True
        assert "recovered" not in began
        assert "publications" not in began
        assert began["offset"] == 1 + MANY
        last = 1
        while last < began["offset"]:
            since = {"offset": last, "epoch": began["epoch"]}
            reply = await narrow.command(
                history={"channel": channel, "limit": PAGE, "since": since}
            )
            offsets = [each["offset"] for each in reply["history"]["publications"]]
            assert offsets == list(range(last + 1, last + 1 + len(offsets)))
            last = offsets[-1]
        # As many as are replayed, but not one more.
        fitting = await narrow.subscribe(
            channel, recover=True, offset=last - len(offsets), epoch=began["epoch"]
        )
        assert fitting["recovered"] is True
        assert len(fitting["publications"]) == len(offsets)
