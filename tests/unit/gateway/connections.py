"""A client of the gateway on a transport that is none, with a hub that does what a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

from msgspec import Raw

from domain.errors import AccountErased, OrderwireError
from domain.identity import Identity, Role
from domain.publications import Changes, Position
from realtime.channels.attendance import Attendance
from realtime.channels.gazes import Gazes
from realtime.channels.presence import LocalPresence
from realtime.gateway.admission import Admission
from realtime.gateway.client import Client
from realtime.gateway.refusals import Refusals
from realtime.gateway.registry import GatewayFigures, Registry
from realtime.gateway.surroundings import Surroundings
from realtime.gateway.wheel import TimingWheel
from realtime.protocol.codes import Disconnect
from realtime.protocol.formats import HTTP_STREAM_JSON
from realtime.protocol.limits import Limits
from tests.support.clock import StillClock
from tests.unit.channels.scripted import ScriptedReads, Stage, a_stage, opening, turns

THREAD = "thread:1"
INBOX = "inbox:anna"
A_SUBSCRIBE = {"channel": THREAD}
Message = dict[str, Any]


class Verifier:
    """Takes any token for that of the account it names, unless it is told otherwise."""

    def __init__(self, clock: StillClock) -> None:
        self.lifetime = 300.0
        self.role = Role.ACCOUNT
        self.error: OrderwireError | None = None
        self.erased: set[str] = set()
        self.open = asyncio.Event()
        self.open.set()
        self._clock = clock

    async def verify(self, token: str, *, leeway: float = 60.0) -> Identity:
        """Believe it."""
        assert leeway >= 0
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return Identity(token, self.role, self._clock.now().timestamp() + self.lifetime)

    def check_living(self, identity: Identity) -> None:
        """Refuse whoever was erased meanwhile."""
        if identity.account_id in self.erased:
            raise AccountErased("the account was erased")


class Accounts:
    """Knows everybody."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    async def profile(self, account_id: str) -> Message:
        """Name them."""
        await self.open.wait()
        return {"id": account_id}


class Calls:
    """One method that says what it was told, and one that never answers."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Raw | OrderwireError], None]] = []

    def knows(self, method: str) -> bool:
        """Know two."""
        return method in ("echo", "hang")

    def send(
        self, _caller: Client, _data: Raw, done: Callable[[Raw | OrderwireError], None]
    ) -> None:
        """Keep whom to tell."""
        self.waiting.append(done)

    async def call(self, _caller: Client, method: str, data: Raw) -> Raw:
        """Echo, or hang."""
        if method == "hang":
            await asyncio.Event().wait()
        return data


class History:
    """An empty page of a channel."""

    async def history(self, channel: str, identity: Identity, **asked: Any) -> Changes:
        """Read it."""
        return Changes(Position(7, "e"))


class Transport:
    """What a client writes, and how it ends; ``unsent`` says how much of it has not left."""

    def __init__(self) -> None:
        self.write: Callable[[bytes], None] = self._write
        self.lines: list[Message] = []
        self.left_behind = 0
        self.ended: Disconnect | None = None

    def _write(self, data: bytes) -> None:
        assert self.ended is None, "written behind the end"
        self.lines += [json.loads(line) for line in data.splitlines()]

    def unsent(self) -> int:
        """Return what the test says."""
        return self.left_behind

    def end(self, disconnect: Disconnect) -> None:
        """Note the end."""
        self.ended = disconnect


class Connection:
    """A client, its transport and its next command."""

    def __init__(self, door: "Door") -> None:
        self.transport = Transport()
        self.client = Client(door.shared, self.transport, HTTP_STREAM_JSON, "127.0.0.1")
        self._last_id = 0

    async def say(self, **method: Any) -> int:
        """Send a command, let happen what needs no time, and return its id."""
        self._last_id += 1
        self.client.receive(json.dumps({"id": self._last_id, **method}).encode())
        await turns()
        return self._last_id

    def reply(self, command_id: int) -> Message | None:
        """Return the reply to a command, if there is one; never are there two."""
        found = [line for line in self.transport.lines if line.get("id") == command_id]
        assert len(found) < 2
        return found[0] if found else None

    def pushes(self, kind: str = "pub") -> list[Message]:
        """List the pushes of a kind."""
        told = (line["push"] for line in self.transport.lines if "push" in line)
        return [push for push in told if kind in push]

    def end_code(self) -> int:
        """Return the code of the end; 0 while there is none."""
        return self.transport.ended.code if self.transport.ended else 0


class Door:
    """What the clients share."""

    def __init__(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        clock = StillClock()
        self.stage = stage
        self.presence = LocalPresence()
        self.verifier = Verifier(clock)
        self.accounts = Accounts()
        self.calls = Calls()
        self.tasks: set[asyncio.Task[None]] = set()
        self.attendance = Attendance(
            node="n",
            presence=self.presence,
            hub=stage.hub,
            announce=stage.bus.announce,
            spawn=self._spawn,
        )
        self.shared = Surroundings(
            node="n",
            hub=stage.hub,
            attendance=self.attendance,
            gazes=Gazes(self.presence),
            history=History(),
            verifier=cast("Any", self.verifier),
            accounts=cast("Any", self.accounts),
            calls=cast("Any", self.calls),
            clock=clock,
            monotonic=loop.time,
            limits=Limits(),
            registry=Registry(20),
            admission=Admission(loop.time),
            refusals=Refusals(),
            wheel=TimingWheel(loop.time),
            figures=GatewayFigures(),
            spawn=self._spawn,
        )

    @property
    def reads(self) -> ScriptedReads:
        """The storage behind the hub."""
        return self.stage.reads

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def connection(self) -> Connection:
        """Open a connection that has said nothing yet."""
        return Connection(self)

    async def connected(self, account: str = "anna") -> Connection:
        """Open a connection, and connect."""
        connection = self.connection()
        await connection.say(connect={"token": account})
        assert connection.reply(1)
        return connection


@asynccontextmanager
async def a_door() -> AsyncIterator[Door]:
    """Open the door, and have nothing go on behind it in the end."""
    async with a_stage() as stage:
        door = Door(stage)
        turning = asyncio.create_task(door.shared.wheel.turn())
        yield door
        turning.cancel()
        for task in tuple(door.tasks):
            task.cancel()
        await turns()


async def subscribed(door: Door, connection: Connection, top: int = 7, **more: Any) -> None:
    """Have a connection listen to the thread."""
    await connection.say(subscribe={**A_SUBSCRIBE, **more})
    await (await door.reads.openings.only()).answer([opening(top)])
