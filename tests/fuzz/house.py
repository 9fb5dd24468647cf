"""A whole server behind its socket, in memory: uvicorn's HTTP, the gateway, and nothing stored."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, cast

import structlog
from structlog.types import EventDict, WrappedLogger
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from domain.errors import Forbidden, NotFound, OrderwireError
from domain.identity import Identity, Role
from domain.publications import Changes, Opening, OpenRequest, Position
from realtime.api.app import Edge, create_app
from realtime.api.peers import Peers
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.channels.presence import LocalPresence
from realtime.gateway.gateway import Gateway
from realtime.http_protocol import BoundedHttpProtocol
from realtime.protocol.limits import Limits
from realtime.services.messages import SendMessage, Sent, check
from tests.fuzz.corpus import (
    JSON_CONNECT,
    JSON_FRAMES,
    PROTOBUF_CONNECT,
    PROTOBUF_FRAMES,
    UPGRADES,
)
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import Frames
from tests.support.clock import StillClock

TOP = Changes(Position(7, "e"))
FRIEND = "http://orderwire.example"
EDGE = Edge(
    peers=Peers(()),
    new_id=lambda: "made",
    monotonic=lambda: 0.0,
    is_backend=lambda _credential: False,
    allowed_origins=(FRIEND,),
)
TURNS = 12
# Longer than any deadline of a connection: after it nothing of one is left.
A_WHILE = 70.0
CLEAR_UP_EVERY = 200


class Everybody:
    """Verifies any token, and knows everybody."""

    async def verify(self, token: str, *, leeway: float = 60.0) -> Identity:
        """Believe it; nobody is called nothing."""
        role = Role.OPERATOR if "o" in token else Role.ACCOUNT
        return Identity(token or "anna", role, StillClock().now().timestamp() + 300 + leeway)

    def check_living(self, identity: Identity) -> None:
        """Nobody is erased."""

    async def profile(self, account_id: str) -> dict[str, str]:
        """Name them."""
        return {"id": account_id}

    async def history(self, channel: str, identity: Identity, **asked: Any) -> Changes:
        """Find nothing."""
        if not channel.startswith(("thread:", "inbox:")):
            raise NotFound("there is no such channel")
        return TOP


class Service:
    """Does whatever it is asked to, and says by what name."""

    def __getattr__(self, name: str) -> Any:
        async def call(*asked: Any) -> dict[str, Any]:
            return {"by": name}

        return call


class Messages:
    """Checks what is sent, as the real one does, and stores nothing."""

    def send(self, command: SendMessage, done: Callable[[Sent | OrderwireError], None]) -> None:
        """Answer at once."""
        done(check(command) or Sent(seq=1, message=b"{}", created=True))

    async def settle(self) -> None:
        """Nothing is under way."""


class Reads:
    """Lets anybody listen to threads and inboxes."""

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Open them."""
        return [self._open(request) for request in requests]

    def _open(self, request: OpenRequest) -> Opening | OrderwireError:
        if not request.channel.startswith(("thread:", "inbox:")):
            return NotFound("there is no such channel")
        if not request.channel.isascii():
            return Forbidden("not yours")
        return Opening(TOP, recovered=request.since is not None, snapshot=b"{}")

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Miss nothing."""
        return TOP

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Stand where they stand."""
        return dict.fromkeys(channels, TOP.position)


class Pipe(asyncio.Transport):
    """A connection's end: takes what is written, and hands bytes to whoever is at it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 80)})
        self.protocol: asyncio.Protocol | None = None
        self.written = 0
        self._closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand over, as an upgrade does."""
        self.protocol = cast("asyncio.Protocol", protocol)

    def write(self, data: Any) -> None:
        """Take it."""
        self.written += len(data)

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self._closed

    def close(self) -> None:
        """Be closed."""
        self._closed = True

    def abort(self) -> None:
        """Be closed."""
        self._closed = True

    def get_write_buffer_size(self) -> int:
        """Have sent everything."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Have none."""

    def pause_reading(self) -> None:
        """Read on."""

    def resume_reading(self) -> None:
        """Read on."""


class Complaints(logging.Handler):
    """Everything that was logged as an error: what nobody should be able to bring about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.heard.append(self.format(record))

    def note(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Keep what structlog says, and say nothing."""
        if method in ("error", "exception", "critical"):
            shown = structlog.processors.format_exc_info(_logger, method, event)
            self.heard.append(str(shown))
        raise structlog.DropEvent

    def on_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what nobody else would hear of."""
        self.heard.append(f"{context['message']}: {context.get('exception')!r}")


class SocketTarget:
    """A server on which each input is a connection of its own."""

    name = "socket"

    def __init__(self, gateway: Gateway, complaints: Complaints) -> None:
        self.complaints = complaints
        self._state = ServerState()
        self._config = Config(
            create_app(gateway.routes(), EDGE),
            http=BoundedHttpProtocol,
            ws=cast("Any", gateway.websocket_protocol()),
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        self._config.load()
        self._gateway = gateway
        self._taken = 0

    def frames(self, random: Random) -> Frames:
        """Make a request for an upgrade, and frames to follow; often one of them is good."""
        is_binary = random.random() < 0.4
        connect = PROTOBUF_CONNECT if is_binary else JSON_CONNECT
        corpus = PROTOBUF_FRAMES if is_binary else JSON_FRAMES
        if random.random() < 0.4:
            return (mutated(random, UPGRADES),)
        texts = [connect, *(mutated(random, corpus) for _ in range(random.randrange(1, 4)))]
        request = UPGRADES[1] if is_binary else UPGRADES[0]
        opcode = Opcode.BINARY if is_binary else Opcode.TEXT
        framed = [Frame(opcode, text).serialize(mask=True) for text in texts]
        if random.random() < 0.3:
            framed[-1] = mutated(random, framed)
        return (request, *framed)

    @property
    def connects(self) -> int:
        """How many came so far as to be connected."""
        return self._gateway.figures.connects

    async def take(self, frames: Frames) -> None:
        """Open a connection, say all of it, and hang up."""
        pipe = Pipe()
        http = BoundedHttpProtocol(self._config, self._state, {})
        pipe.protocol = http
        http.connection_made(pipe)
        for frame in frames:
            if pipe.is_closing():
                break
            pipe.protocol.data_received(frame)
            await _turns()
        pipe.protocol.connection_lost(None)
        await _turns()
        self._taken += 1
        if self._taken % CLEAR_UP_EVERY == 0:
            await self._clear_up()
        if self.complaints.heard:
            raise AssertionError("\n".join(self.complaints.heard))

    async def _clear_up(self) -> None:
        """Let all deadlines pass; then nobody is left."""
        await asyncio.sleep(A_WHILE)
        assert self._gateway.connections == 0
        assert not self._state.connections


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def a_server() -> AsyncIterator[SocketTarget]:
    """Run one; it has to be on a clock that jumps."""
    complaints = Complaints()
    structlog.configure(processors=[complaints.note])
    asyncio.get_running_loop().set_exception_handler(complaints.on_loop)
    uvicorns = logging.getLogger("uvicorn.error")
    uvicorns.addHandler(complaints)
    bus, everybody = MemoryBus(), cast("Any", Everybody())
    hub = Hub(bus=bus, reads=Reads(), on_doorbell=lambda _: None)
    gateway = Gateway(
        details=cast("Any", None),
        drafts=cast("Any", None),
        node="n",
        hub=hub,
        presence=LocalPresence(),
        history=everybody,
        verifier=everybody,
        accounts=everybody,
        conversations=cast("Any", Service()),
        messages=cast("Any", Messages()),
        changes=cast("Any", Service()),
        announce=bus.announce,
        clock=StillClock(),
        limits=Limits(),
        allowed_origins=frozenset({FRIEND}),
    )
    await bus.start(hub)
    await hub.start()
    await gateway.start()
    yield SocketTarget(gateway, complaints)
    await gateway.close()
    await hub.close()
    uvicorns.removeHandler(complaints)
