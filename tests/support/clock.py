"""A clock that stands still until it is told."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class StillClock:
    """Shows one instant; ``advance`` moves it on."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the instant it shows."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by
