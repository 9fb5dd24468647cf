"""Connections to addresses that others chose: nothing of ours in reach, no endless answers."""

import ssl
from typing import Literal

import aiohttp
from aiohttp.abc import AbstractResolver

from realtime.delivery.endpoint_guard import open_public_socket

MOST_HEADER_BYTES = 8_192


class Strangers:
    """Sessions of one worker: one for the open internet, one for trusted origins.

    ``timeout`` is in seconds, from connecting to the end of an answer.
    """

    def __init__(
        self,
        *,
        timeout: float,
        tls: ssl.SSLContext | Literal[True] = True,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._timeout = timeout
        self._tls = tls
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    def session(self, *, trusted: bool) -> aiohttp.ClientSession:
        """Return the session for an endpoint that is trusted, or is not."""
        session = self._sessions.get(trusted)
        if session is None:
            session = self._sessions[trusted] = self._open(trusted=trusted)
        return session

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _open(self, *, trusted: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # whoever asks bounds what is under way
                ssl=self._tls,
                resolver=self._resolver,
                socket_factory=None if trusted else open_public_socket,
            ),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "Orderwire"},
            auto_decompress=False,
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
        )


async def beginning(response: aiohttp.ClientResponse, most: int) -> str:
    """Read at most so many bytes of an answer; its status counts even if the rest never comes."""
    taken = bytearray()
    try:
        while (room := most - len(taken)) > 0:
            part = await response.content.read(room)
            if not part:
                return taken.decode("utf-8", "replace")
            taken += part
    except (aiohttp.ClientError, TimeoutError):
        """What came so far is what there is."""
    response.close()
    return taken.decode("utf-8", "replace")
