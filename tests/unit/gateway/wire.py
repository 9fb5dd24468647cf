"""Two WebSocket engines joined in memory: one is ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from realtime.channels.presence import LocalPresence
from realtime.gateway.gateway import Gateway
from realtime.gateway.websocket import WebSocketConnection
from realtime.protocol.limits import Limits
from tests.support.clock import StillClock
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

    async def connected(self, account: str = "anna") -> None:
        """Open, and connect."""
        assert await self.opens() == 101
        await self.says(CONNECT.replace(b"anna", account.encode()))
        (reply,) = self.lines()
        assert reply["connect"]["client"]


class Calls:
    """Answers nothing."""


class Messages:
    """Has commits in flight for as long as a test wants it."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.settled.set()

    async def settle(self) -> None:
        """Wait for them."""
        await self.settled.wait()


@asynccontextmanager
async def a_gateway(messages: Messages | None = None) -> AsyncIterator[Gateway]:
    """Make a gateway that lets anybody in."""
    clock = StillClock()
    async with a_stage() as stage:
        gateway = Gateway(
            details=cast("Any", None),
            drafts=cast("Any", None),
            node="n",
            hub=stage.hub,
            presence=LocalPresence(),
            history=History(),
            verifier=cast("Any", Verifier(clock)),
            accounts=cast("Any", Accounts()),
            conversations=cast("Any", Calls()),
            messages=cast("Any", messages or Messages()),
            changes=cast("Any", Calls()),
            announce=stage.bus.announce,
            clock=clock,
            limits=Limits(),
            allowed_origins=frozenset({"https://friend.example"}),
        )
        await gateway.start()
        yield gateway
        await gateway.close()
