"""Connections of a simulated network: bytes arrive in order, late, in pieces, or not at all."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from tests.simulation.chances import Chances
from tests.simulation.loop import Owner

LATENCIES = (0.0002, 0.002, 0.02)
# How late a peer may learn of an end.
NOTICED_WITHIN = 0.2


class End(asyncio.Transport):
    """One end of a connection: what its protocol is given for a transport."""

    def __init__(self, link: "Link", protocol: Any, owner: Owner) -> None:
        super().__init__()
        self.held = False
        # Each byte counts as so many: small worlds have slow readers, too.
        self.weight = 1
        self.protocol = protocol
        self.owner = owner
        self.is_over = False
        self._link = link
        self._context = owner.context.copy()
        self._out: list[bytes] = []
        self._unsent = 0
        self._high = 64 * 1024
        self._paused = False
        self._closing = False
        self._delivery: asyncio.TimerHandle | None = None

    # --- asyncio.Transport ----------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        if self._closing or self.is_over or not data:
            return
        self._out.append(bytes(data))
        self._unsent += len(data)
        if not self._paused and self._unsent * self.weight > self._high:
            self._paused = True
            self.protocol.pause_writing()
        self.go_on()

    def get_write_buffer_size(self) -> int:
        """Return how much has not arrived."""
        return self._unsent * self.weight

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Note how much is much."""
        self._high = high or self._high

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell where the other end is."""
        return ("192.0.2.1", 5) if name == "peername" else default

    def is_closing(self) -> bool:
        """Tell whether nothing more can be sent."""
        return self._closing or self.is_over

    def close(self) -> None:
        """Send what is unsent, then end."""
        self._closing = True
        if not self._out:
            self._link.end(self)

    def abort(self) -> None:
        """End; what is unsent may be lost."""
        self._closing = True
        self._link.end(self)

    # --- for the link and those who trouble it ----------------------------------------------------

    def begin(self) -> None:
        """Tell the protocol that it is connected."""
        self._context.run(self.protocol.connection_made, self)

    def go_on(self) -> None:
        """Deliver soon, unless that is under way or held up."""
        if self._delivery is None and self._out and not self.held and not self._link.is_severed:
            other = self._link.other(self)
            self._delivery = self._link.loop.call_later(
                self._link.delay(), self._deliver, other, context=other._context
            )

    def _deliver(self, other: "End") -> None:
        self._delivery = None
        if self.held or self._link.is_severed:
            return
        data = b"".join(self._out)
        self._out.clear()
        if len(data) > 1 and self._link.random.random() < self._link.chances.cuts_in_two:
            cut = self._link.random.randrange(1, len(data))
            self._out.append(data[cut:])
            data = data[:cut]
        self._unsent -= len(data)
        if self._paused and self._unsent * self.weight <= self._high // 4:
            self._paused = False
            self._context.run(self.protocol.resume_writing)
        if not other.is_over:
            other.protocol.data_received(data)
        if self._out:
            self.go_on()
        elif self._closing:
            self._link.end(self)

    def tell(self, error: Exception | None, after: float) -> None:
        """Tell the protocol that it is over."""
        if not self.is_over:
            self.is_over = True
            self._out.clear()
            self._link.loop.call_later(
                after, self.protocol.connection_lost, error, context=self._context
            )


class Link:
    """A connection between ``here``, who made it, and ``there``."""

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, random: Random, chances: Chances, name: str
    ) -> None:
        self.loop = loop
        self.random = random
        self.chances = chances
        self.name = name
        self.is_severed = False
        # When it last was anything but good; it is ``inf`` while it is not.
        self.troubled_at = -1.0
        self._latency = random.choice(LATENCIES)
        self.here: End
        self.there: End

    def join(self, here: tuple[Any, Owner], there: tuple[Any, Owner]) -> None:
        """Join two protocols."""
        self.here = End(self, *here)
        self.there = End(self, *there)
        self.here.begin()
        self.there.begin()

    def other(self, end: End) -> End:
        """Return the end that ``end`` writes to."""
        return self.there if end is self.here else self.here

    def delay(self) -> float:
        """Return how long the next bytes take."""
        return self._latency * (1.0 + self.random.random())

    @property
    def is_over(self) -> bool:
        """Tell whether neither end can be told anything any more."""
        return self.here.is_over and self.there.is_over

    # --- ends and troubles ------------------------------------------------------------------------

    def end(self, end: End) -> None:
        """One end is done: the other learns of it, if the network still lets it."""
        end.tell(None, 0.0)
        if not self.is_severed:
            self.other(end).tell(None, self.delay())

    def cut(self, *, tell_here: bool, tell_there: bool) -> None:
        """Carry nothing more; an end that is not told has to find out."""
        self.is_severed = True
        self.troubled_at = float("inf")
        for end, is_told in ((self.here, tell_here), (self.there, tell_there)):
            if is_told:
                gone = ConnectionResetError("cut")
                end.tell(gone, self.random.random() * NOTICED_WITHIN)

    def lose(self, owner: Owner) -> None:
        """Whoever owns an end has died: what was sent still arrives, or nothing does."""
        dead = self.here if self.here.owner is owner else self.there
        if self.is_severed or self.random.random() < 0.5:
            self.cut(tell_here=True, tell_there=True)
        else:
            self.troubled_at = float("inf")
            dead.close()

    def hold(self, *, outward: bool, inward: bool) -> None:
        """Let bytes wait."""
        self.troubled_at = float("inf")
        self.here.held = self.here.held or outward
        self.there.held = self.there.held or inward

    def release(self) -> None:
        """Let bytes go on."""
        if not self.is_severed:
            self.troubled_at = self.loop.time()
        for end in (self.here, self.there):
            end.held = False
            end.go_on()


class Network:
    """All links that there are."""

    def __init__(self, loop: asyncio.AbstractEventLoop, random: Random, chances: Chances) -> None:
        self._loop = loop
        self._random = random
        self._chances = chances
        self._links: list[Link] = []

    def link(self, name: str, here: tuple[Any, Owner], there: tuple[Any, Owner]) -> Link:
        """Make a connection."""
        link = Link(loop=self._loop, random=self._random, chances=self._chances, name=name)
        self._links.append(link)
        link.join(here, there)
        return link

    def links(self, wanted: Callable[[Link], bool]) -> list[Link]:
        """Return those that are up, and wanted."""
        self._links = [each for each in self._links if not each.is_over]
        return [each for each in self._links if wanted(each)]

    def heal(self) -> None:
        """Release what is held, and tell everybody whose connection is no more."""
        for each in self.links(lambda _: True):
            if each.is_severed:
                each.cut(tell_here=True, tell_there=True)
            else:
                each.release()
