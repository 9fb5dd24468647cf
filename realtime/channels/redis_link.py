"""One connection to Redis: pipelined commands out, replies and publications in."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import hiredis

_MORE = object()  # what the reader says when it needs more bytes: nothing that a reply can be


class Refused(Exception):
    """The server does not let us in, or is not one to talk to."""


class RedisLink(asyncio.Protocol):
    """Collects what one turn of the loop sends into one write; ``closed`` tells why it ended."""

    def __init__(
        self, *, pushed: Callable[[list[Any]], None], replied: Callable[[Any], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self._pushed = pushed
        self._replied = replied
        self._reader = hiredis.Reader(notEnoughData=_MORE)
        self._transport: asyncio.Transport | None = None
        self._greeted: asyncio.Future[Any] | None = None
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._reason = "closed by the server"

    @property
    def backlog(self) -> int:
        """Bytes that the server has not taken yet."""
        unsent = 0 if self._transport is None else self._transport.get_write_buffer_size()
        return self._out_bytes + unsent

    async def greet(self, greeting: tuple[str, ...]) -> None:
        """Say HELLO, which must be the first command; raises ``Refused``."""
        self._greeted = self._loop.create_future()
        self.send(packed(*greeting))
        await asyncio.wait((self._greeted, self.closed), return_when=asyncio.FIRST_COMPLETED)
        if not self._greeted.done():
            raise Refused(self.closed.result())
        welcome = self._greeted.result()
        self._greeted = None
        if not isinstance(welcome, dict):
            raise Refused(str(welcome))
        if not is_primary(welcome):
            raise Refused("it is a replica, and publications on a replica do not travel")

    def send(self, *commands: bytes) -> None:
        """Send packed commands with all else that this turn of the loop brings."""
        if not self._out:
            self._loop.call_soon(self.flush)
        self._out.extend(commands)
        self._out_bytes += sum(map(len, commands))

    def flush(self) -> None:
        """Hand what was collected to the transport."""
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()
        self._out_bytes = 0

    def abort(self, reason: str) -> None:
        """Give up without a word: what is unsent is lost."""
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    async def close(self, *, within: float) -> None:
        """Let what is unsent leave, for a moment, then end."""
        if self._transport is not None:
            self._reason = "closed by us"
            self.flush()
            self._transport.close()
            await asyncio.wait((self.closed,), timeout=within)
            self.abort(self._reason)
            await self.closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read replies and publications."""
        reader = self._reader
        pushed = self._pushed
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _MORE:
                if type(reply) is hiredis.PushNotification:
                    pushed(reply)
                elif self._greeted is not None and not self._greeted.done():
                    self._greeted.set_result(reply)
                else:
                    self._replied(reply)
        except hiredis.ProtocolError as error:
            self.abort(f"not understood: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._transport = None
        self._out.clear()
        if not self.closed.done():
            self.closed.set_result(str(error) if error else self._reason)


def is_primary(welcome: dict[bytes, Any]) -> bool:
    """Say whether a reply to HELLO is that of a server whose publications reach all others."""
    return welcome.get(b"role") in (b"master", b"primary")


def packed(*words: str | bytes) -> bytes:
    """Return a command as it goes over the wire."""
    command: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # typed for one word
    return command
