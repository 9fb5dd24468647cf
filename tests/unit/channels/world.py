"""A small world around a hub, all of it at random from one seed: storage, bus, subscribers.

Nodes commit and publish; the bus loses, doubles, delays and reorders; readings take a random number
of turns and see a random moment of them; subscribers come, recover, leave and come twice. What each
subscription was sent is held against what was committed.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random

from domain.errors import Forbidden, OrderwireError, Unavailable
from domain.identity import Identity
from domain.publications import Changes, Opening, OpenRequest, Position, Publication
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.protocol.codec_json import JSON
from realtime.protocol.formats import Format

CHANNEL = "thread:1"
EPOCH = "e"
LINES = Format(JSON, lambda payload: payload + b"\n")
CHECK_EVERY = 25.0
# Seconds of a clock that jumps: who still waits for something then waits for ever.
ENOUGH = 1_000.0


async def turns(count: int) -> None:
    """Let everybody else have so many turns."""
    for _ in range(count):
        await asyncio.sleep(0)


class Storage:
    """What is committed, and the reads of it that a hub makes.

    A thread keeps every entry. An inbox (``things``) keeps of each thing its latest state, and
    skips the offsets of earlier ones; entry ``n`` is about thing ``n``.
    """

    def __init__(self, random: Random, *, things: int = 0, most: int = 1_000) -> None:
        self.things: list[int] = []
        self.failing = 0.0
        self._random = random
        self._of_things = things
        self._most = most

    @property
    def top(self) -> int:
        """The offset of the last entry."""
        return len(self.things)

    def commit(self) -> Publication:
        """Store one more."""
        is_inbox = bool(self._of_things)
        self.things.append(self._random.randrange(self._of_things) if is_inbox else self.top)
        return _publication(self.top)

    def after(self, offset: int, top: int) -> Changes:
        """Give what a reading that saw ``top`` finds after ``offset``."""
        latest = {self.things[each - 1]: each for each in range(1, top + 1)}
        found = sorted(each for each in latest.values() if each > offset)
        position = Position(top, EPOCH)
        if len(found) > self._most:
            return Changes(position, complete=False)
        return Changes(position, tuple(_publication(each) for each in found))

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read openings at one moment."""
        top = await self._look()
        return [self._open(request, top) for request in requests]

    async def changes_since(self, _channel: str, offset: int) -> Changes:
        """Read what is missing."""
        return self.after(offset, await self._look())

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Read where the channel stands."""
        top = await self._look()
        return dict.fromkeys(channels, Position(top, EPOCH))

    async def _look(self) -> int:
        """See everything that was committed before this began, and a part of what comes during."""
        await turns(self._random.choice((0, 1, 3, 10)))
        if self._random.random() < self.failing:
            raise Unavailable("the database does not answer")
        top = self.top
        await turns(self._random.choice((0, 1, 3, 10)))
        return top

    def _open(self, request: OpenRequest, top: int) -> Opening | OrderwireError:
        if self._random.random() < self.failing:
            return Forbidden("you may not listen here")
        if request.since is None or request.since.offset > top:
            return Opening(Changes(Position(top, EPOCH)), recovered=False)
        changes = self.after(request.since.offset, top)
        return Opening(changes, recovered=changes.complete)


class Bus(MemoryBus):
    """A bus that takes some turns to confirm, and loses, doubles, delays and reorders."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.reliable = False
        self._random = random
        self._underway: set[asyncio.Task[None]] = set()

    async def subscribe(self, channel: str) -> None:
        """Hear ``channel`` after some turns."""
        await turns(self._random.randrange(4))
        await super().subscribe(channel)
        await turns(self._random.randrange(4))

    def carry(self, publication: Publication) -> None:
        """Carry it, in the way of this bus."""
        chances = (1,) if self.reliable else (0, 1, 1, 1, 1, 2)
        for _ in range(self._random.choice(chances)):
            task = asyncio.create_task(self._carry(publication))
            self._underway.add(task)
            task.add_done_callback(self._underway.discard)

    async def _carry(self, publication: Publication) -> None:
        late = 0 if self.reliable else self._random.choice((0, 0, 1, 3, 10, 30))
        await turns(late)
        if not self.reliable and self._random.random() < 0.05:
            await asyncio.sleep(self._random.random())
        await self.announce([publication], set())


class Listener:
    """A subscriber, and what it was sent in each of its subscriptions."""

    def __init__(self, hub: Hub, storage: Storage, random: Random) -> None:
        self.format = LINES
        self.write: Callable[[bytes], None] = self._receive
        self.backed_up = False
        self.subscribed = False
        self.position = 0
        self.told: list[int] | None = None
        self.faults: list[AssertionError] = []
        self._hub = hub
        self._storage = storage
        self._random = random

    def _receive(self, data: bytes) -> None:
        """Be sent publications, and keep what is wrong with them: the hub expects no errors."""
        try:
            self._hold_to_promises(data)
        except AssertionError as fault:
            self.faults.append(fault)

    def _hold_to_promises(self, data: bytes) -> None:
        assert self.told is not None, "a push without a subscription"
        for line in data.splitlines():
            publication = json.loads(line)["push"]["pub"]
            if "offset" in publication:
                assert publication["data"] == publication["offset"]
                self._take(publication["offset"])

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        """Be slow, and miss what is ephemeral."""
        if durable:
            self.write(durable)

    def lose(self, channel: str) -> None:
        """Be put out."""
        assert channel == CHANNEL
        self._forget()

    def dismiss(self, channel: str) -> None:
        """Is not asked to: rights do not change here."""
        raise AssertionError(channel)

    async def act(self) -> None:
        """Do something that a client might do."""
        choice = self._random.random()
        self.backed_up = self._random.random() < 0.2
        if not self.subscribed or choice < 0.2:
            await self.subscribe(Position(self.position, EPOCH) if choice < 0.7 else None)
        elif choice < 0.6:
            self.unsubscribe()
        elif choice < 0.8:
            await self._leave_while_coming()

    async def subscribe(self, since: Position | None) -> None:
        """Come in, and note what the reply says."""
        self._forget()
        self.subscribed = True
        mark = object()
        self._mark = mark

        def opened(opening: Opening) -> None:
            assert self._mark is mark, "a reply to a subscribe that was overtaken"
            assert self.told is None, "a second reply"
            self.told = []
            self._start(opening, since)

        request = OpenRequest(CHANNEL, Identity("anna"), since)
        try:
            await self._hub.subscribe(self, request, opened)
        except OrderwireError:
            if self._mark is mark:
                assert self.told is None, "a refusal behind a reply"
                self._forget()
        else:
            assert self.told is not None or self._mark is not mark, "no reply"

    async def _leave_while_coming(self) -> None:
        coming = asyncio.create_task(self.subscribe(Position(self.position, EPOCH)))
        await turns(self._random.randrange(12))
        self.unsubscribe()
        await coming

    def unsubscribe(self) -> None:
        """Leave."""
        self._forget()
        self._hub.unsubscribe(self, CHANNEL)

    def _forget(self) -> None:
        self.subscribed = False
        self.told = None
        self._mark = object()

    def _start(self, opening: Opening, since: Position | None) -> None:
        top = opening.changes.position.offset
        if since is not None and opening.recovered:
            self.position = since.offset
            for each in opening.changes.publications:
                self._take(each.offset)
        else:
            assert not opening.changes.publications
            self.position = top
        assert self.position == top

    def _take(self, offset: int) -> None:
        """Hold a publication against the one that should follow."""
        assert self.told is not None
        assert offset > self.position, f"{offset} after {self.position}: twice, or out of order"
        self.told.append(offset)
        skipped = range(self.position + 1, offset)
        later = self._storage.things[offset - 1 :]
        for each in skipped:
            assert self._storage.things[each - 1] in later, f"{each} is missing before {offset}"
        self.position = offset


async def live_through(seed: int, *, things: int = 0, most: int = 1_000) -> None:
    """Let a hub serve through a time of chaos and a time of quiet, and hold it to its promises."""
    random = Random(seed)
    storage = Storage(random, things=things, most=most)
    bus = Bus(random)
    hub = Hub(bus=bus, reads=storage, on_doorbell=lambda _: None, check_every=CHECK_EVERY)
    await bus.start(hub)
    await hub.start()
    listeners = [Listener(hub, storage, random) for _ in range(random.randint(1, 5))]

    async with asyncio.timeout(ENOUGH):
        await _chaos(storage, bus, hub, listeners, random)
        await _quiet(storage, bus, listeners)

    for listener in listeners:
        assert not listener.faults, listener.faults[0]
        assert listener.position == storage.top, "something never came"
        listener.unsubscribe()
    assert hub.figures.channels == 0
    await hub.close()


async def _chaos(
    storage: Storage, bus: Bus, hub: Hub, listeners: Sequence[Listener], random: Random
) -> None:
    """Let everybody act in waves, while somebody publishes."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_publish(storage, bus, hub, random))
        for _ in range(random.randint(2, 8)):
            async with asyncio.TaskGroup() as wave:
                for listener in listeners:
                    wave.create_task(_act_soon(listener, random))
            await _pause(random)


async def _publish(storage: Storage, bus: Bus, hub: Hub, random: Random) -> None:
    for _ in range(random.randint(5, 40)):
        storage.failing = random.choice((0, 0, 0, 0.3))
        bus.carry(storage.commit())
        if random.random() < 0.1:
            hub.deliver(Publication(CHANNEL, b"0"))
        if random.random() < 0.05:
            hub.unsure()
        await _pause(random)


async def _act_soon(listener: Listener, random: Random) -> None:
    await turns(random.choice((0, 0, 1, 3, 10)))
    await listener.act()


async def _pause(random: Random) -> None:
    """Let a few turns pass, or now and then some time."""
    if random.random() < 0.1:
        await asyncio.sleep(random.random())
    else:
        await turns(random.randrange(8))


async def _quiet(storage: Storage, bus: Bus, listeners: Sequence[Listener]) -> None:
    storage.failing, bus.reliable = 0, True
    # What the bus still has under way, and the last lane of channels.
    await asyncio.sleep(2 * CHECK_EVERY)
    for listener in listeners:
        if not listener.subscribed:
            await listener.subscribe(Position(listener.position, EPOCH))
        assert listener.position == storage.top, "something was never noticed"
    bus.carry(storage.commit())
    await turns(10)


def _publication(offset: int) -> Publication:
    return Publication(CHANNEL, b"%d" % offset, offset)
