"""Streams for those whom no WebSocket reaches: what leaves on one long answer, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable

from realtime.gateway.client import Client
from realtime.gateway.patience import CLOSE_WITHIN, HIGH_WATER, SLOW_AFTER
from realtime.protocol import codes
from realtime.protocol.codes import Disconnect
from realtime.protocol.formats import Format
from realtime.protocol.replies import disconnect_push


class StreamOutlet:
    """Gathers what a client writes; the answer's body takes it away as fast as it is read."""

    def __init__(self, encoding: Format, abort: Callable[[], None]) -> None:
        """``abort`` cuts the connection, whatever is unsent."""
        self.write: Callable[[bytes], None] = self._write
        self._format = encoding
        self._pieces: list[bytes] = []
        self._unsent = 0
        self._news = asyncio.Event()
        self._closed = False
        self._client: Client | None = None
        self._closed_down: Callable[[], None] | None = None
        self._abort = abort
        self._slow_timer: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None

    def belongs_to(self, client: Client, closed: Callable[[], None]) -> None:
        """Say whose outlet this is, and what to do when it is over."""
        self._client = client
        self._closed_down = closed

    # --- realtime.gateway.surroundings.Outlet ---------------------------------------------------

    def _write(self, data: bytes) -> None:
        if self._closed:
            return
        self._pieces.append(data)
        self._unsent += len(data)
        self._news.set()
        if self._unsent > HIGH_WATER and self._client is not None and self._slow_timer is None:
            self._client.backed_up = True
            loop = asyncio.get_running_loop()
            self._slow_timer = loop.call_later(SLOW_AFTER, self._client.end, codes.SLOW)

    def unsent(self) -> int:
        """Return how many bytes have not left yet."""
        return self._unsent

    def end(self, disconnect: Disconnect) -> None:
        """Say the last word, and close behind it, whether that is read or not."""
        self._write(self._format.one(disconnect_push(disconnect)))
        self._closed = True
        self._over()
        loop = asyncio.get_running_loop()
        self._abort_timer = loop.call_later(CLOSE_WITHIN, self._abort)

    # --- the answer -----------------------------------------------------------------------------

    async def first(self) -> bytes:
        """Wait for the first thing that is written."""
        await self._news.wait()
        return self._taken()

    def abandon(self) -> None:
        """There will be no answer: the client is gone."""
        self._closed = True
        self._caught_up()
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        if self._client is not None:
            self._client.closed()
        self._over()

    async def rest(self, first: bytes) -> AsyncIterator[bytes]:
        """Go on with what is written, until the end."""
        try:
            yield first
            while not self._closed or self._pieces:
                await self._news.wait()
                yield self._taken()
        finally:
            self.abandon()

    def _over(self) -> None:
        if self._closed_down is not None:
            self._closed_down()
            self._closed_down = None

    def _taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._unsent = 0
        self._caught_up()
        if not self._closed:
            self._news.clear()
        return data

    def _caught_up(self) -> None:
        if self._slow_timer is not None:
            self._slow_timer.cancel()
            self._slow_timer = None
            if self._client is not None:
                self._client.drained()
