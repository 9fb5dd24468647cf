"""A push service on loopback that checks, decrypts and records, and answers as it is told.

Alone: ``python -m tests.support.push_service --port 9900 [--public-key KEY]``; then
``POST /subscriptions`` gives ``{endpoint, keys}``, ``GET /received`` what came, and
``POST /script`` takes ``[{"status": 503, "headers": {...}, "body": "..."}, ...]``.
"""

import argparse
import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from realtime.clock import Clock, SystemClock
from realtime.demo.push_receiver import BrowserKeys, PushRefused, check_headers, check_vapid

ROOM_FOR_ANYTHING = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to answer instead of 201; ``stall`` holds the answer back, or its body."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stall: str | None = None  # "answer" or "body"
    drop: bool = False  # the connection, without an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One push that was in order."""

    subscription: str
    headers: dict[str, str]
    claims: dict[str, Any]
    payload: dict[str, Any]
    size: int

    def summary(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "subscription": self.subscription,
            "headers": self.headers,
            "claims": self.claims,
            "payload": self.payload,
        }


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser would hand to its page."""

    endpoint: str
    keys: BrowserKeys

    def to_json(self) -> dict[str, Any]:
        """Return it as ``PushSubscription.toJSON()`` does."""
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": self.keys.p256dh, "auth": self.keys.auth},
        }


class PushService:
    """Takes pushes; ``public_key`` is the VAPID key that its subscriptions were made with."""

    def __init__(self, *, public_key: str | None = None, clock: Clock | None = None) -> None:
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.connections = 0
        self.script: deque[Answer] = deque()
        self.origin = ""
        self._public_key = public_key
        self._clock = clock or SystemClock()
        self._keys: dict[str, BrowserKeys] = {}
        self._peers: set[object] = set()
        self._news = asyncio.Condition()
        self._over = asyncio.Event()

    def subscribe(self, name: str = "browser") -> Subscription:
        """Make a subscription, as a browser would."""
        self._keys[name] = BrowserKeys()
        return Subscription(f"{self.origin}/push/{name}", self._keys[name])

    async def wait_for(self, count: int) -> list[Received]:
        """Wait until ``count`` pushes are here, and return them."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["PushService"]:
        """Serve on loopback until the block is left."""
        app = web.Application(client_max_size=ROOM_FOR_ANYTHING)
        app.add_routes(
            [
                web.post("/push/{name}", self._take),
                web.post("/subscriptions", self._give_subscription),
                web.get("/received", self._show),
                web.post("/script", self._learn),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._over.set()
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self._count(request)
        try:
            await self._check(request)
        except PushRefused as refusal:
            self.refused.append(refusal.why)
            return web.Response(status=refusal.status, text=refusal.why)
        answer = self.script.popleft() if self.script else Answer()
        return await self._answer(request, answer)

    def _count(self, request: web.Request) -> None:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peername")
        if peer not in self._peers:
            self._peers.add(peer)
            self.connections += 1

    async def _check(self, request: web.Request) -> None:
        name = request.match_info["name"]
        headers = {key.lower(): value for key, value in request.headers.items()}
        if name not in self._keys:
            raise PushRefused(404, "no such subscription")
        check_headers(headers)
        claims = check_vapid(
            headers.get("authorization", ""),
            origin=self.origin,
            public_key=self._public_key,
            now=self._clock.now(),
        )
        body = await request.read()
        payload = json.loads(self._keys[name].decrypt(body))
        async with self._news:
            self.received.append(
                Received(
                    subscription=name,
                    headers=headers,
                    claims=claims,
                    payload=payload,
                    size=len(body),
                )
            )
            self._news.notify_all()

    async def _answer(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        if answer.drop:
            assert request.transport is not None
            request.transport.abort()
        if answer.stall == "answer":
            await self._over.wait()
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_length = len(answer.body) + (answer.stall == "body")
        await response.prepare(request)
        await response.write(answer.body)
        if answer.stall == "body":
            await self._over.wait()
        return response

    async def _give_subscription(self, _request: web.Request) -> web.Response:
        return web.json_response(self.subscribe(f"browser-{len(self._keys)}").to_json())

    async def _show(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": [push.summary() for push in self.received]})

    async def _learn(self, request: web.Request) -> web.Response:
        for told in await request.json():
            body = str(told.pop("body", "")).encode()
            self.script.append(Answer(body=body, **told))
        return web.Response(status=204)


async def _serve(port: int, public_key: str | None) -> None:
    async with PushService(public_key=public_key).running(port) as service:
        print(service.origin, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--public-key")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.public_key))


if __name__ == "__main__":
    main()
