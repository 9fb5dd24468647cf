"""The real storage under a world: SQLite, run in the loop, behind a rough road."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

from sqlalchemy import make_url

from domain.contact_details import DetailMode
from domain.errors import Unavailable
from domain.identity import Identity
from domain.publications import REPLAY_MAX_PUBLICATIONS
from domain.timers import Periods
from realtime.delivery.message_planner import MessagePlanner
from realtime.services.accounts import Accounts
from realtime.services.auditing import Audit
from realtime.services.blocks import Blocks
from realtime.services.channel_reads import ChannelReads
from realtime.services.contact_details import ContactDetails
from realtime.services.conversations import Conversations
from realtime.services.message_store import MessageStore
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.webhook_events import WebhookEvents
from storage.engine import Database, sqlite_engine
from storage.sqlite_connection import ReadingConnection, WritingConnection
from tests.simulation.grounds import EVERYBODY, thread_members
from tests.simulation.nodes import Backend, SimulatedClock
from tests.simulation.plain_services import PlainTokens
from tests.simulation.rights import Rights
from tests.simulation.roads import RoughRoad
from tests.simulation.storage import BADGE, Entry, Inbox, Item, PlainStorage, Road, Weather
from tests.simulation.template import template

T = TypeVar("T")

A_DAY = timedelta(days=1)
PERIODS = Periods(
    review=A_DAY,
    request=A_DAY,
    very_late=A_DAY,
    nudge=A_DAY,
    due_soon=A_DAY,
    requirements_reminder=A_DAY,
)


def _broken(error: Unavailable) -> sqlite3.OperationalError:
    broken = sqlite3.OperationalError(error.detail)
    broken.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return broken


class RoughWriter(WritingConnection):
    """Writes at the other end of ``road``."""

    road: ClassVar[Road]

    async def run(self, statement: str, step: Callable[[], T]) -> T:
        """Go there to begin."""
        if statement == self.begin:
            try:
                await self.road.there()
            except Unavailable as error:
                raise _broken(error) from error
        return await super().run(statement, step)

    async def commit(self) -> None:
        """Commit there, and come back with the answer."""
        try:
            await self.road.there()
            await super().commit()
            await self.road.acknowledged()
        except Unavailable as error:
            raise _broken(error) from error


class RoughReader(ReadingConnection):
    """Reads at the other end of ``road``."""

    road: ClassVar[Road]

    async def run(self, statement: str, step: Callable[[], T]) -> T:
        """Go there to begin, and come back with each answer."""
        try:
            if statement == self.begin:
                await self.road.there()
                return await super().run(statement, step)
            found = await super().run(statement, step)
            await self.road.back()
        except Unavailable as error:
            raise _broken(error) from error
        return found


class RealBlocks:
    """Who shuts out of a direct conversation is the other one in it."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    async def change(self, thread: str, account: str, *, shut: bool) -> None:
        """Block somebody, or do it no longer."""
        ((one, other),) = [who for each, *who in thread_members() if each == thread]
        blocker = Identity(one if account == other else other)
        if shut:
            await self._blocks.block(blocker, account)
        else:
            await self._blocks.unblock(blocker, account)


class LooseRights(Rights):
    """When exactly rights changed is not known here: once they may have, much may be."""

    def __init__(self, is_blocked: Callable[[str, str], bool]) -> None:
        super().__init__(lambda: 0.0)
        self._is_blocked = is_blocked
        self._tried: set[str] = set()

    def tried(self, thread: str) -> None:
        """Note that somebody was to be shut out."""
        self._tried.add(thread)

    def is_shut(self, thread: str, account: str) -> bool:
        """Tell whether somebody is shut out now."""
        return self._is_blocked(thread, account)

    def was_shut(self, thread: str, _account: str, _since: float) -> bool:
        """Tell whether it may be so."""
        return thread in self._tried

    def was_always_shut(self, _thread: str, _account: str, _since: float) -> bool:
        """Never sure."""
        return False


class EmbeddedGround:
    """A file of its own for each world."""

    most = REPLAY_MAX_PUBLICATIONS

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, random: Random, weather: Weather
    ) -> None:
        self.rights: Rights = LooseRights(self._is_blocked)
        self._loop = loop
        self._random = random
        self._weather = weather
        self._ids = count(1)
        self._folder = TemporaryDirectory(prefix="orderwire-")
        self._path = Path(self._folder.name) / "world.db"
        shutil.copy(template(), self._path)
        self._look = sqlite3.connect(self._path)

    @classmethod
    def prepare(cls) -> None:
        """Make what is needed once, before there is a loop."""
        template()

    def backend(self, *, crash: Callable[[str], None], clock: SimulatedClock) -> Backend:
        """Make a node's."""
        road = RoughRoad(random=self._random, weather=self._weather, crash=crash)
        database = _database(self._path, road)
        people = People(self._loop.time)
        audit = Audit(database=database, clock=clock, new_id=self._new_id)
        planner = MessagePlanner(clock=clock, new_id=self._new_id)
        conversations = Conversations(
            database=database,
            people=people,
            planner=planner,
            audit=audit,
            clock=clock,
            new_id=self._new_id,
            new_epoch=self._new_id,
        )
        blocks = Blocks(database=database, people=people, conversations=conversations, clock=clock)
        return Backend(
            database=database,
            store=MessageStore(
                people=people,
                planner=planner,
                webhooks=WebhookEvents(
                    database=database,
                    clock=clock,
                    new_id=self._new_id,
                    lifetime=timedelta(hours=72),
                ),
                details=ContactDetails(database=database, mode=DetailMode.WARN),
                clock=clock,
                new_id=self._new_id,
            ),
            reads=ChannelReads(
                database=database,
                people=people,
                order_views=OrderViews(clock=clock, periods=PERIODS),
                audit=audit,
                clock=clock,
            ),
            accounts=Accounts(
                database=database,
                people=people,
                clock=clock,
                new_id=self._new_id,
                new_epoch=self._new_id,
            ),
            conversations=conversations,
            blocks=RealBlocks(blocks),
            verifier=PlainTokens(clock, EVERYBODY),
        )

    def top(self, channel: str) -> int | None:
        """Return where a channel stands."""
        kind, _, subject = channel.partition(":")
        question = {
            "thread": "SELECT last_seq FROM conversations WHERE id = ?",
            "inbox": "SELECT position FROM inboxes WHERE account_id = ?",
        }[kind]
        found = self._rows(question, subject)
        return found[0][0] if found else None

    def truth(self) -> PlainStorage:
        """Read what is stored."""
        truth = PlainStorage(
            {each: (one, other) for each, one, other in thread_members()}, self.rights
        )
        for thread in truth.threads:
            rows = self._rows(
                "SELECT seq, sender, client_id, body FROM entries WHERE conversation_id = ?"
                " ORDER BY seq",
                thread,
            )
            truth.threads[thread] = [Entry(*row) for row in rows]
        for account in EVERYBODY:
            truth.inboxes[account] = self._inbox(account)
        return truth

    def close(self) -> None:
        """Remove the file."""
        self._look.close()
        self._folder.cleanup()

    def _inbox(self, account: str) -> Inbox:
        """Read an inbox; of a thing that changed again the earlier positions are not kept."""
        inbox = Inbox(things=[""] * (self.top(f"inbox:{account}") or 0))
        for kind, subject, position in self._rows(
            "SELECT kind, subject, position FROM inbox_changes WHERE account_id = ?", account
        ):
            inbox.things[position - 1] = BADGE if kind == BADGE else subject
        for thread, *counts in self._rows(
            "SELECT conversation_id, last_seq, read_seq, unread FROM inbox_items"
            " WHERE account_id = ?",
            account,
        ):
            inbox.items[thread] = Item(*counts)
        return inbox

    def _is_blocked(self, thread: str, account: str) -> bool:
        others = [
            {one, other} - {account} for each, one, other in thread_members() if each == thread
        ]
        question = "SELECT 1 FROM blocks WHERE account_id = ? AND other_id = ?"
        return any(self._rows(question, *other, account) for other in others)

    def _rows(self, question: str, *about: str) -> list[Any]:
        return self._look.execute(question, about).fetchall()

    def _new_id(self) -> str:
        return f"id-{next(self._ids)}"


def _database(path: Path, road: Road) -> Database:
    url = make_url(f"sqlite+aiosqlite:///{path}")
    writer = type("Writer", (RoughWriter,), {"road": road})
    reader = type("Reader", (RoughReader,), {"road": road})
    return Database(
        writer=sqlite_engine(url, writer),
        reader=sqlite_engine(url, reader, pool_size=10),
        gate=asyncio.Semaphore(1),
    )
