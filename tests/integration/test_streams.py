"""The fallback transports over HTTP: long answers down, requests up, on any node."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.eventually import eventually
from tests.support.node import RunningNode, running_node

PATIENCE = 10.0
ESTABLISHED = "01"


class Stream:
    """One long answer, line by line, and the way to say more."""

    def __init__(self, node: RunningNode, response: httpx2.Response) -> None:
        self.response = response
        self._node = node
        self._lines = response.aiter_lines()
        self.session = ""
        self.at = ""

    async def next(self) -> dict[str, Any]:
        """Return the next thing that is said, pings left out."""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                text = line.removeprefix("data: ")
                if text and text != "{}":
                    said: dict[str, Any] = json.loads(text)
                    return said
        raise AssertionError("the stream ended")

    async def connected(self) -> dict[str, Any]:
        """Return the connect reply; remember how to say more."""
        reply: dict[str, Any] = (await self.next())["connect"]
        self.session, self.at = reply["session"], reply["node"]
        return reply

    async def say(self, *commands: dict[str, Any], node: RunningNode | None = None) -> int:
        """Send commands by a request of their own, to any node; return its status."""
        data = "\n".join(json.dumps(command) for command in commands)
        body = {"session": self.session, "node": self.at, "data": data}
        return (await (node or self._node).http.post("/emulation", json=body)).status_code


def connect(token: str) -> dict[str, Any]:
    """Return a connect command."""
    return {"id": 1, "connect": {"token": token}}


@asynccontextmanager
async def streaming(node: RunningNode, transport: str, token: str) -> AsyncIterator[Stream]:
    """Open a stream by one of the two transports."""
    command = json.dumps(connect(token))
    if transport == "sse":
        call = node.http.stream("GET", "/connection/sse", params={"cf_connect": command})
    else:
        call = node.http.stream("POST", "/connection/http_stream", content=command)
    async with call as response:
        yield Stream(node, response)


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database."""
    async with running_node(sqlite_url) as running:
        yield running


@pytest.mark.parametrize("transport", ["http_stream", "sse"])
async def test_a_stream_hears_its_thread(node: RunningNode, transport: str) -> None:
    conversation = (await node.order())["conversation_id"]
    async with streaming(node, transport, node.token("anna")) as stream:
        assert stream.response.headers["x-accel-buffering"] == "no"
        reply = await stream.connected()
        assert reply["session"] != reply["client"]
        assert len(reply["session"]) * 6 >= 128, "a secret of as many bits"
        channel = f"thread:{conversation}"
        assert await stream.say({"id": 2, "subscribe": {"channel": channel}}) == 204
        assert (await stream.next())["subscribe"]["recoverable"] is True
        send = {"conversation": conversation, "client_id": "1", "body": "Grüße 👋"}
        assert await stream.say({"id": 3, "rpc": {"method": "message.send", "data": send}}) == 204
        said = [await stream.next(), await stream.next()]
        push = next(each["push"] for each in said if "push" in each)
        assert push["pub"]["data"]["body"] == "Grüße 👋"
    async with asyncio.timeout(PATIENCE):
        while await stream.say({"id": 4, "ping": {}}) != 404:
            """The server has not noticed yet that the answer has no reader any more."""


async def test_lines_are_ascii(node: RunningNode) -> None:
    """Older SDKs cut a stream anywhere, and so in the middle of a character."""
    await node.backend("PUT", "/v1/accounts/zoe", {"name": "Zoë 👋"})
    async with streaming(node, "http_stream", node.token("zoe")) as stream:
        async for chunk in stream.response.aiter_bytes():
            assert chunk.isascii()
            assert json.loads(chunk)["connect"]["data"]["account"]["name"] == "Zoë 👋"
            break


async def test_commands_find_their_stream_from_another_node(
    sqlite_url: str, redis_url: str
) -> None:
    settings = {"ORDERWIRE_REDIS_URL": redis_url}
    async with (
        running_node(sqlite_url, settings=settings) as one,
        running_node(sqlite_url, settings=settings) as other,
    ):
        await one.order()
        async with streaming(one, "http_stream", one.token("anna")) as stream:
            await stream.connected()
            assert await stream.say({"id": 2, "ping": {}}, node=other) == 204
            assert await stream.next() == {"id": 2, "ping": {}}
            stream.session = "nobody's"
            assert await stream.say({"id": 3, "ping": {}}, node=other) == 404


async def test_a_refusal_that_passes_is_a_status_and_one_that_stays_a_push(
    node: RunningNode,
) -> None:
    async with streaming(node, "http_stream", "no.token.this") as stream:
        assert (await stream.next())["push"]["disconnect"]["code"] == 3500
    async with streaming(node, "sse", node.token("a", lifetime=timedelta(hours=-1))) as stream:
        assert (await stream.next())["error"]["code"] == 109
    await node.node.gateway.drain(accepting=0, over=0)
    async with streaming(node, "sse", node.token("anna")) as stream:
        assert stream.response.status_code == 503


async def test_a_stream_that_nobody_reads_is_cut_all_the_same(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    for number in range(20):
        body = {"client_id": f"{number}", "body": "x" * 9_900}
        path = f"/v1/conversations/{conversation}/messages"
        bearer = {"Authorization": f"Bearer {node.token('anna')}"}
        assert (await node.http.post(path, json=body, headers=bearer)).is_success
    command = json.dumps(connect(node.token("anna")))
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, ("127.0.0.1", node.port))
        head = f"POST /connection/http_stream HTTP/1.1\r\nHost: x\r\nContent-Length: {len(command)}"
        await loop.sock_sendall(raw, f"{head}\r\n\r\n{command}".encode())
        answer = b""
        while b"}}\n" not in answer:
            answer += await loop.sock_recv(raw, 4_096)
        reply = json.loads(answer[answer.index(b'{"id"') :].splitlines()[0])["connect"]
        page = {"channel": f"thread:{conversation}", "limit": 200}
        asked = [{"id": number, "history": page} for number in range(2, 32)]
        data = "\n".join(map(json.dumps, asked))
        body = {"session": reply["session"], "node": reply["node"], "data": data}
        assert (await node.http.post("/emulation", json=body)).status_code == 204
        await eventually(lambda: node.node.gateway.connections == 1)
        assert is_established(raw)
        await node.node.gateway.drain(accepting=0, over=0)
        assert (await node.http.post("/emulation", json=body)).status_code == 404
        await eventually(lambda: not is_established(raw))


def is_established(raw: socket.socket) -> bool:
    """Tell whether the other end of a connection, which is this process, has it open (proc(5))."""
    ours, theirs = raw.getsockname()[1], raw.getpeername()[1]
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = {(int(each[1][9:], 16), int(each[2][9:], 16)): each[3] for each in lines}
    return ends.get((theirs, ours)) == ESTABLISHED


async def test_a_foreign_page_is_refused(node: RunningNode) -> None:
    headers = {"Origin": "https://evil.example"}
    for call in (
        node.http.post("/connection/http_stream", json=connect("x"), headers=headers),
        node.http.get("/connection/sse?cf_connect=x", headers=headers),
        node.http.post("/emulation", json={}, headers=headers),
    ):
        assert (await call).status_code == 403


async def test_a_friends_page_may_read_the_stream_and_say_more(sqlite_url: str) -> None:
    friend = "https://friend.example"
    settings = {"ORDERWIRE_ALLOWED_ORIGINS": friend}
    async with running_node(sqlite_url, settings=settings) as node:
        for path in ("/connection/http_stream", "/emulation"):
            asked = {
                "Origin": friend,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            }
            before = await node.http.options(path, headers=asked)
            assert before.status_code in (200, 204)
            assert before.headers["access-control-allow-origin"] == friend
            assert "content-type" in before.headers["access-control-allow-headers"].lower()
        command = json.dumps(connect(node.token("anna")))
        call = node.http.stream(
            "POST", "/connection/http_stream", content=command, headers={"Origin": friend}
        )
        async with call as response:
            assert response.headers["access-control-allow-origin"] == friend
            assert (await Stream(node, response).connected())["client"]


async def test_more_than_a_frame_holds_is_refused(node: RunningNode) -> None:
    command = json.dumps(connect("x" * 64 * 1024))
    refused = await node.http.post("/connection/http_stream", content=command)
    assert refused.status_code == 413
    async with streaming(node, "http_stream", node.token("anna")) as stream:
        await stream.connected()
        assert await stream.say({"id": 2, "ping": {"x": "x" * 256 * 1024}}) == 413
        assert await stream.say({"id": 3, "ping": {}}) == 204
        assert await stream.next() == {"id": 3, "ping": {}}


@pytest.mark.parametrize("body", ["", "[]", '{"session":1}', '{"session":"a","node":"b"}'])
async def test_rubbish_for_a_stream_is_refused(node: RunningNode, body: str) -> None:
    assert (await node.http.post("/emulation", content=body)).status_code == 400
