"""Browsers that no WebSocket reaches: they hear on one node, and what they say lands on another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.clients.conftest import UNHURRIED
from tests.clients.javascript_sdk import JavaScriptClient, JavaScriptSdk
from tests.clients.people import tokens, write
from tests.support.node import RunningNode, running_node
from tests.support.proxy import Proxy

PATHS = {"http_stream": "/connection/http_stream", "sse": "/connection/sse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Anna, who hears ``here`` by way of the proxy, and whose words land ``there``."""

    here: RunningNode
    there: RunningNode
    proxy: Proxy
    anna: JavaScriptClient
    channel: str
    conversation: str


@asynccontextmanager
async def reached(
    javascript: JavaScriptSdk, database_url: str, redis_url: str, transport: str
) -> AsyncIterator[Reached]:
    """Connect Anna, and have her listen to her thread."""
    settings = UNHURRIED | {"ORDERWIRE_REDIS_URL": redis_url}
    async with (
        running_node(database_url, settings=settings) as here,
        running_node(database_url, settings=settings) as there,
        Proxy(port=here.port).running() as proxy,
    ):
        conversation = (await here.order())["conversation_id"]
        anna = await javascript.fallback_client(
            transport,
            f"http://127.0.0.1:{proxy.port}{PATHS[transport]}",
            tokens(here, "anna"),
            emulation=f"http://127.0.0.1:{there.port}/emulation",
        )
        channel = f"thread:{conversation}"
        await anna.subscribe(channel)
        await anna.connect()
        await anna.diary.first("subscribed", channel)
        yield Reached(
            here=here,
            there=there,
            proxy=proxy,
            anna=anna,
            channel=channel,
            conversation=conversation,
        )
        await anna.disconnect()


@pytest.mark.parametrize("transport", PATHS)
async def test_they_hear_and_are_heard(
    javascript: JavaScriptSdk, postgresql_url: str, redis_url: str, transport: str
) -> None:
    async with reached(javascript, postgresql_url, redis_url, transport) as they:
        assert (they.here.node.gateway.connections, they.there.node.gateway.connections) == (1, 0)
        sent = await they.anna.rpc(
            "message.send",
            {"conversation": they.conversation, "client_id": "1", "body": "Grüße 😀"},
        )
        assert sent["message"]["seq"] == 2
        await write(they.there, "sabine", they.conversation, ["Grüße zurück"])
        await they.anna.diary.times(2, "publication", they.channel)
        told = they.anna.diary.all("publication", they.channel)
        assert [each.data["body"] for each in told] == ["Grüße 😀", "Grüße zurück"]
        assert len(they.anna.diary.all("connecting")) == 1


@pytest.mark.parametrize("transport", PATHS)
async def test_what_was_missed_comes_with_the_next_stream(
    javascript: JavaScriptSdk, postgresql_url: str, redis_url: str, transport: str
) -> None:
    async with reached(javascript, postgresql_url, redis_url, transport) as they:
        they.proxy.refuse()
        await they.anna.diary.times(2, "connecting")
        await write(they.here, "sabine", they.conversation, ["one", "two"])
        they.proxy.accept()
        back = await they.anna.diary.times(2, "subscribed", they.channel)
        assert back.recovered
        await they.anna.diary.times(2, "publication", they.channel)
        await write(they.there, "sabine", they.conversation, ["three"])
        await they.anna.diary.times(3, "publication", they.channel)
        assert they.anna.diary.offsets(they.channel) == [2, 3, 4]
