"""Histograms: plain numbers, until somebody asks for them."""

from bisect import bisect_left
from dataclasses import dataclass, field

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
# What takes a turn of the event loop, or a hop over Redis.
QUICK_SECONDS = (0.0005, 0.001, 0.0025, *SECONDS[:10])
NUMBERS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
BYTES = (0, *(1024 * each for each in (1, 4, 16, 64, 128, 256, 512, 1024, 4096)))


@dataclass(slots=True)
class Histogram:
    """How often which value was seen; ``counts`` has one more than ``bounds``."""

    bounds: tuple[float, ...] = SECONDS
    counts: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Note one."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
