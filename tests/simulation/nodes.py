"""A node: the real parts, joined as the composition root joins them; it can crash and come back."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Protocol, cast

from domain.errors import Unavailable
from realtime.channels.bus import Bus
from realtime.channels.hub import Hub
from realtime.channels.presence import LocalPresence
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from realtime.gateway.gateway import Gateway
from realtime.gateway.websocket import WebSocketConnection
from realtime.protocol.limits import Limits
from realtime.services.messages import Messages
from realtime.services.rates import AccountRates
from tests.simulation.broker import Broker
from tests.simulation.links import Network
from tests.simulation.loop import Owner, SimulatedLoop
from tests.support.clock import NOON

# As in production: so many messages a second an account, and at once.
RATE, BURST = 5.0, 20.0


class SimulatedClock:
    """The loop's time, as the wall shows it."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def now(self) -> Any:
        """Return the present instant."""
        return NOON + timedelta(seconds=self._loop.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What of a node stands on storage."""

    database: Any
    store: Any
    reads: Any
    accounts: Any
    conversations: Any
    blocks: Any
    verifier: Any


class BackendMaker(Protocol):
    """Makes a node's; ``crash`` is what to call when that node dies on its way to storage."""

    def __call__(self, *, crash: Callable[[str], None], clock: SimulatedClock) -> Backend: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What nodes are made of; tests put broken ones into their places."""

    hub: type[Hub] = Hub
    bus: type[RedisBus] = RedisBus
    messages: type[Messages] = Messages
    backend: Callable[[Backend], Backend] = lambda backend: backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are looked after, in seconds."""

    positions: float
    line: LineTimings


class Node:
    """One of the server's processes, over all its lives."""

    def __init__(
        self,
        *,
        name: str,
        loop: SimulatedLoop,
        network: Network,
        broker: Broker,
        make_backend: BackendMaker,
        parts: Parts,
        pace: Pace,
        trace: Callable[..., None],
        gone: Callable[["Node"], None],
    ) -> None:
        self.name = name
        self.is_up = False
        self.is_leaving = False
        self.lives = 0
        self._loop = loop
        self._network = network
        self._broker = broker
        self._make_backend = make_backend
        self._parts = parts
        self._pace = pace
        self._trace = trace
        self._gone = gone
        self._owner = Owner(name)
        self._bus: Bus | None = None
        self._backend: Backend | None = None
        self._gateway: Gateway | None = None
        self._down = AsyncExitStack()

    @property
    def owner(self) -> Owner:
        """Whoever lives the present life."""
        return self._owner

    @property
    def bus_is_healthy(self) -> bool:
        """Tell whether it hears the others."""
        return self.is_up and self._bus is not None and self._bus.healthy

    def boot(self) -> None:
        """Begin a life."""
        self.lives += 1
        if self._owner.alive and self.lives > 1:
            return  # it was brought back before
        self.is_leaving = False
        self._owner = owner = Owner(self.name)
        self._trace(self.name, "boots")
        self._loop.create_task(self._boot(owner), context=owner.context)

    def crash(self, why: str) -> None:
        """End at once, without a word."""
        if not self._owner.alive:
            return
        self._trace(self.name, "crashes", why)
        self.is_up = False
        self._owner.end()
        for link in self._network.links(lambda each: self.name in each.name.split()):
            link.lose(self._owner)
        self._gone(self)

    async def retire(self) -> None:
        """End as a server does that is told to: see everybody off, finish, close."""
        self._trace(self.name, "retires")
        assert self._gateway is not None
        self.is_leaving = True
        owner = self._owner
        task = self._loop.create_task(self._retire(self._gateway), context=owner.context)
        await asyncio.wait([task])
        if task.cancelled():
            return  # it has crashed on the way
        task.result()
        owner.end()
        self._trace(self.name, "is gone")
        self._gone(self)

    def ask(self, work: Callable[[Backend], Coroutine[Any, Any, None]]) -> None:
        """Have a request served that comes by HTTP; whoever asks does not wait for the answer."""
        if self.is_up and self._backend is not None:
            asked = _unanswered(work(self._backend))
            self._loop.create_task(asked, context=self._owner.context)

    def accept(self) -> WebSocketConnection | None:
        """Make the protocol for a connection; None when nobody listens."""
        if not self.is_up or self._gateway is None:
            return None
        state = SimpleNamespace(connections=set())
        return self._gateway.websocket_protocol()(cast("Any", None), cast("Any", state), {})

    async def _boot(self, owner: Owner) -> None:
        backend = self._parts.backend(
            self._make_backend(crash=partial(self._crash_of, owner), clock=self._clock())
        )
        bus = self._parts.bus(
            address=self._broker.reached_by(owner),
            node=f"{self.name}.{self.lives}",
            timings=self._pace.line,
        )
        backend.database.announce_to(bus)
        hub = self._parts.hub(
            bus=bus,
            reads=backend.reads,
            on_doorbell=lambda _: None,
            check_every=self._pace.positions,
        )
        gateway, messages = self._gateway_of(backend, hub, bus)
        self._down = down = AsyncExitStack()
        await bus.start(hub)
        down.push_async_callback(bus.close)
        await hub.start()
        down.push_async_callback(hub.close)
        await gateway.start()
        down.push_async_callback(gateway.close)
        down.push_async_callback(messages.settle)
        self._bus, self._gateway, self._backend, self.is_up = bus, gateway, backend, True
        self._trace(self.name, "is up")

    def _gateway_of(self, backend: Backend, hub: Hub, bus: Bus) -> tuple[Gateway, Messages]:
        messages = self._parts.messages(
            database=backend.database,
            store=backend.store,
            rates=AccountRates(rate=RATE, burst=BURST, monotonic=self._loop.time),
        )
        gateway = Gateway(
            details=cast("Any", None),
            drafts=cast("Any", None),
            node=self.name,
            hub=hub,
            presence=LocalPresence(),
            history=backend.reads,
            verifier=backend.verifier,
            accounts=backend.accounts,
            conversations=backend.conversations,
            messages=messages,
            changes=cast("Any", None),
            announce=bus.announce,
            clock=self._clock(),
            limits=Limits(),
            allowed_origins=frozenset(),
        )
        return gateway, messages

    async def _retire(self, gateway: Gateway) -> None:
        await gateway.drain(accepting=0.5, over=1.0)
        self.is_up = False
        await self._down.aclose()

    def _crash_of(self, owner: Owner, why: str) -> None:
        if owner is self._owner:
            self.crash(why)

    def _clock(self) -> SimulatedClock:
        return SimulatedClock(self._loop)


async def _unanswered(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Unavailable:
        return  # whoever asked would be told, and may ask again
