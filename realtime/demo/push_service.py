"""A push service for people without a browser at hand: it checks, decrypts and shows pushes."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.preferences import Channel
from realtime.clock import Clock
from realtime.demo.outbox import Outbox
from realtime.demo.people import Person, by_account
from realtime.demo.push_receiver import (
    MOST_BODY,
    BrowserKeys,
    PushRefused,
    check_headers,
    check_vapid,
)

PATH = "/demo/push"


class DemoPushService:
    """Takes pushes at ``origin``, the server's own; its subscriptions live as long as it does."""

    def __init__(self, *, origin: str, public_key: str, outbox: Outbox, clock: Clock) -> None:
        self._origin = origin
        self._public_key = public_key
        self._outbox = outbox
        self._clock = clock
        self._keys: dict[str, BrowserKeys] = {}

    def subscribe(self, person: Person) -> tuple[str, BrowserKeys]:
        """Return the endpoint and keys of a browser that is always on."""
        keys = self._keys.setdefault(person.account, BrowserKeys())
        return f"{self._origin}{PATH}/{person.account}", keys

    def routes(self) -> list[Route]:
        """List the routes."""
        return [Route(f"{PATH}/{{account}}", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """Take one push, if a push service would."""
        try:
            person, payload = await self._opened(request)
        except PushRefused as refusal:
            return PlainTextResponse(refusal.why, refusal.status)
        self._outbox.add(
            Channel.PUSH,
            person,
            title=payload["title"],
            body=payload["body"],
            category=payload["category"],
        )
        return Response(status_code=201)

    async def _opened(self, request: Request) -> tuple[Person, dict[str, Any]]:
        person = by_account(request.path_params["account"])
        keys = self._keys.get(person.account) if person else None
        if person is None or keys is None:
            raise PushRefused(410, "no such subscription")
        headers = dict(request.headers)
        check_headers(headers)
        check_vapid(
            headers.get("authorization", ""),
            origin=self._origin,
            public_key=self._public_key,
            now=self._clock.now(),
        )
        return person, json.loads(keys.decrypt(await _body(request)))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise PushRefused(413, "more than 4,096 bytes")
    return bytes(body)
