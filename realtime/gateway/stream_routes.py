"""``/connection/http_stream``, ``/connection/sse``, ``/emulation``: sockets by plain requests."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from realtime.gateway.emulation import Emulation
from realtime.gateway.streams import StreamOutlet
from realtime.http_protocol import ABORT
from realtime.protocol.formats import HTTP_STREAM_JSON, SSE_JSON, Format

if TYPE_CHECKING:
    from realtime.gateway.gateway import Gateway

# Proxies would hold a stream back until it is whole.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


Name = Annotated[str, Meta(max_length=64)]


class Emulated(Struct, frozen=True, kw_only=True):
    """Commands for a stream: ``data`` is a frame of it."""

    session: Name
    node: Name
    data: str


class StreamRoutes:
    """The fallback transports of the browser SDK over HTTP."""

    def __init__(self, *, gateway: "Gateway", emulation: Emulation) -> None:
        self._gateway = gateway
        self._emulation = emulation

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/connection/http_stream", self.http_stream, methods=["POST"]),
            Route("/connection/sse", self.sse, methods=["GET"]),
            Route("/emulation", self.emulate, methods=["POST"]),
        ]

    async def http_stream(self, request: Request) -> Response:
        """Answer the connect command in the body with lines, for as long as the client stays."""
        connect = await self._body(request, self._gateway.limits.frame_before_connect)
        if connect is None:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return await self._stream(request, connect, HTTP_STREAM_JSON, "application/json")

    async def sse(self, request: Request) -> Response:
        """Answer the connect command in the query with events (WHATWG, server-sent events)."""
        connect = request.query_params.get("cf_connect", "").encode()
        return await self._stream(request, connect, SSE_JSON, "text/event-stream")

    async def emulate(self, request: Request) -> Response:
        """Hand later commands to their stream, on whatever node that is."""
        if not self._is_allowed(request):
            return _refused(HTTPStatus.FORBIDDEN)
        body = await self._body(request, self._gateway.limits.frame)
        if body is None:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            asked = msgspec.json.decode(body, type=Emulated)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _refused(HTTPStatus.BAD_REQUEST)
        found = await self._emulation.hand_over(asked.node, asked.session, asked.data)
        return Response(
            status_code=HTTPStatus.NO_CONTENT if found else HTTPStatus.NOT_FOUND, headers=HEADERS
        )

    async def _stream(
        self, request: Request, connect: bytes, encoding: Format, media_type: str
    ) -> Response:
        if not self._is_allowed(request):
            return _refused(HTTPStatus.FORBIDDEN)
        if not self._gateway.accepts():
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE)
        address = request.client.host if request.client else ""
        outlet = StreamOutlet(encoding, request.scope.get("state", {}).get(ABORT, _nothing))
        client = self._gateway.welcome(outlet, encoding, address)
        client.secret = self._emulation.open(client)
        outlet.belongs_to(client, self._closed(client.secret))
        client.receive(connect)
        first = await outlet.first()
        if client.is_turned_away():
            outlet.abandon()
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE)
        return StreamingResponse(outlet.rest(first), media_type=media_type, headers=HEADERS)

    def _closed(self, secret: str) -> Callable[[], None]:
        return lambda: self._emulation.close(secret)

    def _is_allowed(self, request: Request) -> bool:
        headers = request.headers
        return self._gateway.is_allowed(headers.get("origin"), headers.get("host"))

    async def _body(self, request: Request, most: int) -> bytes | None:
        """Return a request's body, None for one that is too large."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return None
        return bytes(body)


def _nothing() -> None:
    """Cut nothing: this server has no connections of its own."""


def _refused(status: HTTPStatus) -> Response:
    return PlainTextResponse(f"{status.phrase}\n", status, headers=HEADERS)
