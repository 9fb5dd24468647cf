"""What a line does that a real server cannot be brought to in a test."""

import asyncio
from collections.abc import Callable

from realtime.channels.bus import BusFigures
from realtime.channels.redis_line import LineTimings, RedisLine
from tests.support.eventually import eventually

KEY = b"key"
ECHO = b"echo"
WELCOME = b"%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"


class FullTransport(asyncio.Transport):
    """Leads to a server that greets and confirms, and then reads nothing more."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.unsent = 0
        self._protocol = protocol
        self._answers = iter((WELCOME, b">3\r\n+subscribe\r\n+%b\r\n:1\r\n" % ECHO))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        self._protocol.data_received(next(self._answers, b""))

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def close(self) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """It is closed already."""


class FullServer:
    """Is connected to within the process; at first not even that, if there is ``trouble``."""

    database = 0
    greeting = ("HELLO", "3")
    transport: FullTransport

    def __init__(self, *trouble: Exception) -> None:
        self._trouble = list(trouble)

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        if self._trouble:
            raise self._trouble.pop()
        made = protocol()
        self.transport = FullTransport(made)
        made.connection_made(self.transport)


def a_line(server: FullServer, figures: BusFigures) -> RedisLine:
    return RedisLine(
        address=server,
        echo_key=ECHO,
        heard=lambda _key, _payload: None,
        restored=lambda: None,
        figures=figures,
        timings=LineTimings(first_retry=0.001),
        max_backlog=10_000,
    )


async def test_an_error_that_nobody_thought_of_does_not_end_a_line() -> None:
    line = a_line(FullServer(RuntimeError("nobody thought of this")), BusFigures())
    await line.start()
    assert not line.healthy
    await eventually(lambda: line.healthy)
    await line.close()


async def test_what_waits_for_a_server_that_does_not_read_is_bounded() -> None:
    server = FullServer()
    figures = BusFigures()
    line = a_line(server, figures)
    await line.start()
    line.publish([(KEY, bytes(8_000))])
    line.publish([(KEY, bytes(8_000))])
    line.publish([(KEY, b"in the same turn")])
    await asyncio.sleep(0)  # the turn ends, and everything is handed to the transport
    server.transport.unsent = 16_000
    line.publish([(KEY, b"dropped"), (KEY, b"dropped")])
    await line.close()
    assert figures.published == 2
    assert figures.dropped >= 3
    written = b"".join(server.transport.written)
    assert len(written) > 16_000
    assert b"in the same turn" not in written
    assert b"dropped" not in written
