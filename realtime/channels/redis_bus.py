"""The bus of several processes: Redis pub/sub, with this node's own hub served first."""

import time
from collections.abc import Callable

from domain.publications import Publication
from realtime.channels.bus import BusFigures, Receiver, stamp
from realtime.channels.redis_address import Reachable
from realtime.channels.redis_envelope import opened, origin_of, seal
from realtime.channels.redis_line import LineTimings, RedisLine


class RedisBus:
    """Nothing is kept for a server that is away: local delivery goes on, positions find the rest.

    ``node`` must be new for each process and start, for a node does not listen to itself.
    """

    def __init__(
        self,
        *,
        address: Reachable,
        node: str,
        prefix: str = "orderwire:",
        timings: LineTimings | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.figures = BusFigures()
        self._now = now
        self._origin = origin_of(node)
        # Pub/sub knows no databases, but who chose one means to be alone there.
        self._prefix = f"{prefix}{address.database}:"
        self._doorbells = f"{self._prefix}doorbells".encode()
        self._line = RedisLine(
            address=address,
            echo_key=f"{self._prefix}echo:{node}".encode(),
            heard=self._heard,
            restored=self._restored,
            figures=self.figures,
            timings=timings or LineTimings(),
        )
        self._names: dict[bytes, str] = {}
        self._receiver: Receiver | None = None
        self._restored_before = False

    @property
    def healthy(self) -> bool:
        """False while other nodes may not be heard."""
        return self._line.healthy

    async def start(self, receiver: Receiver) -> None:
        """Begin to carry, once the first attempt to reach Redis has succeeded or failed."""
        self._receiver = receiver
        self._line.want(self._doorbells)
        await self._line.start()

    async def close(self) -> None:
        """Stop; what is unsent has a moment to leave."""
        self._receiver = None
        await self._line.close()

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Hand to this node's receiver, then to the other nodes."""
        receiver = self._receiver
        if receiver is None:
            return
        now = stamp(news, self._now())
        addressed = [(self._key(publication.channel), publication) for publication in news]
        for key, publication in addressed:
            if key in self._names:
                receiver.deliver(publication)
        for doorbell in doorbells:
            receiver.ring(doorbell)
        messages = [
            (key, seal(self._origin, said.data, said.offset, now)) for key, said in addressed
        ]
        messages += [(self._doorbells, seal(self._origin, bell.encode())) for bell in doorbells]
        self._line.publish(messages)

    async def subscribe(self, channel: str) -> None:
        """Hear ``channel`` from now on."""
        key = self._key(channel)
        self._names[key] = channel
        await self._line.subscribe(key)

    def unsubscribe(self, channel: str) -> None:
        """Hear no more of ``channel``."""
        key = self._key(channel)
        if self._names.pop(key, None) is not None:
            self._line.unsubscribe(key)

    def _key(self, channel: str) -> bytes:
        return f"{self._prefix}channel:{channel}".encode()

    def _heard(self, key: bytes, payload: bytes) -> None:
        """Hand on what another node said; the own comes back, too."""
        said = opened(payload, besides=self._origin)
        receiver = self._receiver
        if said is None or receiver is None:
            return
        channel = self._names.get(key)
        if channel is not None:
            self.figures.received += 1
            data, offset, at = said
            publication = Publication(channel, data, offset)
            publication.announced_at = at
            receiver.deliver(publication)
        elif key == self._doorbells:
            receiver.ring(said[0].decode())

    def _restored(self) -> None:
        """Tell the hub that it may have missed something."""
        if self._restored_before:
            self.figures.reconnects += 1
        if self._receiver is not None and (self._restored_before or self._names):
            self._receiver.unsure()
        self._restored_before = True
