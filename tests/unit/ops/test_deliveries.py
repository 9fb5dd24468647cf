"""The delivery worker as a part of a process: what wakes it, how it ends, what is counted."""

import asyncio
from collections.abc import Iterable

import structlog
from prometheus_client.metrics_core import Metric

from realtime.delivery.recorder import Decided
from realtime.ops import families
from realtime.ops.deliveries import Deliveries, DeliveryFigures
from storage import circuits
from storage.deliveries import DOORBELL


class Worker:
    """Stands where the worker stands, and counts how often it was woken."""

    def __init__(self, *, error: Exception | None = None) -> None:
        self.woken = 0
        self.learned = 0
        self._error = error
        self._over = asyncio.Event()

    def wake(self) -> None:
        """Be woken."""
        self.woken += 1

    def learn(self) -> None:
        """Be told of circuits."""
        self.learned += 1

    async def run(self) -> None:
        """Work until told to stop, or end by a mistake of ours."""
        if self._error is not None:
            raise self._error
        await self._over.wait()

    async def stop(self) -> None:
        """Stop."""
        self._over.set()


def deliveries(worker: Worker) -> Deliveries:
    return Deliveries(worker=worker, carriers=[], figures=DeliveryFigures())


async def test_its_own_doorbell_wakes_the_worker_and_no_other() -> None:
    worker = Worker()
    part = deliveries(worker)
    part.ring(DOORBELL)
    part.ring("another")
    assert (worker.woken, worker.learned) == (1, 0)
    part.ring(circuits.DOORBELL)
    assert (worker.woken, worker.learned) == (1, 1)


async def test_after_silence_the_worker_looks_for_itself() -> None:
    worker = Worker()
    deliveries(worker).unsure()
    assert (worker.woken, worker.learned) == (1, 1)


async def test_it_runs_until_it_is_closed() -> None:
    part = deliveries(Worker())
    seen = [part.runs]
    await part.start()
    seen.append(part.runs)
    await part.close()
    seen.append(part.runs)
    assert seen == [False, True, False]


async def test_one_that_never_began_can_be_closed() -> None:
    part = deliveries(Worker())
    await part.close()
    assert not part.runs


async def test_a_worker_that_ends_by_a_mistake_is_news() -> None:
    part = deliveries(Worker(error=RuntimeError("a mistake of ours")))
    with structlog.testing.capture_logs() as lines:
        await part.start()
        await part.close()
        await asyncio.sleep(0)
    assert [line["event"] for line in lines] == ["deliveries_ended"]
    assert not part.runs


def decided(decision: str, reason: str, seconds: float) -> Decided:
    return Decided(
        channel="push", category="new_order", decision=decision, reason=reason, seconds=seconds
    )


def samples(metrics: Iterable[Metric]) -> dict[str, float]:
    return {
        f"{sample.name} {' '.join(sample.labels.values())}": sample.value
        for metric in metrics
        for sample in metric.samples
    }


def test_decisions_are_counted_and_those_that_left_are_timed() -> None:
    figures = DeliveryFigures()
    figures.note(decided("accepted", "sent", 0.2))
    figures.note(decided("accepted", "sent", 999.0))
    figures.note(decided("retried", "timeout", 0.1))
    told = samples(families.of_deliveries(figures, runs=True))
    assert told["orderwire_deliveries_decided_total push accepted sent"] == 2
    assert told["orderwire_deliveries_decided_total push retried timeout"] == 1
    name = "orderwire_delivery_accepted_seconds"
    assert told[f"{name}_bucket push new_order 0.1"] == 0
    assert told[f"{name}_bucket push new_order 0.25"] == 1
    assert told[f"{name}_bucket push new_order +Inf"] == 2
    assert told[f"{name}_sum push new_order"] == 999.2
