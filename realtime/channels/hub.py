"""Who listens to what on this node, and that each of them gets everything, once, in order.

The bus may lose, repeat and reorder; the database is the truth. For each channel the hub keeps the
position that it has handed out: the publication that follows goes out, one already seen is dropped,
and a gap is filled from the database before anything later is handed on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from domain.errors import OrderwireError, Unavailable
from domain.publications import Changes, Opening, OpenRequest, Position, Publication
from realtime.channels.bus import Bus
from realtime.channels.channel import Buffer, Channel, Subscriber
from realtime.channels.openings import Openings

# Two nodes may commit in one order and publish in the other: so long may a gap close by itself.
PATIENCE = 0.02
MAX_HELD = 1_000
# Two readings that far apart must agree that a channel is behind: commits may be on their way.
SECOND_LOOK = 0.2
CHECKED_AT_ONCE = 500
RETRY_FIRST, RETRY_LAST = 0.1, 5.0

log = structlog.get_logger(__name__)


class Reads(Protocol):
    """What the hub needs of storage, each from one consistent state of it."""

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read rights, positions, snapshots and what was missed, an outcome for each request."""
        ...

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Read what a channel carried after ``offset``."""
        ...

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Read where channels stand; one that does not exist is missing."""
        ...


@dataclass(slots=True)
class HubFigures:
    """What the hub counts; read by the metrics."""

    channels: int = 0
    delivered: int = 0
    recoveries: int = 0
    recovered: int = 0
    gaps: int = 0
    behind: int = 0
    lost: int = 0


class Hub:
    """The node's channels; everything runs on one event loop."""

    def __init__(
        self,
        *,
        bus: Bus,
        reads: Reads,
        on_doorbell: Callable[[str], None],
        check_every: float = 25.0,
    ) -> None:
        self.figures = HubFigures()
        self._bus = bus
        self._reads = reads
        self._openings = Openings(reads)
        self._on_doorbell = on_doorbell
        self._check_every = check_every
        self._channels: dict[str, Channel] = {}
        self._dirty: list[Channel] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to check positions; the bus may deliver from now on."""
        self._spawn(self._check_for_ever())

    async def close(self) -> None:
        """Stop everything that is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- coming and going ---------------------------------------------------------------------

    async def subscribe(
        self,
        subscriber: Subscriber,
        request: OpenRequest,
        opened: Callable[[Opening], None],
    ) -> None:
        """Let a subscriber in: buffer, have the bus confirm, read once, reply, go live.

        ``opened`` writes the reply; what was handed out while the reading went on is written right
        behind it. Raises what the reading refuses, and then the subscriber is not let in.
        """
        channel = self._channels.get(request.channel) or self._make(request.channel)
        channel.remove(subscriber)
        buffer = channel.openings[subscriber] = Buffer(channel.position or 0)
        try:
            await self._bus.subscribe(channel.name)
            opening = await self._read(channel, request, buffer)
            if channel.openings.get(subscriber) is buffer:
                self._go_live(channel, subscriber, opening, opened)
                self._count(request, opening)
        except BaseException:
            if channel.openings.get(subscriber) is buffer:
                del channel.openings[subscriber]
            self._drop_if_idle(channel)
            raise

    async def _read(self, channel: Channel, request: OpenRequest, buffer: Buffer) -> Opening:
        """Read an opening that the buffer continues without a gap."""
        opening = await self._openings.read(request)
        await self._catch_up(channel, opening.changes.position)
        while opening.changes.position.offset < buffer.since:
            # Somebody else's reading, begun later and done sooner, said where the buffer begins.
            opening = await self._openings.read(request)
        if buffer.spoiled:
            raise Unavailable("too much came while this channel was opened; try again")
        return opening

    def unsubscribe(self, subscriber: Subscriber, name: str) -> None:
        """Let a subscriber go, live or about to be."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.remove(subscriber)
            self._drop_if_idle(channel)

    def _make(self, name: str) -> Channel:
        self.figures.channels += 1
        channel = self._channels[name] = Channel(name)
        return channel

    def _drop_if_idle(self, channel: Channel) -> None:
        if channel.idle and self._channels.get(channel.name) is channel:
            del self._channels[channel.name]
            self.figures.channels -= 1
            self._bus.unsubscribe(channel.name)

    def _go_live(
        self,
        channel: Channel,
        subscriber: Subscriber,
        opening: Opening,
        opened: Callable[[Opening], None],
    ) -> None:
        """Reply, and join the live ones; nothing comes between."""
        if channel.pending:
            # Its buffer has these: they are written to the others before it is one of them.
            channel.write_pending()
        buffer = channel.openings.pop(subscriber)
        opened(opening)
        told = opening.changes.position.offset
        rest = [each for each in buffer.publications if each.offset > told]
        if rest:
            subscriber.write(subscriber.format.publications(rest))
        channel.add(subscriber)

    def _count(self, request: OpenRequest, opening: Opening) -> None:
        if request.since is not None:
            self.figures.recoveries += 1
            self.figures.recovered += opening.recovered

    # --- what the bus brings (realtime.channels.bus.Receiver) ----------------------------------

    def deliver(self, publication: Publication) -> None:
        """Hand on a publication, in order, or hold it until what is missing is there."""
        channel = self._channels.get(publication.channel)
        if channel is None:
            return
        if not publication.offset:
            self._hand_out(channel, publication)
        elif channel.position is None:
            self._hold(channel, publication)
        elif publication.offset == channel.position + 1:
            self._hand_out(channel, publication)
            self._release(channel)
        elif publication.offset > channel.position:
            self._hold(channel, publication)
            self._fill_soon(channel)

    def ring(self, doorbell: str) -> None:
        """Wake whoever waits on this node."""
        self._on_doorbell(doorbell)

    def unsure(self) -> None:
        """Look after every channel: the bus was away."""
        self._spawn(self._compare(tuple(self._channels.values()), 0.0))

    def _hand_out(self, channel: Channel, publication: Publication) -> None:
        if not channel.pending:
            if not self._dirty:
                asyncio.get_running_loop().call_soon(self._write_dirty)
            self._dirty.append(channel)
        channel.take_in(publication)
        self.figures.delivered += 1

    def _write_dirty(self) -> None:
        dirty, self._dirty = self._dirty, []
        for channel in dirty:
            if channel.pending:
                channel.write_pending()

    def _hold(self, channel: Channel, publication: Publication) -> None:
        if len(channel.held) < MAX_HELD:
            channel.held[publication.offset] = publication

    def _release(self, channel: Channel) -> None:
        """Hand out what was held, as far as nothing is missing."""
        while channel.held and channel.position is not None:
            following = channel.held.pop(channel.position + 1, None)
            if following is None:
                break
            self._hand_out(channel, following)
        if channel.held:
            passed = [offset for offset in channel.held if offset <= (channel.position or 0)]
            for offset in passed:
                del channel.held[offset]

    # --- filling gaps -------------------------------------------------------------------------

    async def _catch_up(self, channel: Channel, position: Position) -> None:
        """Bring a channel to where a reading has seen it, so that both fit together."""
        if channel.position is None:
            channel.position, channel.epoch = position.offset, position.epoch
            for buffer in channel.openings.values():
                buffer.since = position.offset
            self._release(channel)
            if channel.held:
                self._fill_soon(channel)
        elif channel.epoch != position.epoch:
            self._lose_all(channel, position)
        elif channel.position < position.offset:
            await self._fill(channel, position.offset)

    def _fill_soon(self, channel: Channel) -> None:
        if not channel.filling:
            channel.filling = True
            self._spawn(self._fill_when_patience_ends(channel))

    async def _fill_when_patience_ends(self, channel: Channel) -> None:
        try:
            await asyncio.sleep(PATIENCE)
            if channel.held and channel.position is not None:
                self.figures.gaps += 1
                await self._fill(channel, max(channel.held))
        finally:
            channel.filling = False

    async def _fill(self, channel: Channel, target: int) -> None:
        """Read and hand out what is missing up to ``target``, for as long as anybody listens."""
        for wait in _waits():
            try:
                changes = await self._reads.changes_since(channel.name, channel.position or 0)
            except Unavailable as error:
                log.warning("channel_not_filled", channel=channel.name, error=error.detail)
            except OrderwireError as error:
                log.warning("channel_lost", channel=channel.name, error=error.code)
                self._lose_all(channel, None)
                return
            else:
                self._take_changes(channel, changes)
            listened_to = self._channels.get(channel.name) is channel
            if not listened_to or (channel.position or 0) >= target:
                return
            await asyncio.sleep(wait)

    def _take_changes(self, channel: Channel, changes: Changes) -> None:
        if not changes.complete or changes.position.epoch != channel.epoch:
            self._lose_all(channel, changes.position)
            return
        for publication in changes.publications:
            if publication.offset > (channel.position or 0):
                self._hand_out(channel, publication)
        self._release(channel)

    def _lose_all(self, channel: Channel, position: Position | None) -> None:
        """What is missing cannot be handed on: everybody has to come back and recover."""
        self.figures.lost += 1
        for subscriber in channel.subscribers():
            channel.remove(subscriber)
            subscriber.lose(channel.name)
        for buffer in channel.openings.values():
            buffer.spoiled = True
        channel.pending.clear()
        channel.held.clear()
        channel.position = position.offset if position else None
        channel.epoch = position.epoch if position else ""
        self._drop_if_idle(channel)

    # --- checking positions -------------------------------------------------------------------

    async def _check_for_ever(self) -> None:
        """Compare every channel with the database once in ``check_every`` seconds, in slices."""
        while True:
            channels = tuple(self._channels.values())
            slices = max(1, -(-len(channels) // CHECKED_AT_ONCE))
            for place in range(slices):
                await asyncio.sleep(self._check_every / slices)
                await self._compare(channels[place::slices], SECOND_LOOK)

    async def _compare(self, channels: Sequence[Channel], second_look: float) -> None:
        """Fill those that are behind the database, and still are at a second look."""
        for place in range(0, len(channels), CHECKED_AT_ONCE):
            names = [each.name for each in channels[place : place + CHECKED_AT_ONCE]]
            try:
                positions = await self._reads.positions(names)
            except Unavailable as error:
                log.warning("positions_not_read", error=error.detail)
                return
            if second_look and self._behind(positions):
                await asyncio.sleep(second_look)
            for channel in self._behind(positions):
                self.figures.behind += 1
                self._spawn(self._catch_up(channel, positions[channel.name]))

    def _behind(self, positions: Mapping[str, Position]) -> list[Channel]:
        """List the channels that were not handed out as far as the database had them."""
        found = (self._channels.get(name) for name in positions)
        return [each for each in found if each and _is_behind(each, positions[each.name])]

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub_task_failed", exc_info=error)


def _is_behind(channel: Channel, position: Position) -> bool:
    if channel.position is None:
        return False
    return position.offset > channel.position or position.epoch != channel.epoch


def _waits() -> Iterator[float]:
    """Wait longer and longer, up to a bound."""
    wait = RETRY_FIRST
    while True:
        yield wait
        wait = min(2 * wait, RETRY_LAST)
