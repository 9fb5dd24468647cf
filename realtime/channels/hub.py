"""Who listens to what on this node, and that each of them gets everything, once, in order.

The bus may lose, repeat and reorder; the database is the truth. For each channel the hub keeps the
position that it has handed out: the publication that follows goes out, one already seen is dropped,
and a gap is filled from the database before anything later is handed on.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import cycle
from math import inf

import structlog

from domain.errors import NotFound, OrderwireError, Unavailable
from domain.publications import Changes, Opening, OpenRequest, Position, Publication, channel_of
from realtime.channels.bus import BETWEEN_NODES, Bus
from realtime.channels.channel import Buffer, Channel, Subscriber
from realtime.channels.figures import HubFigures
from realtime.channels.openings import Openings
from realtime.channels.reads import Reads
from realtime.channels.reviews import Reviews

# Channels are checked in so many groups, one after the other.
LANES = 25
CHECKED_AT_ONCE = 500

log = structlog.get_logger(__name__)


class Hub:
    """The node's channels; everything runs on one event loop."""

    def __init__(
        self,
        *,
        bus: Bus,
        reads: Reads,
        on_doorbell: Callable[[str], None],
        check_every: float = 25.0,
        patience: float = 0.02,
        retry_last: float = 5.0,
        second_look: float = 0.2,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make a hub; times are in seconds.

        Two nodes may commit in one order and publish in the other: for ``patience`` a gap may close
        by itself. While it cannot be filled this grows up to ``retry_last``. Two looks,
        ``second_look`` apart, must agree that a channel is behind: commits may be on their way.
        """
        self.figures = HubFigures()
        self._bus = bus
        self._reads = reads
        self._openings = Openings(reads)
        left = self._drop_if_idle
        self._reviews = Reviews(openings=self._openings, spawn=self._spawn, left=left)
        self._on_doorbell = on_doorbell
        self._check_every = check_every
        self._patience = patience
        self._retry_last = retry_last
        self._second_look = second_look
        self._now = now
        # When the oldest of what this turn of the event loop writes was announced.
        self._oldest = inf
        self._channels: dict[str, Channel] = {}
        self._listeners: dict[str, Callable[[Publication], None]] = {}
        self._lanes = cycle(range(LANES))
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
        await self._openings.close()

    # --- coming and going ---------------------------------------------------------------------

    async def listen(self, channel: str, listener: Callable[[Publication], None]) -> None:
        """Hand what nodes say to each other on ``channel`` to ``listener``; it is not stored."""
        self._listeners[channel] = listener
        await self._bus.subscribe(channel)

    def unlisten(self, channel: str) -> None:
        """Hear no more of what nodes say on ``channel``."""
        if self._listeners.pop(channel, None) is not None:
            self._bus.unsubscribe(channel)

    async def subscribe(
        self,
        subscriber: Subscriber,
        request: OpenRequest,
        opened: Callable[[Opening], None],
    ) -> None:
        """Let a subscriber in: buffer, have the bus confirm, read once, reply, go live.

        ``opened`` writes the reply; what was handed out while the reading went on is written right
        behind it. Raises what the reading refuses, or Unavailable when the subscriber has left
        meanwhile; then it is not let in.
        """
        if request.channel.startswith(BETWEEN_NODES):
            raise NotFound("this is between nodes")
        channel = self._channels.get(request.channel) or self._make(request.channel)
        channel.remove(subscriber)
        buffer = Buffer(channel.position or 0, request.identity)
        channel.openings[subscriber] = buffer
        try:
            await self._bus.subscribe(channel.name)
            opening = await self._read(channel, request, buffer)
            self._count(request, opening)
            self._go_live(channel, subscriber, opening, opened)
        except BaseException:
            if channel.openings.get(subscriber) is buffer:
                del channel.openings[subscriber]
            self._drop_if_idle(channel)
            raise

    async def _read(self, channel: Channel, request: OpenRequest, buffer: Buffer) -> Opening:
        """Read an opening that the buffer continues without a gap."""
        while not buffer.spoiled:
            opening = await self._openings.read(request)
            position = opening.changes.position
            await self._meet(channel, buffer, position)
            if buffer.since <= position.offset <= (channel.position or 0) and not buffer.spoiled:
                return opening
            # Somebody else's reading, begun later and done sooner, said where the buffer begins.
        raise Unavailable("the subscriber left, or too much came while the channel was opened")

    async def _meet(self, channel: Channel, buffer: Buffer, position: Position) -> None:
        """Wait until a channel has been handed out as far as a reading for ``buffer`` has seen."""
        if not buffer.spoiled:
            self._bring_to(channel, position, "opening")
        while channel.filler is not None and (channel.position or 0) < position.offset:
            if buffer.spoiled:
                break
            await asyncio.wait([channel.filler], timeout=self._patience)

    def unsubscribe(self, subscriber: Subscriber, name: str) -> None:
        """Let a subscriber go, live or about to be."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.remove(subscriber)
            self._drop_if_idle(channel)

    def hears(self, name: str) -> bool:
        """Tell whether anybody here listens to a channel, or is about to."""
        return name in self._channels

    def _make(self, name: str) -> Channel:
        self.figures.channels += 1
        channel = self._channels[name] = Channel(name, next(self._lanes))
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
        opened(opening)
        buffer = channel.openings.pop(subscriber, None)
        if buffer is None:
            return  # what it was told made it leave
        told = opening.changes.position
        rest = [each for each in buffer.publications if each.offset > told.offset]
        if rest:
            subscriber.write(subscriber.format.publications(rest))
        self._reviews.live(channel, told.rights, doubted=buffer.doubted)
        channel.add(subscriber, buffer.identity)

    def _count(self, request: OpenRequest, opening: Opening) -> None:
        if request.since is not None:
            self.figures.recoveries += 1
            self.figures.recovered += opening.recovered
            if opening.recovered:
                self.figures.replayed.add(len(opening.changes.publications))

    # --- what the bus brings (realtime.channels.bus.Receiver) ----------------------------------

    def deliver(self, publication: Publication) -> None:
        """Hand on a publication, in order, or hold it until what is missing is there."""
        channel = self._channels.get(publication.channel)
        if channel is None:
            listener = self._listeners.get(publication.channel)
            if listener is not None:
                listener(publication)
            return
        if not publication.offset:
            self._hand_out(channel, publication)
        elif channel.position is None:
            channel.hold(publication)
        elif publication.offset == channel.position + 1:
            self._hand_out(channel, publication)
            self._release(channel)
        elif publication.offset > channel.position:
            channel.hold(publication)
            self._fill_soon(channel, "order")

    def ring(self, doorbell: str) -> None:
        """Wake whoever waits on this node; look through a channel that others may listen to now."""
        self._on_doorbell(doorbell)
        channel = self._channels.get(channel_of(doorbell) or "")
        if channel is not None:
            self._reviews.changed(channel)

    def unsure(self) -> None:
        """Look after every channel: the bus was away."""
        self._spawn(self._compare(tuple(self._channels.values()), second_look=0.0))

    def _hand_out(self, channel: Channel, publication: Publication) -> None:
        if not channel.pending:
            if not self._dirty:
                asyncio.get_running_loop().call_soon(self._write_dirty)
            self._dirty.append(channel)
        channel.take_in(publication)
        self.figures.delivered += 1
        if publication.announced_at and publication.offset:
            self._oldest = min(self._oldest, publication.announced_at)

    def _write_dirty(self) -> None:
        dirty, self._dirty = self._dirty, []
        for channel in dirty:
            if channel.pending:
                channel.write_pending()
        if self._oldest < inf:
            self.figures.commit_to_wire.add(max(0.0, self._now() - self._oldest))
            self._oldest = inf

    def _release(self, channel: Channel) -> None:
        """Hand out what was held, as far as nothing is missing."""
        while (following := channel.following()) is not None:
            self._hand_out(channel, following)

    # --- filling gaps -------------------------------------------------------------------------

    def _bring_to(self, channel: Channel, position: Position, cause: str) -> None:
        """Have a channel handed out as far as a reading has seen it."""
        if channel.position is None:
            channel.position, channel.epoch = position.offset, position.epoch
            for buffer in channel.openings.values():
                buffer.since = position.offset
            self._release(channel)
        elif channel.epoch != position.epoch:
            self._lose_all(channel, position)
        channel.target = max(channel.target, position.offset)
        self._fill_soon(channel, cause)

    def _fill_soon(self, channel: Channel, cause: str) -> None:
        if self._is_short(channel) and channel.filler is None:
            channel.filler = self._spawn(self._fill(channel, cause))

    def _is_short(self, channel: Channel) -> bool:
        """Tell whether something has yet to be handed out to somebody."""
        known = channel.position is not None and channel.position < channel.target
        return known and self._channels.get(channel.name) is channel

    async def _fill(self, channel: Channel, cause: str) -> None:
        """Read and hand out what is missing, for as long as something is and anybody listens."""
        wait = self._patience
        try:
            await asyncio.sleep(wait)
            self.figures.gaps[cause] += self._is_short(channel)
            while self._is_short(channel):
                before = channel.position
                await self._read_missing(channel)
                if self._is_short(channel):
                    is_better = channel.position != before
                    wait = self._patience if is_better else min(2 * wait, self._retry_last)
                    await asyncio.sleep(wait)
        finally:
            channel.filler = None

    async def _read_missing(self, channel: Channel) -> None:
        try:
            changes = await self._reads.changes_since(channel.name, channel.position or 0)
        except Unavailable as error:
            log.warning("channel_not_filled", channel=channel.name, error=error.detail)
        except OrderwireError as error:
            log.warning("channel_lost", channel=channel.name, error=error.code)
            self._lose_all(channel, None)
        else:
            self._take_changes(channel, changes)

    def _take_changes(self, channel: Channel, changes: Changes) -> None:
        if not changes.complete or changes.position.epoch != channel.epoch:
            self._lose_all(channel, changes.position)
            return
        for publication in changes.publications:
            if publication.offset > (channel.position or 0):
                self._hand_out(channel, publication)
        self._release(channel)
        if (channel.position or 0) < changes.position.offset:
            self._lose_all(channel, changes.position)

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
        channel.target = 0
        channel.position = position.offset if position else None
        channel.epoch = position.epoch if position else ""
        self._drop_if_idle(channel)

    # --- checking positions -------------------------------------------------------------------

    async def _check_for_ever(self) -> None:
        """Compare every channel with the database once in ``check_every`` seconds."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        turn = 0
        while True:
            turn += 1
            await asyncio.sleep(begun + turn * self._check_every / LANES - clock())
            lane = [each for each in self._channels.values() if each.lane == turn % LANES]
            try:
                await self._compare(lane, second_look=self._second_look)
            except Exception:  # the outermost loop: without it nothing would be checked again
                log.exception("positions_not_compared")

    async def _compare(self, channels: Sequence[Channel], *, second_look: float) -> None:
        """Fill those that are behind the database, and still are at a second look."""
        for place in range(0, len(channels), CHECKED_AT_ONCE):
            before = {each: each.position for each in channels[place : place + CHECKED_AT_ONCE]}
            try:
                positions = await self._reads.positions([each.name for each in before])
            except Unavailable as error:
                log.warning("positions_not_read", error=error.detail)
                return
            self._reviews.compare(before, positions)
            if second_look and self._differing(before, positions):
                await asyncio.sleep(second_look)
            for channel, position in self._differing(before, positions):
                self.figures.behind += channel.position is not None
                if position.offset < (channel.position or 0):
                    self._lose_all(channel, position)
                else:
                    self._bring_to(channel, position, "check" if second_look else "bus")

    def _differing(
        self, before: Mapping[Channel, int | None], positions: Mapping[str, Position]
    ) -> list[tuple[Channel, Position]]:
        """Find the channels that are not handed out as far as the database had them.

        ``before`` is where they stood when it was asked: to be beyond that is no news, but a
        database that is behind it has lost something.
        """
        found = (
            (channel, was, positions[channel.name])
            for channel, was in before.items()
            if channel.name in positions and self._channels.get(channel.name) is channel
        )
        return [(each, at) for each, was, at in found if _differs(each, was or 0, at)]

    def _spawn(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub_task_failed", exc_info=error)


def _differs(channel: Channel, was: int, position: Position) -> bool:
    if channel.position is None:
        return True
    is_behind = channel.position < position.offset
    is_ahead = min(was, channel.position) > position.offset
    return is_behind or is_ahead or position.epoch != channel.epoch
