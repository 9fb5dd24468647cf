"""The marketplace's key set is read from a file or fetched, and nothing else is taken for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from realtime.key_sets import MOST_BYTES, reader_of


@asynccontextmanager
async def serving(status: int, body: bytes, **headers: str) -> AsyncIterator[str]:
    """Answer every request the same way; give the address."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    finally:
        await runner.cleanup()


async def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    read = reader_of(str(file))
    with pytest.raises(OSError, match="No such file"):
        await read()
    for content in (b"one", b"two"):
        await asyncio.to_thread(file.write_bytes, content)
        assert await read() == content


async def test_an_address_is_fetched() -> None:
    async with serving(200, b'{"keys": []}') as url:
        assert await reader_of(url)() == b'{"keys": []}'


@pytest.mark.parametrize("status", [301, 302, 307, 204, 404, 500])
async def test_an_answer_that_is_no_key_set_is_an_error(status: int) -> None:
    async with (
        serving(200, b"somebody else's keys") as elsewhere,
        serving(status, b"", Location=elsewhere) as url,
    ):
        with pytest.raises(OSError, match="cannot be fetched"):
            await reader_of(url)()


async def test_an_answer_is_read_whole_up_to_a_bound() -> None:
    async with serving(200, b"x" * MOST_BYTES) as url:
        assert len(await reader_of(url)()) == MOST_BYTES
    async with serving(200, b"x" * (MOST_BYTES + 1)) as url:
        with pytest.raises(OSError, match="it is too large"):
            await reader_of(url)()


async def test_nobody_there_is_an_error() -> None:
    async with serving(200, b"") as url:
        pass
    with pytest.raises(OSError, match="cannot be fetched: ClientConnectorError"):
        await reader_of(url)()
