"""A client that knows the protocol and nothing else: it shows every frame that it is sent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 10.0

Message = dict[str, Any]


class RawClient:
    """Sends commands, and sorts what comes into replies by id and pushes in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.pushes: list[Message] = []
        # Replies and pushes as they came.
        self.received: list[Message] = []
        self._replies: dict[int, Message] = {}
        self._news = asyncio.Condition()
        self._last_id = 0
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for frame in self.connection:
                text = frame if isinstance(frame, str) else frame.decode()
                for line in text.split("\n"):
                    await self._take(json.loads(line))
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self._news.notify_all()

    async def _take(self, message: Message) -> None:
        self.received.append(message)
        if not message:
            await self.connection.send("{}")
        elif "push" in message:
            self.pushes.append(message["push"])
        else:
            self._replies[message["id"]] = message
        async with self._news:
            self._news.notify_all()

    async def command(self, **method: Any) -> Message:
        """Send a command and return its reply: ``await client.command(subscribe={...})``."""
        command_id = await self.tell(**method)
        await self.until(lambda: command_id in self._replies)
        return self._replies[command_id]

    async def tell(self, **method: Any) -> int:
        """Send a command and return its id."""
        self._last_id += 1
        await self.connection.send(json.dumps({"id": self._last_id, **method}))
        return self._last_id

    def reply(self, command_id: int) -> Message | None:
        """Return the reply to a command, if it is there."""
        return self._replies.get(command_id)

    async def until(self, true: Any) -> None:
        """Wait until something that has come makes ``true()`` true."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: true() or self._reader.done())
        assert true(), f"closed with {self.connection.close_code} before it came"

    async def connect(self, token: str, **more: Any) -> Message:
        """Say who it is."""
        reply: Message = (await self.command(connect={"token": token, **more}))["connect"]
        return reply

    async def subscribe(self, channel: str, **more: Any) -> Message:
        """Listen to a channel."""
        reply: Message = (await self.command(subscribe={"channel": channel, **more}))["subscribe"]
        return reply

    async def rpc(self, method: str, **data: Any) -> Any:
        """Call a method and return its data."""
        reply = await self.command(rpc={"method": method, "data": data})
        return reply["rpc"]["data"]

    def publications(self, channel: str) -> list[Message]:
        """List the publications that were pushed on a channel."""
        return [
            push["pub"] for push in self.pushes if push.get("channel") == channel and "pub" in push
        ]

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait for the end; return its code and reason."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason

    async def stop(self) -> None:
        """Close the connection."""
        await self.connection.close()
        await self._reader


@asynccontextmanager
async def raw_client(
    url: str, *, max_size: int | None = None, **options: Any
) -> AsyncIterator[RawClient]:
    """Open a connection that has said nothing yet; it takes frames of ``max_size``, or any."""
    async with connect(url, max_size=max_size, proxy=None, **options) as connection:
        client = RawClient(connection)
        yield client
        await client.stop()
