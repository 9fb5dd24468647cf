"""The token bucket: so many at once, and so many a second after that."""


class Bucket:
    """Holds ``burst`` tokens and gains ``rate`` of them a second; a ``rate`` of 0 has no limit.

    Times are seconds of any clock that does not go back.
    """

    __slots__ = ("_burst", "_rate", "_since", "_tokens")

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._since = now

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        if not self._rate:
            return True
        gained = (now - self._since) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def owe(self, tokens: float) -> None:
        """Take tokens that were not asked for before: until they are regained, there are none."""
        if self._rate:
            self._tokens -= tokens

    def is_full(self, now: float) -> bool:
        """Tell whether nothing was taken for so long that this bucket can be forgotten."""
        return self._tokens + (now - self._since) * self._rate >= self._burst
