"""The bus of a server that is one process, and of several nodes in one process."""

import time
from collections.abc import Callable

from domain.publications import Publication
from realtime.channels.bus import BusFigures, Receiver, stamp


class MemoryBus:
    """Hands everything over within the call; nodes that share ``peers`` hear each other."""

    def __init__(
        self, *, peers: list["MemoryBus"] | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.figures = BusFigures()
        self._now = now
        self._peers = peers if peers is not None else []
        self._channels: set[str] = set()
        self._receiver: Receiver | None = None

    @property
    def healthy(self) -> bool:
        """Always: there is nothing between the nodes."""
        return True

    async def start(self, receiver: Receiver) -> None:
        """Begin to carry."""
        self._receiver = receiver
        self._peers.append(self)

    async def close(self) -> None:
        """Stop."""
        if self in self._peers:
            self._peers.remove(self)
        self._receiver = None
        self._channels.clear()

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Hand to this node's receiver, then to the other nodes."""
        if self._receiver is None:
            return
        stamp(news, self._now())
        self.figures.published += len(news)
        self._hand_over(self._receiver, news, doorbells)
        for peer in tuple(self._peers):
            if peer is not self and peer._receiver is not None:
                peer.figures.received += len(news)
                peer._hand_over(peer._receiver, news, doorbells)

    async def subscribe(self, channel: str) -> None:
        """Hear ``channel`` from now on."""
        self._channels.add(channel)

    def unsubscribe(self, channel: str) -> None:
        """Hear no more of ``channel``."""
        self._channels.discard(channel)

    def _hand_over(self, receiver: Receiver, news: list[Publication], doorbells: set[str]) -> None:
        for publication in news:
            if publication.channel in self._channels:
                receiver.deliver(publication)
        for doorbell in doorbells:
            receiver.ring(doorbell)
