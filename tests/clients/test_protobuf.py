"""The Python SDK in Protobuf, as the SDKs for iOS, Android, Flutter and .NET always speak."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from centrifuge import Client, ClientEventHandler, StreamPosition, SubscriptionEventHandler

from tests.support.node import RunningNode
from tests.support.raw_client import raw_client

PATIENCE = 30.0


class Heard(SubscriptionEventHandler):  # type: ignore[misc] # the SDK has no types
    """Keeps what came on a channel."""

    def __init__(self) -> None:
        self.subscribed: asyncio.Queue[Any] = asyncio.Queue()
        self.publications: asyncio.Queue[Any] = asyncio.Queue()
        self.unsubscribed: asyncio.Queue[Any] = asyncio.Queue()
        self.comings: asyncio.Queue[Any] = asyncio.Queue()

    async def on_subscribed(self, ctx: Any) -> None:
        await self.subscribed.put(ctx)

    async def on_unsubscribed(self, ctx: Any) -> None:
        await self.unsubscribed.put(ctx)

    async def on_publication(self, ctx: Any) -> None:
        await self.publications.put(ctx.pub)

    async def on_join(self, ctx: Any) -> None:
        await self.comings.put(("join", ctx.info.user, ctx.info.client))

    async def on_leave(self, ctx: Any) -> None:
        await self.comings.put(("leave", ctx.info.user, ctx.info.client))

    async def next(self) -> tuple[int, Any]:
        """Wait for a publication; return its offset and data."""
        async with asyncio.timeout(PATIENCE):
            publication = await self.publications.get()
        return publication.offset, json.loads(publication.data)


class Told(ClientEventHandler):  # type: ignore[misc] # the SDK has no types
    """Keeps what came of connecting, and on the own inbox."""

    def __init__(self) -> None:
        self.connected: asyncio.Queue[Any] = asyncio.Queue()
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.inbox_subscribed: asyncio.Queue[Any] = asyncio.Queue()

    async def on_connected(self, ctx: Any) -> None:
        await self.connected.put(json.loads(ctx.data))

    async def on_subscribed(self, ctx: Any) -> None:
        await self.inbox_subscribed.put(ctx.channel)

    async def on_publication(self, ctx: Any) -> None:
        await self.inbox.put(json.loads(ctx.pub.data))


@asynccontextmanager
async def connected(node: RunningNode, account: str, told: Told) -> AsyncIterator[Any]:
    """Connect in Protobuf, and ask for the own inbox."""

    async def token() -> str:
        return node.token(account)

    client = Client(
        node.socket_url,
        events=told,
        get_token=token,
        data=b'{"inbox": true}',
        use_protobuf=True,
        proxy=None,
    )
    await client.connect()
    yield client
    await client.disconnect()


async def soon(queue: "asyncio.Queue[Any]") -> Any:
    """Wait for the next of a queue."""
    async with asyncio.timeout(PATIENCE):
        return await queue.get()


async def send(client: Any, conversation: str, body: str) -> int:
    """Send a message; return its seq."""
    data = {"conversation": conversation, "client_id": body, "body": body}
    answer = await client.rpc("message.send", json.dumps(data).encode())
    seq: int = json.loads(answer.data)["message"]["seq"]
    return seq


async def test_a_thread_is_shared_with_one_who_speaks_json(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    heard, told = Heard(), Told()
    async with connected(node, "anna", told) as anna, raw_client(node.socket_url) as sabine:
        assert (await soon(told.connected))["account"]["id"] == "anna"
        assert await soon(told.inbox_subscribed) == "inbox:anna"
        subscription = anna.new_subscription(channel, events=heard)
        await subscription.subscribe()
        begun = await soon(heard.subscribed)
        assert json.loads(begun.data)["can_send"] is True
        await sabine.connect(node.token("sabine"))
        await sabine.subscribe(channel)

        assert await send(anna, conversation, "Grüße 😀") == 2
        sent = await sabine.rpc("message.send", conversation=conversation, client_id="1", body="ok")

        assert sent["message"]["seq"] == 3
        assert [(await heard.next())[1]["body"] for _ in range(2)] == ["Grüße 😀", "ok"]
        await sabine.until(lambda: len(sabine.publications(channel)) == 2)
        in_json = [(each["offset"], each["data"]["body"]) for each in sabine.publications(channel)]
        assert in_json == [(2, "Grüße 😀"), (3, "ok")]
        assert (await soon(told.inbox))["type"] in ("conversation", "badge")


async def test_what_was_missed_is_recovered_and_read_back(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    heard = Heard()
    async with connected(node, "anna", Told()) as anna:
        subscription = anna.new_subscription(channel, events=heard)
        await subscription.subscribe()
        await soon(heard.subscribed)
        await anna.disconnect()
        async with connected(node, "sabine", Told()) as sabine:
            for body in ("one", "two", "three"):
                await send(sabine, conversation, body)
        await anna.connect()

        again = await soon(heard.subscribed)
        assert again.was_recovering
        assert again.recovered
        missed = [await heard.next() for _ in range(3)]
        assert [(offset, data["body"]) for offset, data in missed] == [
            (2, "one"),
            (3, "two"),
            (4, "three"),
        ]
        page = await anna.history(
            channel, limit=2, since=StreamPosition(1, again.stream_position.epoch)
        )
        assert [each.offset for each in page.publications] == [2, 3]
        assert page.offset == 4
        present = await anna.presence(channel)
        assert [info.user for info in present.clients.values()] == ["anna"]
        stats = await anna.presence_stats(channel)
        assert (stats.num_clients, stats.num_users) == (1, 1)


async def test_who_comes_and_who_goes_is_told(node: RunningNode) -> None:
    channel = f"thread:{(await node.order())['conversation_id']}"
    heard = Heard()
    async with connected(node, "anna", Told()) as anna:
        await anna.new_subscription(channel, events=heard, join_leave=True).subscribe()
        assert (await soon(heard.comings))[:2] == ("join", "anna")
        async with raw_client(node.socket_url) as sabine:
            client = (await sabine.connect(node.token("sabine")))["client"]
            await sabine.subscribe(channel)
            assert await soon(heard.comings) == ("join", "sabine", client)
        assert await soon(heard.comings) == ("leave", "sabine", client)


async def test_a_refusal_keeps_its_code(node: RunningNode) -> None:
    await node.order()
    heard = Heard()
    async with connected(node, "anna", Told()) as anna:
        await anna.new_subscription("thread:none", events=heard).subscribe()

        assert (await soon(heard.unsubscribed)).code == 103
