"""A plain database of threads and inboxes: what the guarantees are checked against.

A node reaches it through ``StorageDoor``: whatever may happen on the way there and back does.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from domain.errors import Unavailable
from domain.publications import Position, Publication, inbox_channel, thread_channel
from storage.engine import Herald, Silence, Transaction
from tests.simulation.chances import Chances
from tests.simulation.rights import Rights

T = TypeVar("T")
EPOCH = "e"
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as it is stored."""

    seq: int
    sender: str
    client_id: str
    body: str

    def shown(self) -> bytes:
        """Write it as its thread publishes it."""
        return json.dumps(
            {
                "type": "message",
                "seq": self.seq,
                "sender": self.sender,
                "client_id": self.client_id,
                "body": self.body,
            }
        ).encode()


@dataclass(slots=True)
class Item:
    """One account's view of one thread."""

    last_seq: int = 0
    read_seq: int = 0
    unread: int = 0


@dataclass(slots=True)
class Inbox:
    """What one account was told of: each position is about one thing."""

    # Where what it was about is not known any more, there is nothing.
    things: list[str] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)

    def latest(self) -> dict[str, int]:
        """Return the last position of each thing."""
        return {thing: position for position, thing in enumerate(self.things, 1) if thing}

    def state(self, thing: str) -> Shape:
        """Show a thing as it is."""
        if thing == BADGE:
            unread = sum(item.unread > 0 for item in self.items.values())
            return {"type": "badge", "unread_conversations": unread}
        item = self.items[thing]
        shown = {"id": thing, "last_seq": item.last_seq, "read_seq": item.read_seq}
        return {"type": "conversation", "conversation": shown | {"unread": item.unread}}


BADGE = "badge"


class PlainStorage:
    """Everything that was committed."""

    def __init__(self, members: dict[str, tuple[str, ...]], rights: Rights) -> None:
        self.members = members
        self.rights = rights
        self.threads: dict[str, list[Entry]] = {thread: [] for thread in members}
        self.inboxes: dict[str, Inbox] = {}
        for thread, accounts in members.items():
            for account in accounts:
                self.inboxes.setdefault(account, Inbox()).items[thread] = Item()

    def add_account(self, account: str) -> None:
        """Add somebody who is in no thread."""
        self.inboxes[account] = Inbox()

    def top(self, channel: str) -> int | None:
        """Return where a channel stands; None where there is no such channel."""
        kind, _, subject = channel.partition(":")
        if kind == "thread" and subject in self.threads:
            return len(self.threads[subject])
        if kind == "inbox" and subject in self.inboxes:
            return len(self.inboxes[subject].things)
        return None

    def position(self, channel: str) -> Position | None:
        """Return where a channel stands, and how often it has changed who may listen."""
        top = self.top(channel)
        if top is None:
            return None
        return Position(top, EPOCH, self.rights.changes(channel.partition(":")[2]))

    def may_use(self, thread: str, account: str) -> bool:
        """Tell whether somebody is in a thread, and not shut out of it."""
        is_in = account in self.members.get(thread, ())
        return is_in and not self.rights.is_shut(thread, account)

    def shut(self, thread: str, account: str, *, shut: bool) -> list[Publication]:
        """Shut somebody out, or let them in again; it publishes nothing."""
        self.rights.change(thread, account, shut=shut)
        return []

    def after(self, channel: str, offset: int) -> list[Publication]:
        """Return what a channel carried after an offset."""
        kind, _, subject = channel.partition(":")
        if kind == "thread":
            return [
                Publication(channel, entry.shown(), entry.seq)
                for entry in self.threads[subject][offset:]
            ]
        inbox = self.inboxes[subject]
        return [
            Publication(channel, json.dumps(inbox.state(thing)).encode(), position)
            for thing, position in sorted(inbox.latest().items(), key=lambda each: each[1])
            if position > offset
        ]

    def add(self, thread: str, sender: str, client_id: str, body: str) -> list[Publication]:
        """Store a message; return what is to be published of it."""
        entry = Entry(len(self.threads[thread]) + 1, sender, client_id, body)
        self.threads[thread].append(entry)
        news = [Publication(thread_channel(thread), entry.shown(), entry.seq)]
        for account in self.members[thread]:
            item = self.inboxes[account].items[thread]
            item.last_seq = entry.seq
            item.unread += account != sender
            is_first = account != sender and item.unread == 1
            news += self._told(account, thread, is_first)
        return news

    def read(self, thread: str, account: str, seq: int, *, back: bool) -> list[Publication]:
        """Move a receipt, one way alone; return what is to be published of it."""
        item = self.inboxes[account].items[thread]
        read_seq = min(item.read_seq, max(seq - 1, 0)) if back else max(item.read_seq, seq)
        receipt = {"type": "receipt", "account": account, "read_seq": read_seq}
        news = [Publication(thread_channel(thread), json.dumps(receipt).encode())]
        if read_seq != item.read_seq:
            before = item.unread
            item.read_seq = read_seq
            item.unread = self.unread(thread, account, read_seq)
            news += self._told(account, thread, bool(before) != bool(item.unread))
        return news

    def unread(self, thread: str, account: str, read_seq: int) -> int:
        """Count the messages of others behind ``read_seq``."""
        return sum(entry.sender != account for entry in self.threads[thread][read_seq:])

    def _told(self, account: str, thread: str, counts_move: bool) -> list[Publication]:
        inbox = self.inboxes[account]
        news = []
        for thing in (thread, BADGE) if counts_move else (thread,):
            inbox.things.append(thing)
            data = json.dumps(inbox.state(thing)).encode()
            news.append(Publication(inbox_channel(account), data, len(inbox.things)))
        return news


class Road(Protocol):
    """What lies between a node and storage."""

    async def there(self) -> None:
        """Go there; raises Unavailable when one does not arrive."""
        ...

    async def back(self) -> None:
        """Come back with an answer to a reading."""
        ...

    async def acknowledged(self) -> None:
        """Come back with the answer to a commit; Unavailable where it is lost on the way."""
        ...


class StorageDoor:
    """One node's door to the plain database; it stands in for ``storage.engine.Database``."""

    # As PostgreSQL.
    writers = 2

    def __init__(self, storage: PlainStorage, road: Road, writing: asyncio.Lock) -> None:
        self._storage = storage
        self._road = road
        self._writing = writing
        self._herald: Herald = Silence()

    def announce_to(self, herald: Herald) -> None:
        """Say where news go."""
        self._herald = herald

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run ``work``, whose changes are made by the steps that it stages, then announce."""
        await self._road.there()
        async with self._writing:
            tx = StagedTransaction()
            result = await work(cast("Transaction", tx))
            await self._road.there()
            news = [each for step in tx.steps for each in step()]
        await self._road.acknowledged()
        if news or tx.doorbells:
            await self._herald.announce(news, tx.doorbells)
        return result


class StagedTransaction:
    """Changes that are made on the commit, all or none."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], list[Publication]]] = []
        self.doorbells: set[str] = set()


@dataclass(slots=True)
class Weather:
    """What is up with storage, for all nodes."""

    chances: Chances
    stalled: bool = False
    is_down: bool = False
    passed: asyncio.Event = field(default_factory=asyncio.Event)
    healed: asyncio.Event = field(default_factory=asyncio.Event)

    def stall(self) -> None:
        """Let nobody through."""
        self.stalled = True
        self.passed.clear()

    def clear(self) -> None:
        """Let everybody through."""
        self.stalled = self.is_down = False
        self.passed.set()

    def heal(self) -> None:
        """Be good for ever."""
        self.chances.calm()
        self.clear()
        self.healed.set()

    async def hang(self, seconds: float) -> None:
        """Take a while, but not longer than all that is wrong does."""
        try:
            async with asyncio.timeout(seconds):
                await self.healed.wait()
        except TimeoutError:
            return

    async def let_through(self) -> None:
        """Wait until it may go on; Unavailable while storage is down."""
        while self.stalled:
            await self.passed.wait()
        if self.is_down:
            raise Unavailable("the database does not answer")
