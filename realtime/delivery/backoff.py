"""How long to wait before the next attempt: exponential, with full jitter, until it is too late.

Full jitter (any moment between now and the exponential bound) spreads a crowd that failed together.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

BASE = timedelta(seconds=5)
FACTOR = 2
CAP = timedelta(hours=1)

LIFETIMES: Mapping[str, timedelta] = {
    "push": timedelta(hours=24),
    "email": timedelta(hours=48),
    "webhook": timedelta(hours=72),
}

# 5 s doubled this often is past the cap; beyond it the power would only grow needlessly.
_MOST_DOUBLINGS = 10


def bound(attempts: int) -> timedelta:
    """Return the longest wait after ``attempts`` failed ones (at least 1)."""
    doublings = min(attempts - 1, _MOST_DOUBLINGS)
    return min(CAP, BASE * int(FACTOR**doublings))


def delay(
    attempts: int, *, random: Callable[[], float], at_least: float | None = None
) -> timedelta:
    """Return the wait after ``attempts`` failed ones.

    ``random`` gives numbers in [0, 1); ``at_least`` is a minimum in seconds asked for by the other
    side (``Retry-After``), on top of which the jitter comes, so that nobody comes early.
    """
    return timedelta(seconds=at_least or 0.0) + bound(attempts) * random()


def next_attempt(
    attempts: int,
    *,
    now: datetime,
    expires_at: datetime,
    random: Callable[[], float],
    at_least: float | None = None,
) -> datetime | None:
    """Return when to try again, or None when that would be after the delivery's life."""
    due = now + delay(attempts, random=random, at_least=at_least)
    return due if due < expires_at else None
