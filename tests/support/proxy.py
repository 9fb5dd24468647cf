"""A TCP proxy on loopback that hurts connections: cuts, stalls and refuses them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

_WITH_A_RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time at all: close sends RST, not FIN

# Who is taken in shows up so many turns of the loop later.
TURNS_OF_AN_ACCEPT = 3


class Proxy:
    """Passes bytes on between clients and one server, until it is told otherwise."""

    def __init__(
        self, *, port: int, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = 0
        self.connections = 0
        """How many were made so far."""
        self._target = (host, port)
        self._tls = tls
        self._ends: set[_End] = set()
        self._dials: set[asyncio.Task[None]] = set()
        self.stalled = False
        self._refusing = False
        self._cut_at: bytes | None = None
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    def cut(self) -> None:
        """Reset every connection, as a machine does that knows nothing of it any longer."""
        for end in tuple(self._ends):
            end.reset()

    def cut_at(self, said: bytes) -> None:
        """Reset the next connection on which this is said, before it gets to the other end."""
        self._cut_at = said

    def lead_to(self, port: int) -> None:
        """Reset every connection; new ones go to another server."""
        self.lead_new_ones_to(port)
        self.cut()

    def lead_new_ones_to(self, port: int) -> None:
        """Leave connections alone; new ones go to another server."""
        self._target = (self._target[0], port)

    def abandon(self) -> None:
        """Reset the clients' ends alone, as a phone does that leaves a network.

        The server is left with connections that nobody is at, and is not told.
        """
        for end in tuple(self._ends):
            end.part()

    def refuse(self) -> None:
        """Reset every connection, and each new one."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        """Take connections again."""
        self._refusing = False

    def stall(self) -> None:
        """Pass nothing on: connections stay, new ones are taken, and nobody is answered."""
        self.stalled = True
        for end in self._ends:
            end.hold()

    def resume(self) -> None:
        """Pass on again, and what was held back first."""
        self.stalled = False
        for end in self._ends:
            end.go_on()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Serve until the block is left."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _End(self), "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.refuse()
            await _accept_no_more(server)
            for dial in tuple(self._dials):
                dial.cancel()
            await asyncio.gather(*self._dials, return_exceptions=True)
            self.cut()
            await self._all_gone.wait()

    # What ends say

    def opened(self, end: "_End") -> None:
        """Take note of an end; a client's has the server called."""
        self._ends.add(end)
        self._all_gone.clear()
        if self.stalled:
            end.hold()
        if end.peer is not None:
            return
        self.connections += 1
        if self._refusing:
            end.reset()
        else:
            dial = asyncio.create_task(self._dial(end))
            self._dials.add(dial)
            dial.add_done_callback(self._dials.discard)

    def gone(self, end: "_End") -> None:
        """Forget an end."""
        self._ends.discard(end)
        if not self._ends:
            self._all_gone.set()

    def cuts(self, data: bytes) -> bool:
        """Say whether the connection on which this is said is cut off."""
        if self._cut_at is None or self._cut_at not in data:
            return False
        self._cut_at = None
        return True

    async def _dial(self, client: "_End") -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _End(self, peer=client), *self._target)
        except OSError:
            client.reset()


async def _accept_no_more(server: asyncio.Server) -> None:
    """Close a server behind who was taken in last: asyncio would lose their connections."""
    loop = asyncio.get_running_loop()
    for each in server.sockets:
        loop.remove_reader(each.fileno())
    for _ in range(TURNS_OF_AN_ACCEPT):
        await asyncio.sleep(0)
    server.close()


class _End(asyncio.Protocol):
    """One end of a connection: a client's, which has no peer at first, or the server's."""

    def __init__(self, proxy: Proxy, *, peer: "_End | None" = None) -> None:
        self.peer = peer
        self._is_client = peer is None
        self._proxy = proxy
        self._transport: asyncio.Transport | None = None
        self._early = b""
        self._was_reset = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._proxy.opened(self)
        if self.peer is not None:
            self.peer.meet(self)

    def data_received(self, data: bytes) -> None:
        if self._proxy.cuts(data):
            self.reset()
        elif self.peer is None:
            self._early += data
        else:
            self.peer.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._proxy.gone(self)
        if self.peer is not None:
            self.peer.end(with_a_reset=self._was_reset or error is not None)

    def pause_writing(self) -> None:
        if self.peer is not None:
            self.peer.hold()

    def resume_writing(self) -> None:
        if self.peer is not None:
            self.peer.go_on()

    def meet(self, server: "_End") -> None:
        """Hand over to the server what the client has said so far."""
        self.peer = server
        server.write(self._early)
        if self._transport is None:
            server.reset()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def hold(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        if self._transport is not None and not self._proxy.stalled:
            self._transport.resume_reading()

    def end(self, *, with_a_reset: bool) -> None:
        if with_a_reset:
            self.reset()
        elif self._transport is not None:
            self._transport.close()

    def part(self) -> None:
        """Reset, if it is a client's, and let the server know nothing of it."""
        if not self._is_client:
            return
        if self.peer is not None:
            self.peer.peer = None
            self.peer = None
        self.reset()

    def reset(self) -> None:
        """Close with RST; the other end hears of it when this one is gone."""
        if self._transport is None:
            return
        self._was_reset = True
        connection: socket.socket = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _WITH_A_RESET)
        self._transport.abort()
