"""Durations as a histogram: plain numbers, until somebody asks for them."""

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(slots=True)
class Durations:
    """How long things of one kind took, in seconds; ``counts`` has one more than ``BOUNDS``."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Note one."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds
