"""How news travel between nodes: what a bus does, and whom it hands them to."""

from dataclasses import dataclass
from typing import Protocol

from domain.publications import Publication

# Channels of this kind carry what nodes say to each other; no client opens one.
BETWEEN_NODES = "node:"


class Receiver(Protocol):
    """What the bus hands things to: the node's hub. Nothing here waits, nothing raises."""

    def deliver(self, publication: Publication) -> None:
        """Take a publication of a channel that this node has subscribed to."""
        ...

    def ring(self, doorbell: str) -> None:
        """Wake whoever waits on ``doorbell`` on this node."""
        ...

    def unsure(self) -> None:
        """Check every channel and fill it: the bus was away, and what it carried then is lost."""
        ...


@dataclass(slots=True)
class BusFigures:
    """What a bus counts; read by the metrics."""

    reconnects: int = 0
    """Times that a connection was made anew after the first."""
    dropped: int = 0
    """Publications and doorbells that did not leave this node: positions find them."""
    published: int = 0
    received: int = 0
    lag: float = 0.0
    """Seconds that the last echo took there and back."""


def stamp(news: list[Publication], now: float) -> float:
    """Note when these were announced: at ``now``, which is returned."""
    for publication in news:
        publication.announced_at = now
    return now


class Bus(Protocol):
    """At most once, in order a channel and node. It is also the storage's ``Herald``."""

    @property
    def figures(self) -> BusFigures:
        """What has been counted so far."""
        ...

    @property
    def healthy(self) -> bool:
        """False while other nodes may not be heard."""
        ...

    async def start(self, receiver: Receiver) -> None:
        """Begin to carry; a broker that cannot be reached delays nothing and fails nothing."""
        ...

    async def close(self) -> None:
        """Stop; what is queued still has a moment to leave."""
        ...

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Hand to this node's receiver, then to the other nodes. Never raises."""
        ...

    async def subscribe(self, channel: str) -> None:
        """Hear ``channel`` from now on; returns once confirmed, at once while the bus is down."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Hear no more of ``channel``; asking for it again within a second costs nothing."""
        ...
