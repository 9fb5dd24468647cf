"""An endpoint of a marketplace on loopback: checks signatures as the official receiver does."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer instead of 204; ``stall`` holds it back until the end."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stall: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """What came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """Return the event as the official package takes it; raises for a wrong signature."""
        return Webhook(secret).verify(self.body, dict(self.headers))


class WebhookReceiver:
    """Keeps what is posted to it, and answers as it is told."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.script: deque[Reply] = deque()
        self.origin = ""
        self._news = asyncio.Condition()
        self._over = asyncio.Event()

    async def wait_for(self, count: int) -> list[Posted]:
        """Wait until so many are here, and return them."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.posted) >= count)
        return self.posted

    @asynccontextmanager
    async def running(self) -> AsyncIterator["WebhookReceiver"]:
        """Serve on loopback until the block is left."""
        app = web.Application()
        app.add_routes([web.post("/{path:.*}", self._take)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._over.set()
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        async with self._news:
            self.posted.append(Posted(request.path, headers, body))
            self._news.notify_all()
        reply = self.script.popleft() if self.script else Reply()
        if reply.stall:
            await self._over.wait()
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
