"""What Prometheus is told of the delivery queue."""

from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from prometheus_client.metrics_core import Metric

from realtime.ops.deliveries import DeliveryFigures
from realtime.ops.families import of_deliveries, of_queue
from realtime.services.queue_figures import Depth, Rate
from tests.support.clock import NOON


def a_circuit(kind: str, name: str) -> Any:
    return SimpleNamespace(
        kind=kind, name=name, shut_until=NOON + timedelta(hours=1), reason="timeout"
    )


def read(metrics: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("orderwire_"), *sample.labels.values()): sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_all_that_operators_want_to_see_is_told() -> None:
    queue: dict[str, Any] = {"channel": "push", "category": "service"}
    told = read(
        of_queue(
            [
                Depth(**queue, state="due", count=3, oldest_due=61.5),
                Depth(**queue, state="sending", count=5, oldest_due=0.0, abandoned=2),
                Depth(**queue, state="uncertain", count=1, oldest_due=0.0),
            ],
            [Rate(**queue, decision="planned", per_second=2.5)],
            [
                a_circuit("relay", "smtps://mail.example:465"),
                *(a_circuit("domain", f"{n}.example") for n in range(3)),
            ],
        )
    )
    assert told["queue_deliveries", "push", "service", "due"] == 3
    assert told["queue_oldest_due_seconds", "push", "service", "due"] == 61.5
    assert told["queue_deliveries", "push", "service", "uncertain"] == 1
    assert told["queue_leases", "push", "held"] == 3
    assert told["queue_leases", "push", "abandoned"] == 2
    assert told["queue_decided_per_second", "push", "service", "planned"] == 2.5
    shut = {kind: told["circuits_shut", kind] for kind in ("push", "relay", "domain")}
    assert shut == {"push": 0, "relay": 1, "domain": 3}
    assert told["relay_shut", "smtps://mail.example:465", "timeout"] == 1
    assert not [labels for labels in told if "1.example" in labels], "they are whoever's"


def test_it_is_told_whether_a_node_delivers() -> None:
    for runs in (True, False):
        told = read(of_deliveries(DeliveryFigures(), runs=runs))
        assert told["delivery_worker_runs",] == runs
