"""The client's side of a WebSocket, as plain as it can be: frames out, texts and a close in."""

import asyncio
import struct
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tests.simulation.links import End

REQUEST = (
    b"GET /connection/websocket HTTP/1.1\r\nHost: orderwire.example\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHED = 101
TEXT, CLOSE = 0x81, 0x88
# A key that changes nothing: clients must mask.
_MASK = bytes(4)


def text_frame(payload: bytes) -> bytes:
    """Frame a text as clients do."""
    size = len(payload)
    if size < 126:
        return bytes((TEXT, 0x80 | size)) + _MASK + payload
    return struct.pack(">BBH", TEXT, 0x80 | 126, size) + _MASK + payload


class Incoming:
    """Bytes in; the status of the answer, then texts and the code of a close out."""

    def __init__(self) -> None:
        self.status = 0
        self.close_code = 0
        self._bytes = b""

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._bytes += data
        if not self.status and b"\r\n\r\n" in self._bytes:
            head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
            self.status = int(head.split(b" ", 2)[1])

    def texts(self) -> Iterator[bytes]:
        """Take out whole frames."""
        while self.status == SWITCHED and (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == TEXT:
                yield payload
            elif kind == CLOSE:
                self.close_code = struct.unpack_from(">H", payload)[0]
            else:
                raise AssertionError(f"a frame of kind {kind:#x}")

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._bytes
        if len(data) < 2:
            return None
        begin, size = 2, data[1]
        if size == 126:
            begin, size = 4, int.from_bytes(data[2:4])
        elif size == 127:
            begin, size = 10, int.from_bytes(data[2:10])
        if len(data) < begin + size:
            return None
        self._bytes = data[begin + size :]
        return data[0], data[begin : begin + size]


class Speaker(asyncio.Protocol):
    """One connection: says frames, and hears messages; ``lost`` is the last thing it tells."""

    def __init__(
        self,
        *,
        answered: Callable[[int], None],
        heard: Callable[[dict[str, Any]], None],
        closed: Callable[[int], None],
        lost: Callable[[], None],
    ) -> None:
        self._answered = answered
        self._heard = heard
        self._closed = closed
        self._lost = lost
        self._incoming = Incoming()
        self._end: End | None = None

    def say(self, text: bytes) -> None:
        """Send a frame."""
        if self._end is not None:
            self._end.write(text_frame(text))

    def hang_up(self) -> None:
        """Break the connection off."""
        if self._end is not None:
            self._end.abort()

    def connection_made(self, transport: Any) -> None:
        """Ask for the upgrade."""
        self._end = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        incoming = self._incoming
        was_answered = incoming.status
        incoming.feed(data)
        if not was_answered and incoming.status:
            self._answered(incoming.status)
        for text in incoming.texts():
            for line in text.split(b"\n"):
                self._heard(msgspec.json.decode(line))
        if incoming.close_code:
            self._closed(incoming.close_code)

    def connection_lost(self, _error: Exception | None) -> None:
        """Hear no more."""
        self._end = None
        self._lost()
