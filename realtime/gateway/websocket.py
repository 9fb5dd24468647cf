"""A WebSocket connection under uvicorn: bytes between the transport and one client.

``websockets`` shakes hands, reads frames and answers control frames without I/O (RFC 6455), but for
messages that come whole; what this writes is framed by ``realtime.protocol.frames``.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import structlog
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from realtime.gateway.client import Client
from realtime.gateway.patience import CLOSE_WITHIN, HIGH_WATER, SLOW_AFTER
from realtime.gateway.whole_frames import read_whole
from realtime.protocol import codes
from realtime.protocol.codes import Disconnect
from realtime.protocol.formats import WEBSOCKET_JSON, WEBSOCKET_PROTOBUF, Format

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from realtime.gateway.gateway import Gateway

PATH = "/connection/websocket"
END_OF_REQUEST = b"\r\n\r\n"
FORMATS: dict[str | None, Format] = {
    None: WEBSOCKET_JSON,
    "centrifuge-json": WEBSOCKET_JSON,
    "centrifuge-protobuf": WEBSOCKET_PROTOBUF,
}

log = structlog.get_logger(__name__)

# What a peer does wrong is answered with a code, and is no news.
_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(logging.CRITICAL)


def _select_subprotocol(_ws: ServerProtocol, offered: Any) -> Subprotocol | None:
    return next((each for each in offered if each in FORMATS), None)


class WebSocketConnection(asyncio.Protocol):
    """Built by uvicorn for each upgrade request, and handed the request's bytes."""

    __slots__ = (
        "_client",
        "_connections",
        "_fragments",
        "_gateway",
        "_slow_timer",
        "_transport",
        "_whole",
        "_ws",
        "write",
    )

    # The transport's own, so that the hub writes without a detour.
    write: Callable[[bytes], None]

    def __init__(self, gateway: "Gateway", _config: "Config", server_state: "ServerState") -> None:
        self._gateway = gateway
        self._connections: set[Any] = server_state.connections
        self._ws = ServerProtocol(
            # Sub-protocols are optional: one that we do not know is not chosen, and nothing fails.
            subprotocols=[Subprotocol(each) for each in FORMATS if each],
            select_subprotocol=_select_subprotocol,
            max_size=gateway.limits.frame_before_connect,
            logger=_QUIET,
        )
        self._client: Client | None = None
        # Whether all that has come behind the handshake were whole messages: ``websockets`` has not
        # seen them, and is in the middle of nothing.
        self._whole = False
        self._fragments: list[bytes] = []
        self._slow_timer: asyncio.TimerHandle | None = None

    # --- asyncio.Protocol -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self.write = self._transport.write
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; whatever is wrong with them ends this connection and no other."""
        try:
            if self._whole and (messages := read_whole(data, self._most())) is not None:
                for message in messages:
                    self._take(message)
                return
            ends_at = len(data) - len(END_OF_REQUEST)
            self._whole = self._client is None and 0 <= data.find(END_OF_REQUEST) == ends_at
            self._ws.max_message_size = self._most()
            self._ws.receive_data(data)
            for event in self._ws.events_received():
                if isinstance(event, Request):
                    self._shake_hands(event)
                else:
                    self._take_frame(cast("Frame", event))
            self._write_out()
        except Exception:  # the outermost: an exception here would kill the connection unseen
            log.exception("frame_failed")
            self._fail()

    def eof_received(self) -> None:
        """Nothing more will come."""
        self._ws.receive_eof()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget everything."""
        self._connections.discard(self)
        self.resume_writing()
        if self._client is not None:
            self._client.closed()
            self._client = None

    def pause_writing(self) -> None:
        """The peer reads too slowly: give it some time."""
        if self._client is not None:
            self._client.backed_up = True
            loop = asyncio.get_running_loop()
            self._slow_timer = loop.call_later(SLOW_AFTER, self._client.end, codes.SLOW)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._slow_timer is not None:
            self._slow_timer.cancel()
            self._slow_timer = None
        if self._client is not None:
            self._client.drained()

    # --- uvicorn --------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Close, for the server is going down."""
        if self._client is not None:
            self._client.end(codes.SHUTDOWN)
        else:
            self._transport.close()

    # --- realtime.gateway.client.Outlet ---------------------------------------------------------

    def unsent(self) -> int:
        """Return how many bytes have not left yet."""
        return self._transport.get_write_buffer_size()

    def end(self, disconnect: Disconnect) -> None:
        """Send the close frame, and close within a second whatever the peer does."""
        if self._ws.state is State.OPEN:
            self._ws.send_close(disconnect.code, disconnect.reason)
            self._write_out()
        self._abort_soon()

    # --- inside ---------------------------------------------------------------------------------

    def _shake_hands(self, request: Request) -> None:
        refusal = self._gateway.refuse_handshake(request)
        if refusal is not None:
            response = self._ws.reject(refusal, f"{refusal.phrase}\n")
        else:
            response = self._ws.accept(request)
        self._ws.send_response(response)
        self._write_out()
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._client = self._gateway.welcome(
                self, FORMATS[self._ws.subprotocol], self._address()
            )
        else:
            self._gateway.figures.refused_handshakes += 1

    def _most(self) -> int:
        """Return how many bytes a message may have."""
        limits = self._gateway.limits
        is_in = self._client is not None and self._client.identity.account_id
        return limits.frame if is_in else limits.frame_before_connect

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            if frame.fin:
                self._take(bytes(frame.data))
            else:
                self._fragments = [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message, self._fragments = b"".join(self._fragments), []
                self._take(message)
        elif frame.opcode is Opcode.CLOSE and self._client is not None:
            self._client.closed()

    def _take(self, message: bytes) -> None:
        client = self._client
        if client is not None and self._ws.state is State.OPEN:
            client.receive(message)

    def _write_out(self) -> None:
        """Send what ``websockets`` has to say; an empty piece is the end."""
        for piece in self._ws.data_to_send():
            if piece:
                self._transport.write(piece)
            else:
                self._transport.close()
                self._abort_soon()

    def _abort_soon(self) -> None:
        """See to it that the peer does not have to read to let go of the connection."""
        asyncio.get_running_loop().call_later(CLOSE_WITHIN, self._transport.abort)

    def _fail(self) -> None:
        if self._client is not None:
            self._client.end(codes.INTERNAL_ERROR)
        else:
            self._transport.abort()
