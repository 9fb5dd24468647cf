"""One timer for everybody: nobody is called early, and everybody within a tick."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from realtime.gateway.wheel import TICK, TimingWheel
from tests.support.virtual_time import virtually


class Time:
    """A time that is what the test says."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Bell:
    """Notes when it was called, and wants to be called again after each of ``pauses``."""

    def __init__(self, *pauses: float) -> None:
        self.calls: list[float] = []
        self._pauses = list(pauses)

    def tick(self, now: float) -> float | None:
        """Be called."""
        self.calls.append(now)
        return now + self._pauses.pop(0) if self._pauses else None


class Broken:
    """Fails when it is called."""

    def tick(self, _now: float) -> float | None:
        """Fail."""
        raise RuntimeError("a bug")


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.floats(0.01, 3))
def test_nobody_is_called_early_and_everybody_within_a_tick(
    delays: list[float], step: float
) -> None:
    time = Time()
    wheel = TimingWheel(time)
    bells = {Bell(): time.now + delay for delay in delays}
    for bell, due in bells.items():
        wheel.schedule(bell, due)
    while time.now < 1_102:
        time.now += step
        wheel.advance()
    for bell, due in bells.items():
        (called,) = bell.calls
        assert due <= called <= due + 2 * TICK + step


def test_who_wants_to_is_called_again() -> None:
    time = Time()
    wheel = TimingWheel(time)
    bell = Bell(2, 0.1, 0)
    wheel.schedule(bell, time.now + 1)
    for _ in range(20):
        time.now += TICK
        wheel.advance()
    assert bell.calls == [1_001.5, 1_004.0, 1_004.5, 1_005.0]


def test_what_is_due_already_is_called_with_the_next_tick() -> None:
    time = Time()
    wheel = TimingWheel(time)
    bell = Bell()
    wheel.schedule(bell, 0)
    wheel.advance()
    assert bell.calls == []
    time.now += TICK
    wheel.advance()
    assert bell.calls == [time.now]


def test_who_fails_stops_the_time_of_nobody_else() -> None:
    time = Time()
    wheel = TimingWheel(time)
    before, after = Bell(), Bell()
    for timed in (before, Broken(), after):
        wheel.schedule(timed, time.now)
    time.now += TICK
    with capture_logs() as logs:
        wheel.advance()
    assert before.calls == after.calls == [time.now]
    assert [each["event"] for each in logs] == ["tick_failed"]


@virtually
async def test_it_turns_by_itself() -> None:
    loop = asyncio.get_running_loop()
    wheel = TimingWheel(loop.time)
    bell = Bell(10)
    turning = asyncio.create_task(wheel.turn())
    wheel.schedule(bell, loop.time() + 5)
    await asyncio.sleep(20)
    turning.cancel()
    assert bell.calls == pytest.approx([5, 15], abs=1)
