"""uvicorn's HTTP protocol with bounds on the head of a request: its size, and its patience."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Where a request's state says how its connection is cut.
ABORT = "orderwire.abort"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose request does not come to its point (slow loris)."""

    most_head_bytes = 64 * 1024
    # From the first byte on, or from the connection's opening for one that sends nothing at all.
    head_seconds = 30.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._in_head = True
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's types
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is too long already."""
        if self._in_head and self._head_timer is None:
            self._expect_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.most_head_bytes:
            self.send_400_response("Request header fields too large.")

    def on_headers_complete(self) -> None:
        """The head is there: from now on it is the request that is waited for."""
        self._in_head = False
        self._forget_head()
        super().on_headers_complete()
        # For an answer that nobody reads: what asks for it has its first turn after this.
        self.scope["state"][ABORT] = self.transport.abort

    def on_message_complete(self) -> None:
        """The next head begins behind this request."""
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0

    def connection_lost(self, error: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget_head()
        super().connection_lost(error)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
