"""How much an account may send on this node: a bucket each, forgotten once it is full again."""

from collections.abc import Callable

from domain.buckets import Bucket

MAX_KEPT = 50_000


class AccountRates:
    """So many a second an account, and ``burst`` at once; a ``rate`` of 0 has no limit."""

    def __init__(self, *, rate: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: dict[str, Bucket] = {}

    def take(self, account_id: str) -> bool:
        """Count one; False when it is too much."""
        if not self._rate:
            return True
        now = self._monotonic()
        bucket = self._buckets.get(account_id)
        if bucket is None:
            self._make_room(now)
            bucket = Bucket(rate=self._rate, burst=self._burst, now=now)
            self._buckets[account_id] = bucket
        return bucket.take(now)

    def _make_room(self, now: float) -> None:
        if len(self._buckets) >= MAX_KEPT:
            self._buckets = {
                account: bucket
                for account, bucket in self._buckets.items()
                if not bucket.is_full(now)
            }
