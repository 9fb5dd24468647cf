"""What the official SDKs do about tokens: refresh them, and replace those that have expired."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from realtime.bootstrap import Pace
from tests.clients.conftest import UNHURRIED
from tests.clients.people import write
from tests.clients.sdk import Sdk
from tests.support.node import RunningNode, running_node
from tests.support.proxy import Proxy
from tests.support.raw_client import raw_client
from tests.support.shifted_clock import ShiftedClock

LONG_AGO = timedelta(hours=-1)
SHORT = timedelta(seconds=1)


class Purse:
    """Tokens of an account, the first ones of chosen lifetimes, the rest good for an hour."""

    def __init__(self, node: RunningNode, *lifetimes: timedelta) -> None:
        self._node = node
        self._lifetimes = list(lifetimes)
        self.given: list[str] = []

    async def token(self) -> str:
        """Give the next one."""
        lifetime = self._lifetimes.pop(0) if self._lifetimes else timedelta(hours=1)
        self.given.append(self._node.token("anna", lifetime=lifetime))
        return self.given[-1]


@pytest.fixture
async def strict_node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node that has little patience with tokens that are not refreshed."""
    pace = Pace(expiry_grace=3.0)
    async with running_node(sqlite_url, settings=UNHURRIED, pace=pace) as running:
        yield running


async def test_a_refreshed_connection_lives_on(sdk: Sdk, strict_node: RunningNode) -> None:
    node = strict_node
    conversation = (await node.order())["conversation_id"]
    purse = Purse(node, SHORT)
    anna = await sdk.client(node.socket_url, purse.token)
    await anna.subscribe(f"thread:{conversation}")
    await anna.connect()
    await anna.diary.first("subscribed")
    async with raw_client(node.socket_url) as forgetful:
        reply = await forgetful.connect(node.token("sabine", lifetime=SHORT))
        assert reply["expires"] is True
        assert reply["ttl"] == 1
        assert (await forgetful.closed())[0] == 3005
    await write(node, "sabine", conversation, ["still there?"])
    await anna.diary.first("publication")
    assert len(purse.given) == 2
    assert len(anna.diary.all("connecting")) == 1


async def test_an_expired_token_is_replaced(sdk: Sdk, node: RunningNode) -> None:
    await node.order()
    purse = Purse(node, LONG_AGO)
    anna = await sdk.client(node.socket_url, purse.token)
    await anna.connect()
    await anna.diary.first("connected")
    assert [each.code for each in anna.diary.all("error")] == [109]
    assert len(purse.given) == 2


async def test_who_brings_nothing_but_expired_tokens_is_told_to_stop(
    sdk: Sdk, node: RunningNode
) -> None:
    await node.order()
    purse = Purse(node, *[LONG_AGO] * 20)
    anna = await sdk.client(node.socket_url, purse.token)
    await anna.connect()
    assert (await anna.diary.first("disconnected")).code == 3500
    assert len(purse.given) == 6


async def test_a_forged_token_is_final(sdk: Sdk, node: RunningNode) -> None:
    async def forged() -> str:
        return node.token("anna")[:-4] + "aaaa"

    anna = await sdk.client(node.socket_url, forged)
    await anna.connect()
    assert (await anna.diary.first("disconnected")).code == 3500
    assert anna.diary.all("connected") == []


async def test_a_token_that_expires_during_a_reconnect_is_replaced(
    sdk: Sdk, sqlite_url: str
) -> None:
    clock = ShiftedClock()
    async with running_node(sqlite_url, settings=UNHURRIED, clock=clock) as node:
        conversation = (await node.order())["conversation_id"]
        channel = f"thread:{conversation}"
        purse = Purse(node, timedelta(hours=1), timedelta(hours=9))
        async with Proxy(port=node.port).running() as proxy:
            url = f"ws://127.0.0.1:{proxy.port}/connection/websocket"
            anna = await sdk.client(url, purse.token)
            await anna.subscribe(channel)
            await anna.connect()
            await anna.diary.first("subscribed", channel)
            proxy.refuse()
            await anna.diary.times(2, "connecting")
            await write(node, "sabine", conversation, ["one", "two"])
            clock.advance(timedelta(hours=8))
            proxy.accept()
            await anna.diary.times(2, "publication", channel)
            await anna.disconnect()
    assert [each.code for each in anna.diary.all("error")][-1] == 109
    assert len(purse.given) == 2
    assert anna.diary.all("subscribed", channel)[1].recovered
    assert anna.diary.offsets(channel) == [2, 3]


async def test_one_account_cannot_take_over_the_connection_of_another(
    sdk: Sdk, node: RunningNode
) -> None:
    await node.order()
    names = iter(["anna", "sabine"])

    async def confused() -> str:
        return node.token(next(names), lifetime=SHORT)

    anna = await sdk.client(node.socket_url, confused)
    await anna.connect()
    assert (await anna.diary.first("disconnected")).code == 3500
    assert len(anna.diary.all("connected")) == 1
