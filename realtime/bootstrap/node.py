"""A whole node: a server process with everything in it, or a worker with what it needs."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from prometheus_client.metrics_core import Metric
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from realtime.api.app import create_app
from realtime.api.callers import Callers
from realtime.api.endpoint import routes_of
from realtime.api.pages import Pages
from realtime.api.request_log import RequestFigures
from realtime.api.static import WebApp
from realtime.bootstrap.deliveries import make_deliveries
from realtime.bootstrap.ground import Ground, Pace
from realtime.bootstrap.http import RESOURCES, api_resources, make_edge
from realtime.bootstrap.use_cases import UseCases, make_use_cases
from realtime.channels.hub import Hub
from realtime.clock import Clock
from realtime.demo.stage import Stage
from realtime.gateway.gateway import Gateway
from realtime.key_sets import reader_of
from realtime.ops import families
from realtime.ops.bells import Bells
from realtime.ops.deliveries import Deliveries
from realtime.ops.health import Health, HealthRoutes
from realtime.ops.metrics import MetricsRoutes, Source, now
from realtime.ops.queue_channel import QueueChannel
from realtime.protocol.limits import Limits
from realtime.services.channel_reads import ChannelReads
from realtime.services.erased_accounts import ErasedAccounts
from realtime.services.identity import KeySet, KeySource, ServiceKeys, SharedSecret, TokenVerifier
from realtime.services.people import People
from realtime.services.queue_figures import QueueFigures
from realtime.settings import Settings

STATIC = Path(__file__).parent.parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A running server process, ready to be given connections."""

    app: ASGIApp
    gateway: Gateway
    use_cases: UseCases
    health: Health

    async def drain(self, *, accepting: float, over: float) -> None:
        """Want no more work, then see every client off at a steady rate."""
        self.health.drain()
        await self.gateway.drain(accepting=accepting, over=over)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a server process is made of."""

    ground: Ground
    erased: ErasedAccounts
    use_cases: UseCases
    verifier: TokenVerifier
    hub: Hub
    gateway: Gateway
    deliveries: Deliveries
    queue: QueueFigures
    queue_channel: QueueChannel
    health: Health
    requests: RequestFigures


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    public_url: str,
    stage: Stage | None = None,
    pace: Pace | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Node]:
    """Build a whole node and keep it running until the block ends."""
    parts = _make(Ground.lay(settings, public_url, pace=pace, clock=clock))
    web_app = WebApp(STATIC, pages=Pages(), demo=stage is not None)
    edge = make_edge(parts.ground, parts.requests, is_demo=stage is not None)
    app = create_app(_routes(parts, stage, web_app), edge)
    async with AsyncExitStack() as down:
        await _start(parts, stage, down)
        yield Node(app=app, gateway=parts.gateway, use_cases=parts.use_cases, health=parts.health)


def _make(ground: Ground) -> _Parts:
    people = People(ground.monotonic)
    use_cases = make_use_cases(ground, people)
    erased = ErasedAccounts(database=ground.database, look_every=ground.pace.erased)
    verifier = TokenVerifier(keys=_key_source(ground), clock=ground.clock, erased=erased)
    reads = ChannelReads(
        database=ground.database,
        people=people,
        order_views=use_cases.order_views,
        audit=use_cases.audit,
        clock=ground.clock,
    )
    deliveries = make_deliveries(ground, use_cases.suppressions, use_cases.webhook_events)
    hub = Hub(
        bus=ground.bus,
        reads=reads,
        on_doorbell=Bells(
            (
                erased,
                deliveries,
                use_cases.clockwork,
                use_cases.attachments.sweep,
                use_cases.webhook_events,
            )
        ).ring,
        check_every=ground.pace.positions,
    )
    queue = use_cases.queue.figures
    gateway = _gateway(ground, hub, reads, verifier, use_cases)
    erased.watch(people.forget)
    erased.watch(gateway.expel)
    return _Parts(
        ground=ground,
        erased=erased,
        use_cases=use_cases,
        verifier=verifier,
        hub=hub,
        gateway=gateway,
        deliveries=deliveries,
        queue=queue,
        queue_channel=QueueChannel(depths=queue.depths, hub=hub, clock=ground.clock),
        health=Health(
            ping=ground.database.ping,
            bus_is_healthy=lambda: ground.bus.healthy,
            deliveries_run=lambda: deliveries.runs,
            oldest_due=queue.oldest_due,
            monotonic=ground.monotonic,
        ),
        requests=RequestFigures(),
    )


def _routes(parts: _Parts, stage: Stage | None, web_app: WebApp) -> list[BaseRoute]:
    settings = parts.ground.settings
    resources = [
        HealthRoutes(parts.health),
        MetricsRoutes(sources=_metrics(parts), token=settings.metrics_token),
        *api_resources(settings, parts.use_cases, parts.ground.clock.now),
    ]
    assert {type(each) for each in resources} == set(RESOURCES), "what is served is described"
    callers = Callers(verifier=parts.verifier, service_keys=ServiceKeys(settings.service_keys))
    return [
        *parts.gateway.routes(),
        *routes_of(resources, callers),
        *(stage.routes(parts.use_cases.orders) if stage else ()),
        *web_app.routes(),
    ]


async def _start(parts: _Parts, stage: Stage | None, down: AsyncExitStack) -> None:
    """Start what runs by itself; whatever was started is stopped in the reverse order."""
    ground = parts.ground
    down.push_async_callback(ground.database.close)
    if stage is not None:
        await stage.start()
        down.push_async_callback(stage.close)
    await ground.bus.start(parts.hub)
    down.push_async_callback(ground.bus.close)
    await ground.presence.start()
    down.push_async_callback(ground.presence.close)
    await parts.hub.start()
    down.push_async_callback(parts.hub.close)
    await parts.erased.start()
    down.push_async_callback(parts.erased.close)
    await parts.use_cases.webhook_events.start()
    down.push_async_callback(parts.use_cases.webhook_events.close)
    await parts.gateway.start()
    down.push_async_callback(parts.gateway.close)
    await parts.queue_channel.start()
    down.push_async_callback(parts.queue_channel.close)
    await parts.deliveries.start()
    down.push_async_callback(parts.deliveries.close)
    down.push_async_callback(parts.use_cases.push_trials.close)
    down.push_async_callback(parts.use_cases.mail_previews.close)
    await parts.use_cases.clockwork.start()
    down.push_async_callback(parts.use_cases.clockwork.close)
    await parts.use_cases.attachments.sweep.start()
    down.push_async_callback(parts.use_cases.attachments.sweep.close)
    await parts.use_cases.caretaker.start()
    down.push_async_callback(parts.use_cases.caretaker.close)
    await parts.use_cases.indexer.start()
    down.push_async_callback(parts.use_cases.indexer.close)
    # The first to be waited for on the way down: what was accepted is committed.
    down.push_async_callback(parts.use_cases.messages.settle)


@asynccontextmanager
async def delivering(settings: Settings, *, public_url: str) -> AsyncIterator[None]:
    """Build what delivers and fires timers, and keep it running until the block ends."""
    ground = Ground.lay(settings, public_url)
    use_cases = make_use_cases(ground, People(ground.monotonic))
    events = use_cases.webhook_events
    deliveries = make_deliveries(ground, use_cases.suppressions, events)
    clockwork, caretaker = use_cases.clockwork, use_cases.caretaker
    async with AsyncExitStack() as down:
        down.push_async_callback(ground.database.close)
        await ground.bus.start(Bells((deliveries, clockwork, events)))
        down.push_async_callback(ground.bus.close)
        await events.start()
        down.push_async_callback(events.close)
        await deliveries.start()
        down.push_async_callback(deliveries.close)
        await clockwork.start()
        down.push_async_callback(clockwork.close)
        await caretaker.start()
        down.push_async_callback(caretaker.close)
        await ground.indexer.start()
        down.push_async_callback(ground.indexer.close)
        yield


def _key_source(ground: Ground) -> KeySource:
    settings = ground.settings
    if settings.token_jwks is not None:
        return KeySet(reader_of(settings.token_jwks), clock=ground.clock)
    assert settings.token_secret is not None, "one of the two is set: settings.SERVING"
    return SharedSecret(settings.token_secret)


def _gateway(
    ground: Ground,
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
        expiry_grace=ground.pace.expiry_grace,
    )
    return Gateway(
        node=ground.node,
        hub=hub,
        presence=ground.presence,
        history=reads,
        verifier=verifier,
        accounts=use_cases.accounts,
        conversations=use_cases.conversations,
        messages=use_cases.messages,
        changes=use_cases.changes,
        details=use_cases.details,
        drafts=use_cases.drafts,
        announce=ground.bus.announce,
        clock=ground.clock,
        limits=limits,
        allowed_origins=frozenset({ground.public_url, *settings.allowed_origins}),
        compare_presence_every=ground.pace.comings,
    )


def _metrics(parts: _Parts) -> list[Source]:
    release = version("orderwire")
    gateway, bus = parts.gateway, parts.ground.bus
    messages, indexer = parts.use_cases.messages, parts.use_cases.indexer

    async def of_queue() -> Iterable[Metric]:
        queue = parts.queue
        return families.of_queue(await queue.depths(), await queue.rates(), await queue.shut())

    return [
        now(lambda: families.of_build(release)),
        now(lambda: families.of_requests(parts.requests)),
        now(lambda: families.of_bus(bus)),
        now(lambda: families.of_hub(parts.hub.figures)),
        now(lambda: families.of_gateway(gateway)),
        now(lambda: families.of_commits(messages.figures, messages.waiting)),
        now(lambda: families.of_index(indexer.figures, len(indexer))),
        now(lambda: families.of_deliveries(parts.deliveries.figures, runs=parts.deliveries.runs)),
        of_queue,
    ]
