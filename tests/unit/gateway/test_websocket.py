"""WebSockets, between two engines that are joined in memory: one is ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from centrifuge.codecs import _ProtobufCodec as SdkProtobuf
from structlog.testing import capture_logs
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from realtime.channels.presence import LocalPresence
from realtime.gateway.gateway import Gateway
from realtime.gateway.websocket import HIGH_WATER, WebSocketConnection
from realtime.protocol.limits import Limits
from tests.support.clock import StillClock
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import a_stage, turns
from tests.unit.gateway.connections import Accounts, History, Verifier

ADDRESS = "ws://orderwire.example/connection/websocket"
CONNECT = b'{"id":1,"connect":{"token":"anna"}}'


class Transport:
    """Carries what is written to the other engine, unless the test holds it back."""

    def __init__(self, peer: ClientProtocol) -> None:
        self.closed = ""
        self.held = False
        self.high: int | None = None
        self._peer = peer

    def write(self, data: bytes) -> None:
        """Carry it."""
        assert not self.closed, "written behind the end"
        if not self.held:
            self._peer.receive_data(data)

    def set_write_buffer_limits(self, *, high: int) -> None:
        """Note it."""
        self.high = high

    def get_write_buffer_size(self) -> int:
        """Return what has not left."""
        return 0

    def get_extra_info(self, name: str) -> Any:
        """Tell where it goes."""
        return ("192.0.2.1", 5) if name == "peername" else None

    def close(self) -> None:
        """Close in peace: what is held back is waited for."""
        self.closed = self.closed or ("" if self.held else "in peace")

    def abort(self) -> None:
        """Close at once."""
        self.closed = self.closed or "at once"


class Wire:
    """A connection of ours and the client at its other end."""

    def __init__(self, gateway: Gateway, subprotocols: Sequence[str] = ()) -> None:
        self.gateway = gateway
        self.peer = ClientProtocol(
            parse_uri(ADDRESS),
            subprotocols=[Subprotocol(each) for each in subprotocols] or None,
            max_size=None,
        )
        self.transport = Transport(self.peer)
        self.all: set[Any] = set()
        state = cast("Any", type("ServerState", (), {"connections": self.all}))
        self.connection: WebSocketConnection = gateway.websocket_protocol()(
            config=None, server_state=state, app_state={}
        )
        self.connection.connection_made(cast("Any", self.transport))

    async def opens(self, path: str = "", **headers: str) -> int:
        """Ask for the upgrade; return the status."""
        request = self.peer.connect()
        if path:
            request.path = path
        for name, value in headers.items():
            request.headers[name] = value
        return await self.asks(request)

    async def asks(self, request: Request) -> int:
        """Send an upgrade request; return the status."""
        self.peer.send_request(request)
        await self.flows()
        (response,) = self.peer.events_received()
        assert isinstance(response, Response)
        return response.status_code

    async def flows(self) -> None:
        """Carry what the client has to say, and let happen what comes of it."""
        for piece in self.peer.data_to_send():
            if piece:
                self.connection.data_received(piece)
        await turns()

    async def says(self, *texts: bytes) -> None:
        """Send text frames."""
        for text in texts:
            self.peer.send_text(text)
        await self.flows()

    def hears(self) -> list[Frame]:
        """Take the frames that came."""
        return [each for each in self.peer.events_received() if isinstance(each, Frame)]

    def lines(self) -> list[Any]:
        """Take the messages that came in text frames."""
        texts = [bytes(each.data) for each in self.hears() if each.opcode is Opcode.TEXT]
        return [json.loads(line) for text in texts for line in text.split(b"\n")]

    def goodbye(self) -> tuple[int, str]:
        """Return what the close frame said."""
        said = self.peer.close_rcvd
        assert said is not None, "there was none"
        return said.code, said.reason

    def closed(self) -> str:
        """Tell how the transport was closed; empty while it is open."""
        return self.transport.closed

    async def connected(self) -> None:
        """Open, and connect."""
        assert await self.opens() == 101
        await self.says(CONNECT)
        (reply,) = self.lines()
        assert reply["connect"]["client"]


class Calls:
    """Answers nothing."""


@asynccontextmanager
async def a_gateway() -> AsyncIterator[Gateway]:
    """Make a gateway that lets anybody in."""
    clock = StillClock()
    async with a_stage() as stage:
        gateway = Gateway(
            node="n",
            hub=stage.hub,
            presence=LocalPresence(),
            history=History(),
            verifier=cast("Any", Verifier(clock)),
            accounts=cast("Any", Accounts()),
            conversations=cast("Any", Calls()),
            messages=cast("Any", Calls()),
            changes=cast("Any", Calls()),
            announce=stage.bus.announce,
            clock=clock,
            limits=Limits(),
            allowed_origins=frozenset({"https://friend.example"}),
        )
        await gateway.start()
        yield gateway
        await gateway.close()


# --- the handshake ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf"], "centrifuge-protobuf"),
        (["chat", "centrifuge-protobuf", "centrifuge-json"], "centrifuge-protobuf"),
        (["chat"], None),
    ],
)
@virtually
async def test_the_first_subprotocol_that_is_known_is_chosen(
    offered: list[str], chosen: str | None
) -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway, offered)
        assert await wire.opens() == 101
        assert wire.peer.subprotocol == chosen
        assert wire.transport.high == HIGH_WATER
        assert wire.connection in wire.all
        assert gateway.connections == 1


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("https://orderwire.example", 101),
        ("HTTP://ORDERWIRE.EXAMPLE", 101),
        ("https://friend.example", 101),
        ("https://evil.example", 403),
        ("https://orderwire.example.evil.example", 403),
        ("https://orderwire.example:8443", 403),
        ("null", 403),
        ("http://[::1", 403),
    ],
)
@virtually
async def test_a_page_must_be_ours_or_a_friends(origin: str | None, status: int) -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        headers = {"Origin": origin} if origin else {}
        assert await wire.opens(**headers) == status
        assert gateway.figures.refused_handshakes == (status != 101)


@virtually
async def test_an_origin_that_comes_twice_is_nobodys() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        request = wire.peer.connect()
        for origin in ("https://evil.example", "https://friend.example"):
            request.headers["Origin"] = origin
        with capture_logs() as logs:
            assert await wire.asks(request) == 403
        assert logs == []


@virtually
async def test_there_is_one_path_and_what_follows_it_does_not_matter() -> None:
    async with a_gateway() as gateway:
        assert await Wire(gateway).opens(path="/connection/websocket?cf_x=1") == 101
        wire = Wire(gateway)
        assert await wire.opens(path="/connection/other") == 404
        assert wire.closed() == "in peace"


@virtually
async def test_what_is_no_handshake_is_refused() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        wire.connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.closed() == "in peace"
        rude = Wire(gateway)
        rude.connection.data_received(b"\x00" * 10 + b"\r\n")
        assert rude.closed()
        assert gateway.connections == 0


# --- frames -----------------------------------------------------------------------------------


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
        await asyncio.sleep(9.9)
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
