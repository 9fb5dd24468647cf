"""Attachments on a whole node: over real sockets that break, on a full disk, in a bucket."""

import asyncio
import resource
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.integration.test_attachment_uploads import PIECE, TUS, metadata
from tests.support.eventually import eventually_reads
from tests.support.node import RunningNode, running_node
from tests.support.s3_server import running_s3

CONTENT = secrets.token_bytes(3_000_000)


class Anna:
    """A client with a file to upload."""

    def __init__(self, node: RunningNode) -> None:
        self.node = node
        self.headers = {"Authorization": f"Bearer {node.token('anna')}"}

    async def asks(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Call the API."""
        headers = self.headers | more.pop("headers", {})
        return await self.node.http.request(method, path, headers=headers, **more)

    async def begins(self, size: int) -> str:
        """Say what is to come; return where to."""
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata("work.bin")}
        created = await self.asks("POST", "/v1/attachments", headers=headers)
        return created.headers["location"]

    async def offset(self, path: str) -> int:
        """Ask how far an upload is."""
        asked = await self.asks("HEAD", path, headers=TUS)
        return int(asked.headers["upload-offset"])

    async def sends(self, path: str, offset: int, content: bytes) -> httpx2.Response:
        """Send a piece."""
        headers = {**PIECE, "Upload-Offset": str(offset)}
        return await self.asks("PATCH", path, headers=headers, content=content)

    async def is_cut_off(self, method: str, path: str, body: bytes, **headers: str) -> None:
        """Send the beginning of a request, and vanish."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.node.port)
        told = {"Host": "127.0.0.1", "Content-Length": str(len(CONTENT)), **self.headers, **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def anna(sqlite_url: str) -> AsyncIterator[Anna]:
    """Anna, and a node that knows her."""
    async with running_node(sqlite_url) as node:
        await node.order()
        yield Anna(node)


def files_of(tmp_path: Path) -> list[Path]:
    """List what is kept beside the database."""
    kept = tmp_path / "orderwire-attachments"
    return [path for path in kept.rglob("*") if path.is_file()]


async def how_many(tmp_path: Path) -> int:
    """Count what is kept."""
    return len(files_of(tmp_path))


async def test_an_upload_that_is_cut_goes_on_where_it_was(anna: Anna, tmp_path: Path) -> None:
    path = await anna.begins(len(CONTENT))
    first = CONTENT[:1_000_000]

    await anna.is_cut_off("PATCH", path, first, **PIECE, **{"Upload-Offset": "0"})
    await eventually_reads(len(first), lambda: anna.offset(path))
    rest = await anna.sends(path, len(first), CONTENT[len(first) :])

    shown = (await anna.asks("GET", path)).json()
    fetched = await anna.node.http.get(shown["url"])
    part = await anna.node.http.get(shown["url"], headers={"Range": "bytes=999990-1000009"})
    assert rest.status_code == 204
    assert fetched.content == CONTENT
    assert part.content == CONTENT[999_990:1_000_010]
    assert len(files_of(tmp_path)) == 2


async def test_of_a_form_that_is_cut_nothing_stays(anna: Anna, tmp_path: Path) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    await anna.is_cut_off("POST", "/v1/attachments", form + CONTENT[:1_000_000], **kind)

    async def is_over() -> bool:
        figures = (await anna.node.http.get("/metrics")).text
        return 'method="POST",route="/v1/attachments",status="400"' in figures

    await eventually_reads(True, is_over)
    await eventually_reads(0, lambda: how_many(tmp_path))


async def test_what_says_that_it_is_too_large_is_answered_before_it_comes(anna: Anna) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", anna.node.port)
    writer.write(
        b"POST /v1/attachments HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Authorization: %s\r\nContent-Length: 99999999999\r\n\r\n"
        % anna.headers["Authorization"].encode()
    )

    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 413 ")


@contextmanager
def disk_full_at(most: int) -> Iterator[None]:
    """Let no file of this process grow further."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_is_our_weakness_and_the_upload_goes_on_when_there_is_room(
    anna: Anna, tmp_path: Path
) -> None:
    """Nothing is noted that was not kept; the database, which needs little, goes on."""
    path = await anna.begins(len(CONTENT))
    with disk_full_at(2_000_000):
        refused = await anna.sends(path, 0, CONTENT)
        still = await anna.offset(path)

    sent = await anna.sends(path, 0, CONTENT)

    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert still == 0
    assert sent.status_code == 204
    assert [kept.stat().st_size for kept in files_of(tmp_path)] == [len(CONTENT)]


async def test_what_is_dropped_goes_from_the_disk_at_once(anna: Anna, tmp_path: Path) -> None:
    path = await anna.begins(5)
    await anna.sends(path, 0, b"12345")
    assert len(files_of(tmp_path)) == 1

    await anna.asks("DELETE", path)

    await eventually_reads(0, lambda: how_many(tmp_path))


async def test_pages_of_the_marketplace_may_upload_and_see_how_far_it_is(sqlite_url: str) -> None:
    shop = "https://shop.example.com"
    async with running_node(sqlite_url, settings={"ORDERWIRE_ALLOWED_ORIGINS": shop}) as node:
        await node.order()
        anna = Anna(node)
        asked = {
            "Origin": shop,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "tus-resumable, upload-offset, authorization",
        }
        preflight = await node.http.options("/v1/attachments/a", headers=asked)
        path = await anna.begins(5)
        head = await anna.asks("HEAD", path, headers={**TUS, "Origin": shop})

    assert preflight.status_code == 200
    assert head.headers["access-control-allow-origin"] == shop
    exposed = head.headers["access-control-expose-headers"]
    assert {"Location", "Upload-Offset"} <= set(exposed.split(", "))


async def test_files_may_be_kept_in_a_bucket(sqlite_url: str, tmp_path: Path) -> None:
    with running_s3() as url:
        settings = {"ORDERWIRE_ATTACHMENTS_URL": url}
        async with running_node(sqlite_url, settings=settings) as node:
            await node.order()
            anna = Anna(node)
            path = await anna.begins(len(CONTENT))
            await anna.sends(path, 0, CONTENT[:1_000])
            await anna.sends(path, 1_000, CONTENT[1_000:])
            shown = (await anna.asks("GET", path)).json()
            part = await node.http.get(shown["url"], headers={"Range": "bytes=900-1099"})
            whole = await node.http.get(shown["url"])

    assert (part.status_code, part.content) == (206, CONTENT[900:1_100])
    assert whole.content == CONTENT
    assert files_of(tmp_path) == []
