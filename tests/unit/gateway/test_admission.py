"""In a storm nobody waits in vain."""

from contextlib import ExitStack

import pytest

from realtime.gateway.admission import (
    ALWAYS,
    BROUGHT,
    EXPECTED_FOR,
    FIRST_RATE,
    MOST_SECONDS,
    STRETCH,
    Admission,
)


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def time() -> Time:
    """A time of one's own."""
    return Time()


def in_work(admission: Admission, pieces: int) -> ExitStack:
    """Begin so many pieces of work."""
    stack = ExitStack()
    for _ in range(pieces):
        stack.enter_context(admission.working())
    return stack


def test_with_nothing_in_work_everybody_is_let_in(time: Time) -> None:
    assert not Admission(time).is_full()


def test_it_tells_what_is_in_work_and_how_long_one_more_would_wait(time: Time) -> None:
    admission = Admission(time)
    assert (admission.in_work, admission.wait) == (0, 0.0)
    with in_work(admission, 100):
        assert (admission.in_work, admission.wait) == (100, 100 / FIRST_RATE)


def test_more_than_can_be_done_in_time_is_refused(time: Time) -> None:
    admission = Admission(time)
    with in_work(admission, int(FIRST_RATE * MOST_SECONDS)):
        assert not admission.is_full()
        with in_work(admission, 1):
            assert admission.is_full()
        assert not admission.is_full()


def test_a_node_that_gets_slower_lets_fewer_in(time: Time) -> None:
    admission = Admission(time)
    with in_work(admission, 400):
        for _ in range(12):
            time.now += STRETCH
            in_work(admission, 25).close()  # 100 a second
            assert not admission.is_full() or time.now > 4 * STRETCH
        assert admission.is_full()


def test_a_node_that_does_nothing_any_more_lets_nobody_in(time: Time) -> None:
    admission = Admission(time)
    with in_work(admission, ALWAYS + 1):
        for _ in range(40):
            time.now += STRETCH
            admission.is_full()
        assert admission.is_full()


def test_a_few_that_take_long_are_no_storm(time: Time) -> None:
    admission = Admission(time)
    with in_work(admission, ALWAYS):
        for _ in range(40):
            time.now += STRETCH
            assert not admission.is_full()


def test_a_pause_is_no_slowness(time: Time) -> None:
    admission = Admission(time)
    in_work(admission, 1).close()
    time.now += 1_000
    with in_work(admission, int(FIRST_RATE)):
        assert not admission.is_full()


def test_who_was_let_in_is_expected_to_ask_for_its_first_channels(time: Time) -> None:
    admission = Admission(time)
    arrivals = range(int(FIRST_RATE * MOST_SECONDS) // BROUGHT + 1)
    for arrival in arrivals:
        assert not admission.expects_too_much()
        admission.expect(arrival)
    assert admission.expects_too_much()
    assert not admission.is_full(), "those who are in are served"
    admission.arrived(arrivals[0])
    assert not admission.expects_too_much()


def test_nobody_keeps_others_out_by_saying_nothing(time: Time) -> None:
    admission = Admission(time)
    for arrival in range(10_000):
        admission.expect(arrival)
    assert admission.expects_too_much()
    time.now += EXPECTED_FOR
    assert not admission.expects_too_much()


def test_nobody_makes_it_seem_slow_by_saying_nothing(time: Time) -> None:
    admission = Admission(time)
    for arrival in range(400):
        admission.expect(arrival)
        assert not admission.expects_too_much()
        time.now += 0.05
    with in_work(admission, int(FIRST_RATE * MOST_SECONDS)):
        assert not admission.is_full()
