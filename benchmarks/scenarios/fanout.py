"""1,000 subscribers of one channel: how many deliveries a second."""

from benchmarks.bench import Bench, Scenario
from benchmarks.broadcasters import BROADCASTERS

WINDOWS = (1, 4, 16)


def phases(bench: Bench) -> list[str]:
    """Keep 1, 4 and 16 messages under way."""
    return [f"window:{window}:{bench.seconds}" for window in WINDOWS]


FANOUT = Scenario(
    name="fanout",
    title="Fan-out: 1,000 subscribers of one channel, deliveries a second",
    counted="delivered",
    contenders=tuple(broadcaster.contender() for broadcaster in BROADCASTERS),
    phases=phases,
)
