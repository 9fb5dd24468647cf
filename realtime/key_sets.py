"""Reads the marketplace's JWK set, from a file or from its address."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=5.0)
MOST_BYTES = 256 * 1024


def reader_of(place: str) -> Callable[[], Awaitable[bytes]]:
    """Return what reads the set at a path or URL; it raises OSError where it cannot."""
    if "://" in place:
        return lambda: _fetched(place)
    return lambda: asyncio.to_thread(Path(place).read_bytes)


async def _fetched(url: str) -> bytes:
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            # Whoever could answer with a redirect could choose whose tokens we believe.
            session.get(url, allow_redirects=False, raise_for_status=True) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise OSError(f"the key set cannot be fetched: {answer.status}")
            return await _whole(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(f"the key set cannot be fetched: {type(error).__name__}") from error


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > MOST_BYTES:
            raise OSError("the key set cannot be fetched: it is too large")
    return bytes(content)
