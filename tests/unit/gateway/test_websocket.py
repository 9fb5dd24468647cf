"""Frames, slow readers and ends of a WebSocket connection."""

import asyncio
from typing import Any, cast

from centrifuge.codecs import _ProtobufCodec as SdkProtobuf
from structlog.testing import capture_logs
from websockets.frames import CloseCode, Opcode
from websockets.protocol import State

from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import turns
from tests.unit.gateway.wire import CONNECT, Wire, a_gateway


@virtually
async def test_a_client_is_let_in_and_answered() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        await wire.says(b'{"id":2,"ping":{}}\n{"id":3,"ping":{}}')
        assert wire.lines() == [{"id": 2, "ping": {}}, {"id": 3, "ping": {}}]


@virtually
async def test_protobuf_is_spoken_in_binary_frames() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway, ["centrifuge-protobuf"])
        await wire.opens()
        commands = [{"id": 1, "connect": {"token": "anna"}}, {"id": 2, "ping": {}}]
        wire.peer.send_binary(SdkProtobuf.encode_commands(commands))
        await wire.flows()
        frames = wire.hears()
        assert {frame.opcode for frame in frames} == {Opcode.BINARY}
        replies = SdkProtobuf.decode_replies(b"".join(bytes(frame.data) for frame in frames))
        assert [each["id"] for each in replies] == [1, 2]


@virtually
async def test_a_message_may_come_in_pieces_with_a_ping_between() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.opens()
        wire.peer.send_text(CONNECT[:10], fin=False)
        wire.peer.send_ping(b"here?")
        wire.peer.send_continuation(CONNECT[10:20], fin=False)
        wire.peer.send_continuation(CONNECT[20:], fin=True)
        await wire.flows()
        pong, reply = wire.hears()
        assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, b"here?")
        assert b"connect" in bytes(reply.data)


@virtually
async def test_before_a_client_is_in_a_frame_may_have_64_kib_and_256_after() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.opens()
        padded = CONNECT.replace(b"}}", b',"data":"%b"}}' % (b"x" * 60_000))
        await wire.says(padded)
        assert len(wire.lines()) == 1
        await wire.says(b'{"id":2,"ping":{"x":"%b"}}' % (b"x" * 250_000))
        assert wire.lines() == [{"id": 2, "ping": {}}]
        await wire.says(b"x" * (256 * 1024 + 1))
        assert wire.goodbye()[0] == CloseCode.MESSAGE_TOO_BIG

        in_pieces = Wire(gateway)
        await in_pieces.connected()
        in_pieces.peer.send_text(b"x" * 200_000, fin=False)
        in_pieces.peer.send_continuation(b"x" * 100_000, fin=True)
        await in_pieces.flows()
        assert in_pieces.goodbye()[0] == CloseCode.MESSAGE_TOO_BIG

        stranger = Wire(gateway)
        await stranger.opens()
        await stranger.says(CONNECT + b" " * 64 * 1024)
        assert stranger.goodbye()[0] == CloseCode.MESSAGE_TOO_BIG
        assert stranger.closed() == "in peace"


@virtually
async def test_a_broken_frame_ends_the_connection() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        wire.connection.data_received(b"\xff" * 10)
        await turns()
        assert wire.goodbye()[0] == CloseCode.PROTOCOL_ERROR
        assert wire.closed() == "in peace"


@virtually
async def test_the_end_is_said_in_a_close_frame() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        await wire.says(b"{")
        assert wire.goodbye() == (3501, "bad request")
        await wire.says()
        assert wire.closed() == "in peace"
        await asyncio.sleep(2)
        assert gateway.figures.disconnects == {3501: 1}


@virtually
async def test_an_end_that_the_peer_does_not_answer_takes_a_second() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        wire.connection.shutdown()
        assert wire.goodbye()[0] == 3001
        await asyncio.sleep(0.9)
        assert not wire.closed()
        await asyncio.sleep(0.2)
        assert wire.closed() == "at once"


@virtually
async def test_a_peer_that_says_goodbye_and_reads_nothing_is_let_go() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        wire.transport.held = True
        wire.peer.send_close(1000)
        await wire.flows()
        assert gateway.connections == 0
        assert not wire.closed()
        await asyncio.sleep(1.1)
        assert wire.closed() == "at once"


@virtually
async def test_a_connection_that_is_lost_is_forgotten() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        wire.connection.eof_received()
        wire.connection.connection_lost(ConnectionResetError())
        assert gateway.connections == 0
        assert not wire.all
        wire.connection.pause_writing()
        await asyncio.sleep(60)
        assert gateway.figures.disconnects == {}


@virtually
async def test_a_connection_that_never_spoke_is_closed_with_the_server() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        wire.connection.shutdown()
        assert wire.closed() == "in peace"
        wire.connection.connection_lost(None)
        assert not wire.all


# --- slow readers -----------------------------------------------------------------------------


@virtually
async def test_a_reader_that_takes_nothing_for_ten_seconds_is_sent_away() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        wire.connection.pause_writing()
        await asyncio.sleep(5)
        await wire.says(b"{}")  # it may have been sent its first ping, and lives
        await asyncio.sleep(4.9)
        assert wire.peer.state is State.OPEN
        await asyncio.sleep(0.2)
        assert wire.goodbye()[0] == 3008


@virtually
async def test_a_reader_that_catches_up_in_time_stays() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        for _ in range(3):
            wire.connection.pause_writing()
            await asyncio.sleep(5)
            wire.connection.resume_writing()
            await wire.says(b"{}")
        assert gateway.connections == 1


@virtually
async def test_an_error_of_ours_ends_one_connection_and_is_logged() -> None:
    async with a_gateway() as gateway:
        wire, other = Wire(gateway), Wire(gateway)
        await wire.connected()
        await other.connected()
        with capture_logs() as logs:
            wire.connection.data_received(cast("Any", "no bytes"))
        assert [each["event"] for each in logs if each["log_level"] == "error"] == ["frame_failed"]
        assert wire.goodbye()[0] == 3004
        await other.says(b'{"id":2,"ping":{}}')
        assert len(other.lines()) == 1

        unborn = Wire(gateway)
        with capture_logs():
            unborn.connection.data_received(cast("Any", "no bytes"))
        assert unborn.closed() == "at once"
