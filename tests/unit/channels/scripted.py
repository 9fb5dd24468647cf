"""A hub whose bus and storage do what a test says, when it says so."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from domain.errors import OrderwireError
from domain.identity import Identity
from domain.publications import Changes, Opening, OpenRequest, Position, Publication
from realtime.channels.hub import Hub
from realtime.channels.memory_bus import MemoryBus
from realtime.protocol.formats import HTTP_STREAM_JSON, Format

THREAD = "thread:1"
EPOCH = "e"
ANNA = Identity("anna")

Answer = TypeVar("Answer")


async def turns(count: int = 20) -> None:
    """Let everything happen that needs no time."""
    for _ in range(count):
        await asyncio.sleep(0)


def entry(offset: int, channel: str = THREAD) -> Publication:
    """Make a durable publication."""
    return Publication(channel, b'{"n":%d}' % offset, offset)


def entries(*offsets: int) -> tuple[Publication, ...]:
    """Make several of them."""
    return tuple(map(entry, offsets))


def changes(top: int, *offsets: int, epoch: str = EPOCH, complete: bool = True) -> Changes:
    """Make what a reading finds that saw ``top``."""
    return Changes(Position(top, epoch), entries(*offsets), complete)


def opening(top: int, *missed: int, epoch: str = EPOCH) -> Opening:
    """Make an opening that saw ``top``."""
    return Opening(changes(top, *missed, epoch=epoch), recovered=bool(missed))


class Question(Generic[Answer]):
    """A reading under way: it ends when it is answered."""

    def __init__(self, asked: Any) -> None:
        self.asked = asked
        self._outcome: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def wait(self) -> Answer:
        """Wait to be answered."""
        return await self._outcome

    async def answer(self, answer: Answer) -> None:
        """End the reading, and let happen what comes of it."""
        self._outcome.set_result(answer)
        await turns()

    async def fail(self, error: Exception) -> None:
        """Let the reading fail."""
        self._outcome.set_exception(error)
        await turns()


class Questions(list[Question[Answer]]):
    """Readings of one kind, as they were begun."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = asyncio.Event()

    async def ask(self, asked: Any) -> Answer:
        """Begin one."""
        question: Question[Answer] = Question(asked)
        self.append(question)
        self._asked.set()
        return await question.wait()

    async def only(self) -> Question[Answer]:
        """Wait for one to be begun, and take it: there is no other."""
        await turns()
        await self._asked.wait()
        self._asked.clear()
        (question,) = self
        self.clear()
        return question


class ScriptedReads:
    """Storage that answers when it is told to."""

    def __init__(self) -> None:
        self.openings: Questions[Sequence[Opening | OrderwireError]] = Questions()
        self.missing: Questions[Changes] = Questions()
        self.checks: Questions[Mapping[str, Position]] = Questions()

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Be asked for openings."""
        return await self.openings.ask(requests)

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Be asked for what is missing."""
        return await self.missing.ask((channel, offset))

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Be asked where channels stand."""
        return await self.checks.ask(list(channels))


class ScriptedBus(MemoryBus):
    """Keeps a journal; ``confirms`` is cleared to let subscribes wait."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__()
        self.confirms = asyncio.Event()
        self.confirms.set()
        self._journal = journal

    async def subscribe(self, channel: str) -> None:
        """Confirm when the test wants it."""
        self._journal.append(f"ask bus for {channel}")
        await super().subscribe(channel)
        await self.confirms.wait()

    def unsubscribe(self, channel: str) -> None:
        """Note it."""
        self._journal.append(f"leave {channel}")
        super().unsubscribe(channel)


class Listener:
    """A subscriber that keeps what it is told and written."""

    def __init__(self, stage: "Stage", encoding: Format = HTTP_STREAM_JSON) -> None:
        self.format = encoding
        self.backed_up = False
        self.write: Callable[[bytes], None] = self._write
        # Each write, as the offsets in it; None is an ephemeral one.
        self.writes: list[list[int | None]] = []
        self.lost: list[str] = []
        self.dismissed: list[str] = []
        self.opened: Callable[[Opening], None] = lambda _: None
        self._stage = stage

    @property
    def heard(self) -> list[int | None]:
        """All offsets that were written, in order."""
        return [offset for write in self.writes for offset in write]

    def _write(self, data: bytes) -> None:
        pushes = [json.loads(line)["push"] for line in data.splitlines()]
        self.writes.append([push["pub"].get("offset") for push in pushes])
        self._stage.journal.append(f"write {self.writes[-1]}")

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        """Take the durable ones alone, as one who is backed up."""
        self._stage.journal.append("write carefully")
        if durable:
            self._write(durable)

    def lose(self, channel: str) -> None:
        """Note it."""
        self.lost.append(channel)

    def dismiss(self, channel: str) -> None:
        """Note it."""
        self.dismissed.append(channel)

    def subscribe(
        self,
        since: Position | None = None,
        channel: str = THREAD,
        identity: Identity = ANNA,
    ) -> "asyncio.Task[None]":
        """Begin to subscribe."""

        def opened(told: Opening) -> None:
            self._stage.journal.append(f"reply {told.changes.position.offset}")
            self.opened(told)

        request = OpenRequest(channel, identity, since)
        return asyncio.create_task(self._stage.hub.subscribe(self, request, opened))

    async def goes_live(self, top: int, channel: str = THREAD) -> None:
        """Subscribe, and be let in by a reading that saw ``top``."""
        coming = self.subscribe(channel=channel)
        await (await self._stage.reads.openings.only()).answer([opening(top)])
        await coming


class Stage:
    """The hub, and everything around it."""

    def __init__(self) -> None:
        self.journal: list[str] = []
        self.doorbells: list[str] = []
        self.reads = ScriptedReads()
        self.bus = ScriptedBus(self.journal)
        self.wall = 1_000.0
        self.hub = Hub(
            bus=self.bus,
            reads=self.reads,
            on_doorbell=self.doorbells.append,
            now=lambda: self.wall,
        )

    def listener(self, encoding: Format = HTTP_STREAM_JSON) -> Listener:
        """Make a subscriber that has yet to subscribe."""
        return Listener(self, encoding)

    async def live(self, top: int) -> Listener:
        """Make a subscriber that is in."""
        listener = self.listener()
        await listener.goes_live(top)
        return listener

    async def deliver(self, *offsets: int) -> None:
        """Have the bus bring publications in one turn; 0 is an ephemeral one."""
        for offset in offsets:
            self.hub.deliver(entry(offset))
        await turns()


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    """Set everything up, and take it down."""
    stage = Stage()
    await stage.bus.start(stage.hub)
    await stage.hub.start()
    yield stage
    await stage.hub.close()
