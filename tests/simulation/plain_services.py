"""What a node's use cases do, on plain storage: messages, receipts, readings, tokens, profiles."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy.exc import IntegrityError

from domain.errors import Forbidden, NotFound, NotParticipant, OrderwireError, TokenInvalid
from domain.identity import Identity
from domain.publications import (
    Changes,
    Opening,
    OpenRequest,
    Position,
    rights_doorbell,
    thread_channel,
)
from realtime.clock import Clock
from realtime.services.messages import SendMessage, Sent
from storage.engine import Transaction
from tests.simulation.storage import (
    EPOCH,
    Entry,
    PlainStorage,
    Road,
    Shape,
    StagedTransaction,
    StorageDoor,
)

Found = TypeVar("Found")

TOKEN_LASTS = 600.0
HISTORY_MAX = 200


class PlainMessages:
    """Stores groups of messages: the second half of the commit queue."""

    def __init__(self, storage: PlainStorage) -> None:
        self._storage = storage

    async def prepare(self, commands: Sequence[SendMessage]) -> Sequence[SendMessage]:
        """Need nothing before."""
        return commands

    async def __call__(
        self, tx: Transaction, commands: Sequence[SendMessage], *, repeated: bool
    ) -> list[Sent | OrderwireError]:
        """Stage a group."""
        staged = cast("StagedTransaction", tx)
        fresh: dict[tuple[str, str, str], Entry] = {}
        added: dict[str, int] = {}
        return [
            self._stage(staged, command, fresh, added, repeated=repeated) for command in commands
        ]

    def _stage(
        self,
        tx: StagedTransaction,
        command: SendMessage,
        fresh: dict[tuple[str, str, str], Entry],
        added: dict[str, int],
        *,
        repeated: bool,
    ) -> Sent | OrderwireError:
        thread, sender, client_id = command.conversation_id, command.sender_id, command.client_id
        if sender not in self._storage.members.get(thread, ()):
            return NotParticipant("you have no part in this conversation")
        entry = fresh.get((thread, sender, client_id)) or self._sent_before(command, repeated)
        if entry is not None:
            return Sent(entry.seq, entry.shown(), created=False)
        if not self._storage.may_use(thread, sender):
            return Forbidden("you are shut out of this conversation")
        added[thread] = added.get(thread, 0) + 1
        seq = len(self._storage.threads[thread]) + added[thread]
        entry = fresh[thread, sender, client_id] = Entry(seq, sender, client_id, command.body)
        tx.steps.append(partial(self._storage.add, thread, sender, client_id, command.body))
        return Sent(seq, entry.shown(), created=True)

    def _sent_before(self, command: SendMessage, repeated: bool) -> Entry | None:
        for entry in self._storage.threads[command.conversation_id]:
            if (entry.sender, entry.client_id) == (command.sender_id, command.client_id):
                if not repeated:
                    raise IntegrityError("INSERT", {}, Exception("stored before"))
                return entry
        return None


class PlainConversations:
    """Moves receipts."""

    def __init__(self, storage: PlainStorage, door: StorageDoor) -> None:
        self._storage = storage
        self._door = door

    async def mark_read(self, identity: Identity, thread: str, seq: int) -> Shape:
        """Note what was read."""
        return await self._mark(identity, thread, seq, back=False)

    async def mark_unread(self, identity: Identity, thread: str, seq: int) -> Shape:
        """Note what is to be read again."""
        return await self._mark(identity, thread, seq, back=True)

    async def _mark(self, identity: Identity, thread: str, seq: int, *, back: bool) -> Shape:
        account = identity.account_id

        async def work(tx: Transaction) -> Shape:
            if account not in self._storage.members.get(thread, ()):
                raise NotParticipant("there is no such conversation")
            staged = cast("StagedTransaction", tx)
            staged.steps.append(partial(self._storage.read, thread, account, seq, back=back))
            return {}

        return await self._door.transaction(work)


class PlainReads:
    """What hubs read; ``most`` is how much is replayed."""

    def __init__(self, storage: PlainStorage, road: Road, most: int) -> None:
        self._storage = storage
        self._road = road
        self._most = most

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read openings at one moment."""
        return await self._read(lambda: [self._open(request) for request in requests])

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Read what is missing."""
        return await self._read(partial(self._since, channel, offset))

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Read where channels stand."""
        return await self._read(
            lambda: {
                channel: position
                for channel in channels
                if (position := self._storage.position(channel)) is not None
            }
        )

    async def history(self, channel: str, identity: Identity, **asked: Any) -> Changes:
        """Read a page, forwards."""

        def page() -> Changes:
            if not self._may(identity, channel):
                raise Forbidden("you may not listen here")
            after = asked["since"].offset if asked["since"] else 0
            found = self._storage.after(channel, after)[: min(asked["limit"], HISTORY_MAX)]
            return Changes(self._position(channel), tuple(found))

        return await self._read(page)

    async def _read(self, look: Callable[[], Found]) -> Found:
        await self._road.there()
        found = look()
        await self._road.back()
        return found

    def _position(self, channel: str) -> Position:
        position = self._storage.position(channel)
        if position is None:
            raise NotFound("there is no such channel")
        return position

    def _since(self, channel: str, offset: int) -> Changes:
        position = self._position(channel)
        found = self._storage.after(channel, offset)
        if len(found) > self._most:
            return Changes(position, complete=False)
        return Changes(position, tuple(found))

    def _open(self, request: OpenRequest) -> Opening | OrderwireError:
        if not self._may(request.identity, request.channel):
            return Forbidden("you may not listen here")
        position = self._position(request.channel)
        since = request.since
        if since is None or since.epoch not in ("", EPOCH) or since.offset > position.offset:
            return Opening(Changes(position), recovered=False)
        changes = self._since(request.channel, since.offset)
        return Opening(changes, recovered=changes.complete)

    def _may(self, identity: Identity, channel: str) -> bool:
        kind, _, subject = channel.partition(":")
        if kind == "inbox":
            return subject == identity.account_id
        return self._storage.may_use(subject, identity.account_id)


class PlainBlocks:
    """Shuts people out of threads, and lets them in again."""

    def __init__(self, storage: PlainStorage, door: StorageDoor) -> None:
        self._storage = storage
        self._door = door

    async def change(self, thread: str, account: str, *, shut: bool) -> None:
        """Change it, and have every node told."""

        async def work(tx: Transaction) -> None:
            staged = cast("StagedTransaction", tx)
            staged.steps.append(partial(self._storage.shut, thread, account, shut=shut))
            staged.doorbells.add(rights_doorbell(thread_channel(thread)))

        await self._door.transaction(work)


class PlainTokens:
    """A token is the name of its account."""

    def __init__(self, clock: Clock, accounts: frozenset[str]) -> None:
        self._clock = clock
        self._accounts = accounts

    async def verify(self, token: str, *, leeway: float = 60.0) -> Identity:
        """Believe it, if there is such an account."""
        if token not in self._accounts or leeway < 0:
            raise TokenInvalid("nobody")
        expires_at = self._clock.now().timestamp() + TOKEN_LASTS
        return Identity(token, expires_at=expires_at)

    def check_living(self, identity: Identity) -> None:
        """Nobody is erased here."""


class PlainAccounts:
    """Shows accounts by their ids."""

    def __init__(self, road: Road) -> None:
        self._road = road

    async def profile(self, account_id: str) -> Shape:
        """Show one."""
        await self._road.there()
        return {"id": account_id}
