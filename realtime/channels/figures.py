"""What the channels of a node count; read by the metrics."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from realtime.histograms import NUMBERS, QUICK_SECONDS, Histogram

# How a gap was noticed: a publication came before the one ahead of it (which the bus has lost, or
# brings later), the bus was away, channels were compared with the database, somebody was let in.
GAP_CAUSES = ("order", "bus", "check", "opening")


@dataclass(slots=True)
class HubFigures:
    """Counted by the hub."""

    channels: int = 0
    delivered: int = 0
    recoveries: int = 0
    recovered: int = 0
    # What each recovery replayed, in publications.
    replayed: Histogram = field(default_factory=partial(Histogram, NUMBERS))
    # By cause.
    gaps: Counter[str] = field(default_factory=Counter)
    behind: int = 0
    lost: int = 0
    # In seconds: the oldest of what one turn of the event loop has written.
    commit_to_wire: Histogram = field(default_factory=partial(Histogram, QUICK_SECONDS))
