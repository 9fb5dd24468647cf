"""The token bucket: a burst at once, and a steady rate after it."""

from hypothesis import given
from hypothesis import strategies as st

from domain.buckets import Bucket


def taken(bucket: Bucket, now: float, tries: int) -> int:
    """Count how many of several tries at one moment go through."""
    return sum(bucket.take(now) for _ in range(tries))


def test_a_burst_goes_through_and_then_the_rate() -> None:
    bucket = Bucket(rate=2, burst=5, now=0)

    assert taken(bucket, 0, tries=9) == 5
    assert taken(bucket, 1, tries=9) == 2
    assert taken(bucket, 100, tries=9) == 5


def test_without_a_rate_there_is_no_limit() -> None:
    assert taken(Bucket(rate=0, burst=0, now=0), 0, tries=99) == 99


def test_a_bucket_that_is_full_again_can_be_forgotten() -> None:
    bucket = Bucket(rate=1, burst=2, now=0)

    assert bucket.is_full(0)
    bucket.take(0)
    assert not bucket.is_full(0.5)
    assert bucket.is_full(1)


def test_what_is_owed_is_regained_first() -> None:
    bucket = Bucket(rate=2, burst=5, now=0)
    bucket.owe(9)

    assert taken(bucket, 2, tries=9) == 0
    assert taken(bucket, 4, tries=9) == 4
    unlimited = Bucket(rate=0, burst=0, now=0)
    unlimited.owe(9)
    assert unlimited.take(0)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_burst_and_rate_together(waits: list[float]) -> None:
    bucket = Bucket(rate=2, burst=5, now=0)
    now = 0.0
    went = 0
    for wait in waits:
        now += wait
        went += bucket.take(now)

    assert went <= 5 + 2 * now + 1e-6
