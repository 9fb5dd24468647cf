"""What the channels of a node count; read by the metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class HubFigures:
    """Counted by the hub."""

    channels: int = 0
    delivered: int = 0
    recoveries: int = 0
    recovered: int = 0
    gaps: int = 0
    behind: int = 0
    lost: int = 0
