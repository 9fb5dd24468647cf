"""Group commit: whatever waits is stored in one transaction, and each command is answered.

One group is being committed while the next one gathers, so all who write at the same time share
the cost of a commit. A command that cannot be stored fails alone, not its group.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import IntegrityError

from domain.errors import OrderwireError, Unavailable
from storage.engine import Database, Transaction

MAX_GROUP = 500
MAX_WAITING = 20_000
MAX_TRIES = 5
# An SDK gives up after 5 s; whoever was told before then sends again, which is harmless.
ANSWER_WITHIN = 4.0

log = structlog.get_logger(__name__)

Command = TypeVar("Command")
Result = TypeVar("Result")
ResultOut = TypeVar("ResultOut", covariant=True)


class Again(Exception):
    """What the store remembered was out of date; it has forgotten it, and is to be called again."""


class Store(Protocol[Command, ResultOut]):
    """Stores a group in the transaction it is given; one outcome for each command, in order.

    It may raise IntegrityError when something was stored before; it is then called again with
    ``repeated=True``, and looks before it stores. It may raise Again.
    """

    def prepare(self, commands: Sequence[Command]) -> Awaitable[Sequence[Command]]:
        """Do what needs no transaction before there is one; return what is to be stored."""
        ...

    def __call__(
        self, tx: Transaction, commands: Sequence[Command], *, repeated: bool
    ) -> Awaitable[Sequence[ResultOut | OrderwireError]]: ...


@dataclass(slots=True)
class CommitFigures:
    """What the queue counts; read by the metrics."""

    groups: int = 0
    commands: int = 0


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Command, Result]):
    """A command until it is answered; ``since`` is the loop's time in seconds."""

    command: Command
    done: Callable[[Result | OrderwireError], None]
    since: float
    answered: bool = False

    def tell(self, outcome: Result | OrderwireError) -> None:
        """Answer, unless that was done."""
        if self.answered:
            return
        self.answered = True
        try:
            self.done(outcome)
        except Exception as error:  # it is stored, and all others want to know the same
            log.error("outcome_not_told", exc_info=error)


class CommitQueue(Generic[Command, Result]):
    """Commands in, one commit a group, outcomes out.

    While the database hangs, a command is answered in time with Unavailable; it may be stored all
    the same, later.
    """

    def __init__(
        self,
        *,
        database: Database,
        store: Store[Command, Result],
        figures: CommitFigures,
        max_waiting: int = MAX_WAITING,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._figures = figures
        self._database = database
        self._store = store
        self._prepare = store.prepare
        self._max_waiting = max_waiting
        self._answer_within = answer_within
        self._waiting: deque[_Waiting[Command, Result]] = deque()
        # All that were not answered when it was last looked, the oldest first.
        self._unanswered: deque[_Waiting[Command, Result]] = deque()
        self._watching: asyncio.TimerHandle | None = None
        self._committing: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()

    def submit(self, command: Command, done: Callable[[Result | OrderwireError], None]) -> None:
        """Store ``command`` with the next group; ``done`` is called after the commit.

        It is called at once, with Unavailable, when more waits than can be stored in time.
        """
        if len(self._waiting) >= self._max_waiting:
            done(Unavailable("too much waits to be stored; send it again"))
            return
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Command, Result] = _Waiting(command, done, loop.time())
        self._waiting.append(waiting)
        self._unanswered.append(waiting)
        if self._committing is None:
            self._committing = loop.create_task(self._commit_groups())
        if self._watching is None:
            self._watching = loop.call_later(self._answer_within, self._answer_the_late)

    def __len__(self) -> int:
        """Return how many commands wait for the next group."""
        return len(self._waiting)

    async def settle(self) -> None:
        """Wait until everything submitted so far is answered; what comes later may still wait."""
        last = self._unanswered[-1] if self._unanswered else None
        while last is not None and not last.answered:
            await self._answered.wait()

    async def _commit_groups(self) -> None:
        try:
            while self._waiting:
                size = min(MAX_GROUP, len(self._waiting))
                group = [self._waiting.popleft() for _ in range(size)]
                outcomes = await self._commit([each.command for each in group])
                self._figures.groups += 1
                self._figures.commands += size
                for each, outcome in zip(group, outcomes, strict=True):
                    each.tell(outcome)
                self._forget_answered()
        finally:
            self._committing = None

    def _forget_answered(self) -> None:
        """Tell whoever waits that there are answers."""
        while self._unanswered and self._unanswered[0].answered:
            self._unanswered.popleft()
        answered, self._answered = self._answered, asyncio.Event()
        answered.set()

    def _answer_the_late(self) -> None:
        """Answer those who have waited for too long, and look again when the next one has."""
        loop = asyncio.get_running_loop()
        too_old = loop.time() - self._answer_within
        while self._unanswered and self._unanswered[0].since <= too_old:
            self._unanswered.popleft().tell(Unavailable("it takes too long; send it again"))
        self._watching = None
        if self._unanswered:
            due = self._unanswered[0].since + self._answer_within
            self._watching = loop.call_at(due, self._answer_the_late)
        self._forget_answered()

    async def _commit(self, commands: Sequence[Command]) -> Sequence[Result | OrderwireError]:
        """Store a group; what cannot be stored is found by halves, and fails alone."""
        try:
            return await self._attempt(commands)
        except Unavailable as error:
            log.error("group_not_stored", count=len(commands), error=error.detail)
            return [error] * len(commands)
        except Exception as error:  # the outermost loop of this task: whatever it is, all go on
            if len(commands) == 1:
                log.error("command_not_stored", exc_info=error)
                return [OrderwireError("it could not be stored")]
        half = len(commands) // 2
        return [*await self._commit(commands[:half]), *await self._commit(commands[half:])]

    async def _attempt(self, commands: Sequence[Command]) -> Sequence[Result | OrderwireError]:
        """Store a group in one transaction, tried again where the store has to look closer."""
        commands = await self._prepare(commands)
        repeated = False
        for _ in range(MAX_TRIES):
            try:
                return await self._transaction(commands, repeated=repeated)
            except Again:
                continue
            except IntegrityError:
                if repeated:
                    raise
                # Rare: something in the group was stored before. Look first, then store the rest.
                repeated = True
        raise Unavailable("what it depends on keeps changing; send it again")

    async def _transaction(
        self, commands: Sequence[Command], *, repeated: bool
    ) -> Sequence[Result | OrderwireError]:
        return await self._database.transaction(
            lambda tx: self._store(tx, commands, repeated=repeated)
        )
