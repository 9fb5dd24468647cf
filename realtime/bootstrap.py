"""The composition root: settings -> parts -> one ASGI app and its gateway. Nothing else constructs.

Everything is made inside the running event loop, and taken down in the reverse order.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client.metrics_core import Metric
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from domain.errors import Unauthorized
from realtime.api.accounts import AccountRoutes
from realtime.api.app import Edge, create_app
from realtime.api.callers import Callers
from realtime.api.contacts import ContactRoutes
from realtime.api.conversations import ConversationRoutes
from realtime.api.notifications import NotificationRoutes
from realtime.api.orders import OrderRoutes
from realtime.api.pages import Pages
from realtime.api.peers import Peers
from realtime.api.push import PushRoutes
from realtime.api.request_log import RequestFigures
from realtime.api.services import ServiceRoutes
from realtime.api.static import WebApp
from realtime.api.unsubscribe import UnsubscribeRoutes
from realtime.channels.bus import Bus
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.channels.presence import LocalPresence, Presence
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from realtime.clock import Clock, SystemClock
from realtime.delivery.email.unsubscribe import UnsubscribeTokens
from realtime.delivery.locales.voice import voice_for
from realtime.delivery.planner import Planner
from realtime.delivery.push.endpoint_guard import EndpointGuard, ForbiddenEndpoint
from realtime.demo.stage import Stage
from realtime.gateway.gateway import Gateway
from realtime.ids import new_epoch, new_id
from realtime.key_sets import reader_of
from realtime.ops import families
from realtime.ops.health import Health, HealthRoutes
from realtime.ops.metrics import MetricsRoutes, Source, now
from realtime.ops.queue import QueueFigures
from realtime.protocol.limits import Limits
from realtime.services.accounts import Accounts
from realtime.services.channel_reads import ChannelReads
from realtime.services.contacts import Contacts
from realtime.services.conversations import Conversations
from realtime.services.identity import KeySet, KeySource, ServiceKeys, SharedSecret, TokenVerifier
from realtime.services.message_store import MessageStore
from realtime.services.messages import Messages
from realtime.services.notifications import Notifications
from realtime.services.orders import Orders
from realtime.services.people import People
from realtime.services.rates import AccountRates
from realtime.services.services import Services
from realtime.services.unsubscribe import Unsubscribing
from realtime.settings import Settings
from storage.engine import Database

STATIC = Path(__file__).parent / "static"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a node looks after things, in seconds; tests are in a hurry."""

    ping: float = 25.0
    pong: float = 8.0
    positions: float = 25.0
    bus: LineTimings = LineTimings()


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What API and gateway call."""

    accounts: Accounts
    services: Services
    orders: Orders
    contacts: Contacts
    conversations: Conversations
    messages: Messages
    notifications: Notifications
    unsubscribing: Unsubscribing


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A running server process, ready to be given connections."""

    app: ASGIApp
    gateway: Gateway
    use_cases: UseCases
    health: Health
    web_app: WebApp

    async def drain(self, *, accepting: float, over: float) -> None:
        """Want no more work, then see every client off at a steady rate."""
        self.health.drain()
        await self.gateway.drain(accepting=accepting, over=over)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What servers and workers alike stand on."""

    settings: Settings
    public_url: str
    pace: Pace
    clock: Clock
    monotonic: Callable[[], float]
    database: Database
    bus: Bus
    presence: Presence

    @classmethod
    def lay(cls, settings: Settings, public_url: str, pace: Pace) -> "_Ground":
        """Make it; nothing is connected yet."""
        database = Database.open(settings.database_url)
        bus, presence = _bus(settings.redis_url, pace)
        database.announce_to(bus)
        return cls(
            settings=settings,
            public_url=public_url,
            pace=pace,
            clock=SystemClock(),
            monotonic=asyncio.get_running_loop().time,
            database=database,
            bus=bus,
            presence=presence,
        )


def _bus(redis_url: str | None, pace: Pace) -> tuple[Bus, Presence]:
    if redis_url is None:
        return MemoryBus(), LocalPresence()
    address = RedisAddress.from_url(redis_url)
    return RedisBus(address=address, node=new_id(), timings=pace.bus), LocalPresence()


@asynccontextmanager
async def serving(
    settings: Settings, *, public_url: str, stage: Stage | None = None, pace: Pace | None = None
) -> AsyncIterator[Node]:
    """Build a whole node and keep it running until the block ends."""
    ground = _Ground.lay(settings, public_url, pace or Pace())
    people = People(ground.monotonic)
    use_cases = _use_cases(ground, people)
    verifier = TokenVerifier(keys=_key_source(settings, ground.clock), clock=ground.clock)
    reads = ChannelReads(
        database=ground.database,
        people=people,
        clock=ground.clock,
        very_late_after=settings.very_late_hours,
    )
    hub = Hub(
        bus=ground.bus,
        reads=reads,
        on_doorbell=lambda _doorbell: None,
        check_every=ground.pace.positions,
    )
    gateway = _gateway(ground, hub, reads, verifier, use_cases)
    queue = QueueFigures(database=ground.database, clock=ground.clock, monotonic=ground.monotonic)
    health = Health(
        ping=ground.database.ping,
        bus_is_healthy=lambda: ground.bus.healthy,
        oldest_due=queue.oldest_due,
        monotonic=ground.monotonic,
    )
    figures = RequestFigures()
    metrics = MetricsRoutes(
        sources=_metrics(figures, queue, ground.bus, hub, gateway), token=settings.metrics_token
    )
    web_app = WebApp(STATIC, pages=Pages(), demo=stage is not None)
    routes: list[BaseRoute] = [
        *HealthRoutes(health).routes(),
        *metrics.routes(),
        *_api(settings, use_cases, verifier),
        *(stage.routes(use_cases.orders) if stage else ()),
        *web_app.routes(),
    ]
    app = create_app(routes, _edge(ground, figures, is_demo=stage is not None))
    async with AsyncExitStack() as down:
        await _start(ground, hub, gateway, stage, down)
        # The first to be waited for on the way down: what was accepted is committed.
        down.push_async_callback(use_cases.messages.settle)
        yield Node(app=app, gateway=gateway, use_cases=use_cases, health=health, web_app=web_app)


async def _start(
    ground: _Ground, hub: Hub, gateway: Gateway, stage: Stage | None, down: AsyncExitStack
) -> None:
    """Start what runs by itself; whatever was started is stopped in the reverse order."""
    down.push_async_callback(ground.database.close)
    if stage is not None:
        await stage.start()
        down.push_async_callback(stage.close)
    await ground.bus.start(hub)
    down.push_async_callback(ground.bus.close)
    await ground.presence.start()
    down.push_async_callback(ground.presence.close)
    await hub.start()
    down.push_async_callback(hub.close)
    await gateway.start()
    down.push_async_callback(gateway.close)


def _use_cases(ground: _Ground, people: People) -> UseCases:
    database, clock = ground.database, ground.clock
    planner = Planner(clock=clock, new_id=new_id)
    accounts = Accounts(
        database=database, people=people, clock=clock, new_id=new_id, new_epoch=new_epoch
    )
    conversations = Conversations(
        database=database, people=people, clock=clock, new_id=new_id, new_epoch=new_epoch
    )
    orders = Orders(
        database=database,
        people=people,
        conversations=conversations,
        planner=planner,
        clock=clock,
        new_id=new_id,
        new_epoch=new_epoch,
        very_late_after=ground.settings.very_late_hours,
    )
    store = MessageStore(people=people, clock=clock, new_id=new_id)
    links = UnsubscribeTokens(ground.settings.link_secrets)
    return UseCases(
        accounts=accounts,
        services=Services(database=database, planner=planner, clock=clock),
        orders=orders,
        contacts=Contacts(database=database, clock=clock),
        conversations=conversations,
        messages=Messages(database=database, store=store, rates=_message_rates(ground)),
        notifications=Notifications(database=database, clock=clock),
        unsubscribing=Unsubscribing(accounts=accounts, read_token=links.read),
    )


def _message_rates(ground: _Ground) -> AccountRates:
    rate = ground.settings.limit_messages_per_second
    # Somebody may answer several people at once, and then has to go on at the rate.
    return AccountRates(rate=rate, burst=4 * rate, monotonic=ground.monotonic)


def _key_source(settings: Settings, clock: Clock) -> KeySource:
    if settings.token_jwks is not None:
        return KeySet(reader_of(settings.token_jwks), clock=clock)
    assert settings.token_secret is not None, "one of the two is set: settings.SERVING"
    return SharedSecret(settings.token_secret)


def _gateway(
    ground: _Ground,
    hub: Hub,
    reads: ChannelReads,
    verifier: TokenVerifier,
    use_cases: UseCases,
) -> Gateway:
    settings = ground.settings
    limits = Limits(
        channels=settings.limit_channels_per_connection,
        connections_per_account=settings.limit_connections_per_account,
        commands_per_second=settings.limit_commands_per_second,
        commands_burst=2 * settings.limit_commands_per_second,
        ping=ground.pace.ping,
        pong=ground.pace.pong,
    )
    return Gateway(
        hub=hub,
        presence=ground.presence,
        history=reads,
        verifier=verifier,
        accounts=use_cases.accounts,
        conversations=use_cases.conversations,
        messages=use_cases.messages,
        announce=ground.bus.announce,
        clock=ground.clock,
        limits=limits,
        allowed_origins=frozenset({ground.public_url, *settings.allowed_origins}),
    )


def _api(settings: Settings, use_cases: UseCases, verifier: TokenVerifier) -> Sequence[BaseRoute]:
    callers = Callers(verifier=verifier, service_keys=ServiceKeys(settings.service_keys))
    guard = EndpointGuard(settings.push_extra_origins)
    key = settings.vapid_private_key
    push = PushRoutes(
        accounts=use_cases.accounts,
        callers=callers,
        public_key=key.public_text if key else "",
        check_endpoint=lambda endpoint: _wrong_with(guard, endpoint),
    )
    unsubscribe = UnsubscribeRoutes(unsubscribing=use_cases.unsubscribing, pages=Pages(), say=_say)
    return [
        *AccountRoutes(accounts=use_cases.accounts, callers=callers).routes(),
        *ServiceRoutes(services=use_cases.services, callers=callers).routes(),
        *OrderRoutes(orders=use_cases.orders, callers=callers).routes(),
        *ContactRoutes(contacts=use_cases.contacts, callers=callers).routes(),
        *ConversationRoutes(
            conversations=use_cases.conversations, messages=use_cases.messages, callers=callers
        ).routes(),
        *NotificationRoutes(notifications=use_cases.notifications, callers=callers).routes(),
        *push.routes(),
        *unsubscribe.routes(),
    ]


def _wrong_with(guard: EndpointGuard, endpoint: str) -> str | None:
    try:
        guard.check(endpoint)
    except ForbiddenEndpoint as wrong:
        return str(wrong)
    return None


def _say(locale: str, key: str, values: Mapping[str, str]) -> str:
    return voice_for(locale, "UTC").say(key, values)


def _edge(ground: _Ground, figures: RequestFigures, *, is_demo: bool) -> Edge:
    settings = ground.settings
    keys = ServiceKeys(settings.service_keys)
    url = urlsplit(ground.public_url)
    return Edge(
        peers=Peers(settings.trusted_proxies),
        new_id=new_id,
        monotonic=time.monotonic,
        is_backend=lambda credential: _is_backend(keys, credential),
        requests_per_second=settings.limit_requests_per_second,
        allowed_origins=settings.allowed_origins,
        https=url.scheme == "https",
        # The demo signs in whoever asks: it answers to nobody who calls it by another name.
        hosts=LOOPBACK | {url.hostname or ""} if is_demo else None,
        figures=figures,
    )


def _is_backend(keys: ServiceKeys, credential: str) -> bool:
    try:
        keys.identify(credential)
    except Unauthorized:
        return False
    return True


def _metrics(
    figures: RequestFigures, queue: QueueFigures, bus: Bus, hub: Hub, gateway: Gateway
) -> list[Source]:
    async def of_queue() -> Iterable[Metric]:
        return families.of_queue(await queue.depths())

    release = version("orderwire")
    return [
        now(lambda: families.of_build(release)),
        now(lambda: families.of_requests(figures)),
        now(lambda: families.of_bus(bus)),
        now(lambda: families.of_hub(hub.figures)),
        now(lambda: families.of_gateway(gateway.figures, gateway.connections)),
        of_queue,
    ]
