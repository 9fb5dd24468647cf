"""The metrics by name: what each part's plain counters are called, and what they mean."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from realtime.api.request_log import RequestFigures
from realtime.channels.bus import Bus
from realtime.channels.figures import GAP_CAUSES, HubFigures
from realtime.gateway.admission import Admission
from realtime.gateway.gateway import Gateway
from realtime.gateway.registry import GatewayFigures
from realtime.histograms import Histogram
from realtime.ops.deliveries import DeliveryFigures
from realtime.services.commit_queue import CommitFigures
from realtime.services.indexer import IndexFigures
from realtime.services.queue_figures import Depth, Rate
from storage.rows import Record


def of_build(release: str) -> Iterable[Metric]:
    """Say which release runs."""
    yield InfoMetricFamily("orderwire_build", "The release that runs.", value={"version": release})


def of_requests(figures: RequestFigures) -> Iterable[Metric]:
    """Say what was asked over HTTP; routes are templates, so there are not many of them."""
    answered = CounterMetricFamily(
        "orderwire_http_requests",
        "HTTP requests answered; 499 where the client left first.",
        labels=("method", "route", "status"),
    )
    for (method, route, status), number in figures.answered.items():
        answered.add_metric((method, route, str(status)), number)
    yield answered
    durations = HistogramMetricFamily(
        "orderwire_http_request_duration_seconds",
        "From the head of a request to the end of its answer.",
        labels=("method", "route"),
    )
    for labels, seen in figures.durations.items():
        _add(durations, labels, seen)
    yield durations


def of_deliveries(figures: DeliveryFigures, *, runs: bool) -> Iterable[Metric]:
    """Say whether this node delivers, what was decided of alerts here, and how fast they left."""
    yield _gauge("delivery_worker_runs", "1 while this node takes deliveries.", float(runs))
    decided = CounterMetricFamily(
        "orderwire_deliveries_decided",
        "Decisions about deliveries, as the ledger has them.",
        labels=("channel", "decision", "reason"),
    )
    for labels, number in figures.decided.items():
        decided.add_metric(labels, number)
    yield decided
    after = HistogramMetricFamily(
        "orderwire_delivery_accepted_seconds",
        "From the event to the moment at which a push service or mail server took its alert.",
        labels=("channel", "category"),
    )
    for kind, seen in figures.accepted_after.items():
        _add(after, kind, seen)
    yield after


def of_queue(
    depths: Sequence[Depth], rates: Sequence[Rate], shut: Sequence[Record]
) -> Iterable[Metric]:
    """Say how deep the delivery queue is, how fast it goes, and what is left alone."""
    count = GaugeMetricFamily(
        "orderwire_queue_deliveries",
        "Deliveries that wait, are under way, dead, or of an unknown fate.",
        labels=("channel", "category", "state"),
    )
    age = GaugeMetricFamily(
        "orderwire_queue_oldest_due_seconds",
        "For how long the oldest delivery of that state has been due.",
        labels=("channel", "category", "state"),
    )
    for depth in depths:
        labels = (depth.channel, depth.category, depth.state)
        count.add_metric(labels, depth.count)
        age.add_metric(labels, depth.oldest_due)
    yield from (count, age)
    yield from _of_leases(depths)
    decided = GaugeMetricFamily(
        "orderwire_queue_decided_per_second",
        "Decisions a second in the last minute, on all nodes: planned is what comes in.",
        labels=("channel", "category", "decision"),
    )
    for rate in rates:
        decided.add_metric((rate.channel, rate.category, rate.decision), rate.per_second)
    yield decided
    yield from _of_circuits(shut)


def _of_leases(depths: Sequence[Depth]) -> Iterable[Metric]:
    leases = GaugeMetricFamily(
        "orderwire_queue_leases",
        "Deliveries that a worker has; abandoned are those whose lease ran out.",
        labels=("channel", "state"),
    )
    held, abandoned = Counter[str](), Counter[str]()
    for depth in depths:
        if depth.state == "sending":
            held[depth.channel] += depth.count - depth.abandoned
            abandoned[depth.channel] += depth.abandoned
    for channel, number in held.items():
        leases.add_metric((channel, "held"), number)
        leases.add_metric((channel, "abandoned"), abandoned[channel])
    yield leases


def _of_circuits(shut: Sequence[Record]) -> Iterable[Metric]:
    """Name the relays, which are ours; of what users bring, only how many there are."""
    circuits = GaugeMetricFamily(
        "orderwire_circuits_shut",
        "Push services, mail servers and recipient domains that are left alone for a while.",
        labels=("kind",),
    )
    kinds = Counter(str(row.kind) for row in shut)
    for kind in ("push", "relay", "domain"):
        circuits.add_metric((kind,), kinds[kind])
    yield circuits
    relays = GaugeMetricFamily(
        "orderwire_relay_shut",
        "1 for a mail server that is left alone.",
        labels=("relay", "reason"),
    )
    for row in shut:
        if row.kind == "relay":
            relays.add_metric((row.name, row.reason), 1)
    yield relays


def of_index(figures: IndexFigures, waiting: int) -> Iterable[Metric]:
    """Say how far the index of words is behind."""
    yield _counter("indexed_entries", "Entries of threads that were indexed.", figures.entries)
    yield _counter("index_batches", "Transactions that indexed them.", figures.batches)
    yield _gauge("index_waiting", "Conversations with something to index.", waiting)


def of_commits(figures: CommitFigures, waiting: int) -> Iterable[Metric]:
    """Say how messages share their commits: commands / groups is how many to one."""
    yield _counter("commit_groups", "Groups of messages, each of one commit.", figures.groups)
    yield _counter("commit_commands", "Messages that were handed to a commit.", figures.commands)
    yield _gauge("commit_waiting", "Messages that wait for the next commit.", waiting)


def of_bus(bus: Bus) -> Iterable[Metric]:
    """Say how news travel between nodes."""
    figures = bus.figures
    yield _gauge("bus_healthy", "1 while other nodes are heard.", float(bus.healthy))
    yield _gauge("bus_echo_seconds", "How long the last echo took there and back.", figures.lag)
    yield _counter("bus_reconnects", "Connections made anew.", figures.reconnects)
    yield _counter("bus_published", "Publications and doorbells handed out.", figures.published)
    yield _counter("bus_received", "Publications and doorbells heard.", figures.received)
    yield _counter("bus_dropped", "Publications and doorbells that did not leave.", figures.dropped)


def of_hub(figures: HubFigures) -> Iterable[Metric]:
    """Say what the channels of this node carry."""
    yield _gauge("hub_channels", "Channels that somebody listens to.", figures.channels)
    yield _counter("hub_delivered", "Publications handed to subscribers.", figures.delivered)
    yield _counter("hub_recoveries", "Subscriptions that asked to recover.", figures.recoveries)
    yield _counter("hub_recovered", "Subscriptions that recovered.", figures.recovered)
    yield _histogram("hub_replayed", "Publications that a recovery replayed.", figures.replayed)
    gaps = CounterMetricFamily(
        "orderwire_hub_gaps",
        "Gaps that were filled from the database, by how they were noticed.",
        labels=("cause",),
    )
    for cause in GAP_CAUSES:
        gaps.add_metric((cause,), figures.gaps[cause])
    yield gaps
    yield _counter("hub_behind", "Channels that a check found behind.", figures.behind)
    yield _counter("hub_lost", "Channels that could not be filled.", figures.lost)
    yield _histogram(
        "hub_commit_to_wire_seconds",
        "From the commit, on whatever node, to the sockets: the oldest of what is written at once.",
        figures.commit_to_wire,
    )


def of_gateway(gateway: Gateway) -> Iterable[Metric]:
    """Say who is connected to this node, and how it goes."""
    yield _gauge("gateway_connections", "Sockets that are open.", gateway.connections)
    yield from _of_arrivals(gateway.figures, gateway.admission)
    yield from _of_traffic(gateway.figures)
    unsent = GaugeHistogramMetricFamily(
        "orderwire_gateway_unsent_bytes", "Bytes that connections have yet to take, now."
    )
    seen = gateway.unsent()
    unsent.add_metric((), _buckets(seen), seen.total)
    yield unsent


def _of_arrivals(figures: GatewayFigures, admission: Admission) -> Iterable[Metric]:
    yield _counter("gateway_handshakes", "Upgrades that were asked for.", figures.handshakes)
    yield _counter(
        "gateway_refused_handshakes", "Upgrades that were refused.", figures.refused_handshakes
    )
    yield _counter("gateway_connects", "Clients that signed in.", figures.connects)
    yield _counter(
        "gateway_turned_away",
        "Connects and subscribes that were told to come again later.",
        figures.turned_away,
    )
    yield _gauge(
        "gateway_in_work", "Commands in work, of those that take a while.", admission.in_work
    )
    yield _gauge(
        "gateway_wait_seconds",
        "How long one more would wait; from 3 on handshakes are refused.",
        admission.wait,
    )
    yield _histogram(
        "gateway_subscribed_seconds",
        "From the opening of a socket to the last reply of the channels that it opened first.",
        figures.until_subscribed,
    )


def _of_traffic(figures: GatewayFigures) -> Iterable[Metric]:
    yield _counter("gateway_frames", "Frames that clients sent.", figures.frames)
    yield _counter("gateway_calls", "Commands that called a use case.", figures.calls)
    ended = CounterMetricFamily(
        "orderwire_gateway_disconnects", "Connections that we ended.", labels=("code",)
    )
    for code, number in figures.disconnects.items():
        ended.add_metric((str(code),), number)
    yield ended
    put_out = CounterMetricFamily(
        "orderwire_gateway_unsubscribes", "Subscriptions that we ended.", labels=("code",)
    )
    for code, number in figures.unsubscribes.items():
        put_out.add_metric((str(code),), number)
    yield put_out


def _histogram(name: str, meaning: str, seen: Histogram) -> Metric:
    histogram = HistogramMetricFamily(f"orderwire_{name}", meaning)
    _add(histogram, (), seen)
    return histogram


def _add(histogram: HistogramMetricFamily, labels: Sequence[str], seen: Histogram) -> None:
    histogram.add_metric(labels, _buckets(seen), seen.total)


def _buckets(seen: Histogram) -> list[tuple[str, float]]:
    names = [*(str(float(bound)) for bound in seen.bounds), "+Inf"]
    return list(zip(names, accumulate(seen.counts), strict=True))


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"orderwire_{name}", meaning, value=value)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"orderwire_{name}", meaning, value=value)
