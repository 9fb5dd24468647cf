"""A connection whose request does not come to its point costs little, and not for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from realtime.http_protocol import BoundedHttpProtocol

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Hasty(BoundedHttpProtocol):
    """As the server's, with less patience."""

    head_seconds = 0.05
    most_head_bytes = 1_000


async def _app(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body"})


@asynccontextmanager
async def a_connection(
    protocol: type[BoundedHttpProtocol] = Hasty,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(_app, lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        await server.wait_closed()


async def test_who_says_nothing_is_left() -> None:
    async with a_connection() as (reader, _):
        assert await reader.read() == b""


async def test_who_begins_a_request_and_does_not_end_it_is_left() -> None:
    async with a_connection() as (reader, writer):
        writer.write(REQUEST[:-2])
        assert await reader.read() == b""


async def test_so_is_who_does_it_after_a_request_that_was_whole() -> None:
    async with a_connection() as (reader, writer):
        writer.write(REQUEST + REQUEST[:-2])
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        writer.write(b"X: more\r\n")
        assert await reader.read() == b""


async def test_a_head_that_is_too_long_is_refused() -> None:
    async with a_connection() as (reader, writer):
        writer.write(REQUEST[:-2] + b"X: " + b"x" * 2_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request")


async def test_a_request_may_take_its_time_once_its_head_is_there() -> None:
    async with a_connection() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n" + b"x" * 2_000)
        async with a_connection() as (other, _):
            # By the end of this one the first would have been left, too.
            assert await other.read() == b""
        writer.write(b"x" * 2_000)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


async def test_requests_follow_each_other_on_one_connection() -> None:
    async with a_connection(BoundedHttpProtocol) as (reader, writer):
        for _ in range(3):
            writer.write(REQUEST)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
        writer.write(REQUEST * 3)
        for _ in range(3):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
