"""What leaves on a long answer: joined, as fast as it is read, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from realtime.gateway.client import Client
from realtime.gateway.patience import CLOSE_WITHIN, HIGH_WATER, SLOW_AFTER
from realtime.gateway.streams import StreamOutlet
from realtime.protocol import codes
from realtime.protocol.formats import HTTP_STREAM_JSON
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import turns
from tests.unit.gateway.connections import Door, a_door


class Stream:
    """A client behind a long answer, and whoever reads it."""

    def __init__(self, door: Door) -> None:
        self.outlet = StreamOutlet(HTTP_STREAM_JSON, self._is_cut)
        self.client = Client(door.shared, self.outlet, HTTP_STREAM_JSON, "127.0.0.1")
        self.over = 0
        self.cut = 0
        self.outlet.belongs_to(self.client, self._is_over)
        self.read: list[bytes] = []

    def _is_over(self) -> None:
        self.over += 1

    def _is_cut(self) -> None:
        self.cut += 1

    async def begins(self) -> None:
        """Connect, and have the answer begin."""
        self.client.receive(b'{"id":1,"connect":{"token":"anna"}}')
        first = await self.outlet.first()
        self._rest = self.outlet.rest(first)
        assert b'"connect"' in await anext(self._rest)

    async def next(self) -> bytes:
        """Read what there is."""
        return await anext(self._rest)

    async def ends(self) -> bool:
        """Tell whether there is nothing more."""
        try:
            await anext(self._rest)
        except StopAsyncIteration:
            return True
        return False

    async def is_left(self) -> None:
        """Have the reader go."""
        await self._rest.aclose()  # type: ignore[attr-defined] # it is a generator


@asynccontextmanager
async def a_stream() -> AsyncIterator[tuple[Door, Stream]]:
    """Open one."""
    async with a_door() as door:
        stream = Stream(door)
        await stream.begins()
        yield door, stream


@virtually
async def test_what_one_turn_writes_is_one_piece() -> None:
    async with a_stream() as (_, stream):
        for piece in (b"one\n", b"two\n"):
            stream.client.write(piece)
        assert stream.client.unsent() == 8
        assert await stream.next() == b"one\ntwo\n"
        assert stream.client.unsent() == 0


@virtually
async def test_who_does_not_read_for_ten_seconds_is_sent_away() -> None:
    async with a_stream() as (_, stream):
        stream.client.write(b"x" * (HIGH_WATER + 1))
        assert stream.client.backed_up
        await asyncio.sleep(SLOW_AFTER / 2)
        stream.client.receive(b"{}")  # it may have been asked for one
        await asyncio.sleep(SLOW_AFTER / 2 - 0.1)
        assert not stream.client.has_ended()
        await asyncio.sleep(0.2)
        assert stream.client.has_ended()
        stream.client.write(b"nothing follows the end\n")
        last = await stream.next()
        assert last.endswith(b'{"push":{"disconnect":{"code":3008,"reason":"slow reader"}}}\n')
        assert await stream.ends()
        assert stream.over == 1


@virtually
async def test_who_catches_up_is_written_to_as_everybody() -> None:
    async with a_stream() as (_, stream):
        for _ in range(3):
            stream.client.write(b"x" * (HIGH_WATER + 1))
            await asyncio.sleep(SLOW_AFTER / 2)
            await stream.next()
            assert not stream.client.backed_up
            stream.client.receive(b"{}")
        assert not stream.client.has_ended()


@virtually
async def test_the_end_is_said_in_the_stream() -> None:
    async with a_stream() as (_, stream):
        stream.client.end(codes.SHUTDOWN)
        assert b'"code":3001' in await stream.next()
        assert await stream.ends()


@virtually
async def test_a_close_waits_for_no_reader() -> None:
    async with a_stream() as (_, stream):
        stream.client.write(b"x" * (HIGH_WATER + 1))
        stream.client.end(codes.SHUTDOWN)
        assert stream.over == 1, "nobody speaks for it any more"
        await asyncio.sleep(CLOSE_WITHIN - 0.1)
        assert stream.cut == 0
        await asyncio.sleep(0.2)
        assert stream.cut == 1


@virtually
async def test_who_reads_the_end_is_not_cut() -> None:
    async with a_stream() as (_, stream):
        stream.client.end(codes.SHUTDOWN)
        await stream.next()
        assert await stream.ends()
        await asyncio.sleep(2 * CLOSE_WITHIN)
        assert (stream.over, stream.cut) == (1, 0)


@virtually
async def test_a_reader_that_goes_takes_its_client_along() -> None:
    async with a_stream() as (door, stream):
        stream.client.write(b"x" * (HIGH_WATER + 1))
        await stream.is_left()
        await turns()
        assert stream.client.has_ended()
        assert (stream.over, len(door.shared.registry)) == (1, 0)
        await asyncio.sleep(2 * SLOW_AFTER)
        assert door.shared.figures.disconnects == {}


@virtually
async def test_one_that_is_nobodys_yet_can_be_given_up() -> None:
    outlet: Any = StreamOutlet(HTTP_STREAM_JSON, lambda: None)
    outlet.write(b"x" * (HIGH_WATER + 1))
    outlet.abandon()
    outlet.write(b"nothing follows\n")
    assert outlet.unsent() == HIGH_WATER + 1
