"""A node says what it is fit for: the worst of what its parts are."""

import pytest

from domain.errors import Unavailable
from realtime.ops.health import KEPT_SECONDS, QUEUE_IS_LATE, Health, State


class Node:
    """A node whose parts can be hurt."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bus_is_healthy = True
        self.deliveries_run = True
        self.oldest_due = 0.0
        self.error: Exception | None = None
        self.pings = 0
        self.health = Health(
            ping=self._ping,
            bus_is_healthy=lambda: self.bus_is_healthy,
            deliveries_run=lambda: self.deliveries_run,
            oldest_due=self._oldest_due,
            monotonic=lambda: self.now,
        )

    async def status(self) -> State:
        """Ask it, late enough for a fresh look."""
        self.now += KEPT_SECONDS
        return (await self.health.readiness()).status

    async def _ping(self) -> None:
        self.pings += 1
        if self.error is not None:
            raise self.error

    async def _oldest_due(self) -> float:
        return self.oldest_due


async def test_a_node_with_nothing_wrong_is_ready() -> None:
    assert await Node().status() is State.READY


async def test_a_node_that_hears_no_others_is_degraded() -> None:
    node = Node()
    node.bus_is_healthy = False
    assert await node.status() is State.DEGRADED
    node.bus_is_healthy = True
    assert await node.status() is State.READY


async def test_a_node_that_sends_no_alerts_is_degraded() -> None:
    node = Node()
    node.deliveries_run = False
    assert await node.status() is State.DEGRADED


async def test_a_node_whose_queue_is_late_is_degraded() -> None:
    node = Node()
    node.oldest_due = QUEUE_IS_LATE
    assert await node.status() is State.READY
    node.oldest_due = QUEUE_IS_LATE + 1
    assert await node.status() is State.DEGRADED


@pytest.mark.parametrize(
    "error",
    [Unavailable("gone: postgresql://user:hunter2@db"), TimeoutError(), ConnectionError("hunter2")],
)
async def test_a_node_without_its_database_is_unready_and_tells_no_address(
    error: Exception,
) -> None:
    node = Node()
    node.error = error
    assert await node.status() is State.UNREADY
    assert "hunter2" not in str(await node.health.readiness())
    node.error = None
    assert await node.status() is State.READY


async def test_a_node_that_drains_is_unready_for_good() -> None:
    node = Node()
    node.health.drain()
    assert await node.status() is State.UNREADY
    assert await node.status() is State.UNREADY


async def test_who_asks_often_does_not_ask_the_database_each_time() -> None:
    node = Node()
    await node.status()
    for _ in range(10):
        await node.health.readiness()
    assert node.pings == 1
    await node.status()
    assert node.pings == 2


async def test_what_needs_no_database_is_fresh_each_time() -> None:
    node = Node()
    assert await node.status() is State.READY
    node.bus_is_healthy = False
    assert (await node.health.readiness()).status is State.DEGRADED
