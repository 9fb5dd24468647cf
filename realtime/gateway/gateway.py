"""The door for sockets: lets clients in, keeps their time, and sees them off."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from starlette.routing import Route
from websockets.http11 import Request

from domain.publications import Publication
from realtime.channels.attendance import Attendance
from realtime.channels.gazes import Gazes
from realtime.channels.hub import Hub
from realtime.channels.presence import Presence
from realtime.clock import Clock
from realtime.gateway.admission import Admission
from realtime.gateway.calls import Calls
from realtime.gateway.client import Client
from realtime.gateway.emulation import Emulation
from realtime.gateway.refusals import Refusals
from realtime.gateway.registry import GatewayFigures, Registry
from realtime.gateway.stream_routes import StreamRoutes
from realtime.gateway.surroundings import History, Outlet, Surroundings
from realtime.gateway.typists import Typists
from realtime.gateway.websocket import PATH, WebSocketConnection
from realtime.gateway.wheel import TimingWheel
from realtime.histograms import BYTES, Histogram
from realtime.protocol import codes
from realtime.protocol.formats import Format
from realtime.protocol.limits import Limits
from realtime.services.accounts import Accounts
from realtime.services.contact_details import ContactDetails
from realtime.services.conversations import Conversations
from realtime.services.drafts import Drafts
from realtime.services.identity import TokenVerifier
from realtime.services.message_changes import MessageChanges
from realtime.services.messages import Messages

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

MOST_A_SECOND = 1_000

log = structlog.get_logger(__name__)


class Gateway:
    """All sockets of a node; made inside a running event loop."""

    def __init__(
        self,
        *,
        node: str,
        hub: Hub,
        presence: Presence,
        history: History,
        verifier: TokenVerifier,
        accounts: Accounts,
        conversations: Conversations,
        messages: Messages,
        changes: MessageChanges,
        details: ContactDetails,
        drafts: Drafts,
        announce: Callable[[list[Publication], set[str]], Awaitable[None]],
        clock: Clock,
        limits: Limits,
        allowed_origins: frozenset[str],
        compare_presence_every: float = 25.0,
    ) -> None:
        self.limits = limits
        self.figures = GatewayFigures()
        self.draining = False
        self._accepting = True
        self._messages = messages
        self._announce = announce
        self._allowed_origins = allowed_origins
        self._tasks: set[asyncio.Task[None]] = set()
        monotonic = asyncio.get_running_loop().time
        self._hub = hub
        self._emulation = Emulation(node=node, announce=announce)
        self._attendance = Attendance(
            node=node,
            presence=presence,
            hub=hub,
            announce=announce,
            spawn=self._spawn,
            check_every=compare_presence_every,
        )
        self._shared = Surroundings(
            node=node,
            hub=hub,
            attendance=self._attendance,
            gazes=Gazes(presence),
            history=history,
            verifier=verifier,
            accounts=accounts,
            calls=Calls(
                conversations=conversations,
                messages=messages,
                changes=changes,
                details=details,
                drafts=drafts,
                typists=Typists(
                    announce=lambda told: self._spawn(self._tell(told)),
                    call_later=asyncio.get_running_loop().call_later,
                ),
            ),
            clock=clock,
            monotonic=monotonic,
            limits=limits,
            registry=Registry(limits.connections_per_account),
            admission=Admission(monotonic),
            refusals=Refusals(),
            wheel=TimingWheel(monotonic),
            figures=self.figures,
            spawn=self._spawn,
        )

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._shared.registry)

    @property
    def admission(self) -> Admission:
        """What is in work, and how long one more would wait."""
        return self._shared.admission

    def unsent(self) -> Histogram:
        """Look how many bytes each connection has yet to take."""
        seen = Histogram(BYTES)
        for client in self._shared.registry:
            seen.add(client.unsent())
        return seen

    def websocket_protocol(self) -> Callable[..., WebSocketConnection]:
        """Return what uvicorn takes for ``ws=``."""

        def connection(
            config: "Config", server_state: "ServerState", app_state: dict[str, Any]
        ) -> WebSocketConnection:
            return WebSocketConnection(self, config, server_state)

        return connection

    def routes(self) -> list[Route]:
        """Return the transports for those whom no WebSocket reaches."""
        return StreamRoutes(gateway=self, emulation=self._emulation).routes()

    async def start(self) -> None:
        """Begin to keep time, and to hear other nodes."""
        await self._hub.listen(self._emulation.channel, self._emulation.take)
        self._attendance.start()
        self._spawn(self._shared.wheel.turn())

    async def drain(self, *, accepting: float = 5.0, over: float = 20.0) -> None:
        """See everybody off: unready at once, still ``accepting`` for a while, then 3001 steadily.

        Commits in flight are finished first. After ``over`` seconds whoever is left goes at once.
        """
        self.draining = True
        await asyncio.sleep(accepting)
        self._accepting = False
        await self._messages.settle()
        clients = list(self._shared.registry)
        random.shuffle(clients)
        log.info("draining", connections=len(clients), seconds=over)
        rate = min(MOST_A_SECOND, len(clients) / over) if over else 0.0
        begun = self._shared.monotonic()
        for place, client in enumerate(clients):
            ahead = begun + place / rate - self._shared.monotonic() if rate else 0.0
            if ahead > 0 and self._shared.monotonic() - begun < over:
                await asyncio.sleep(ahead)
            client.end(codes.SHUTDOWN)
        await self._messages.settle()

    def expel(self, account_id: str) -> None:
        """See off for good whoever is connected as an account that was erased."""
        for client in self._shared.registry.of_account(account_id):
            client.end(codes.ERASED)

    async def close(self) -> None:
        """Stop everything that is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- for its connections --------------------------------------------------------------------

    def refuse_handshake(self, request: Request) -> HTTPStatus | None:
        """Say why an upgrade is refused, before it happens."""
        self.figures.handshakes += 1
        if request.path.partition("?")[0] != PATH:
            return HTTPStatus.NOT_FOUND
        if not self.accepts():
            return HTTPStatus.SERVICE_UNAVAILABLE
        # One that comes several times is joined, and then is nobody's.
        origin, host = (",".join(request.headers.get_all(name)) for name in ("Origin", "Host"))
        if not self.is_allowed(origin or None, host):
            return HTTPStatus.FORBIDDEN
        return None

    def accepts(self) -> bool:
        """Tell whether new clients are let in: not at the end, and not when they would wait."""
        return self._accepting and not self._shared.admission.expects_too_much()

    def is_allowed(self, origin: str | None, host: str | None) -> bool:
        """A page of our own or of a friend may connect; what sends no origin is no page."""
        if origin is None or origin in self._allowed_origins:
            return True
        try:
            theirs = urlsplit(origin).netloc
        except ValueError:
            return False
        return host is not None and theirs.lower() == host.lower()

    def welcome(self, outlet: Outlet, encoding: Format, address: str) -> Client:
        """Make a client for a connection that was just opened."""
        client = Client(self._shared, outlet, encoding, address)
        self._shared.admission.expect(client)
        return client

    async def _tell(self, told: Publication) -> None:
        await self._announce([told], set())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", exc_info=error)
