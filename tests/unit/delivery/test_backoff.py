"""Waits grow, are random, and end with the delivery's life."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.delivery.backoff import BASE, CAP, LIFETIMES, bound, delay, next_attempt

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
attempts = st.integers(min_value=1, max_value=10_000)
chances = st.floats(min_value=0, max_value=1, exclude_max=True)


@pytest.mark.parametrize(
    ("failed", "seconds"), [(1, 5), (2, 10), (3, 20), (10, 2_560), (11, 3_600), (5_000, 3_600)]
)
def test_the_bound_doubles_up_to_an_hour(failed: int, seconds: int) -> None:
    assert bound(failed) == timedelta(seconds=seconds)


@given(attempts, chances)
def test_the_jitter_is_full(failed: int, chance: float) -> None:
    """Any moment up to the bound is as likely as another."""
    assert delay(failed, random=lambda: chance) == bound(failed) * chance
    assert timedelta() <= delay(failed, random=lambda: chance) <= CAP


@given(attempts, chances, st.floats(min_value=0, max_value=3_600))
def test_nobody_comes_back_before_they_were_told_to(
    failed: int, chance: float, asked: float
) -> None:
    waited = delay(failed, random=lambda: chance, at_least=asked)
    assert waited >= timedelta(seconds=asked)


def test_what_would_come_too_late_does_not_come() -> None:
    soon = next_attempt(1, now=NOW, expires_at=NOW + 2 * BASE, random=lambda: 0.5)
    late = next_attempt(1, now=NOW, expires_at=NOW + BASE / 4, random=lambda: 0.5)
    assert soon == NOW + BASE / 2
    assert late is None


def test_a_channel_lives_as_long_as_the_rules_say() -> None:
    hours = {channel: life / timedelta(hours=1) for channel, life in LIFETIMES.items()}
    assert hours == {"push": 24, "email": 48, "webhook": 72}
