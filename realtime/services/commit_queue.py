"""Group commit: whatever waits is stored in one transaction, and each command is answered.

One group is being committed while the next one gathers, so all who write at the same time share
the cost of a commit. A command that cannot be stored fails alone, not its group.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from domain.errors import OrderwireError, Unavailable
from storage.engine import Database, Transaction

MAX_GROUP = 500
log = structlog.get_logger(__name__)

Command = TypeVar("Command")
CommandIn = TypeVar("CommandIn", contravariant=True)
Result = TypeVar("Result")
ResultOut = TypeVar("ResultOut", covariant=True)


class Store(Protocol[CommandIn, ResultOut]):
    """Stores a group in the transaction it is given; one outcome for each command, in order.

    It may raise IntegrityError when something was stored before; it is then called again with
    ``repeated=True``, and looks before it stores.
    """

    def __call__(
        self, tx: Transaction, commands: Sequence[CommandIn], *, repeated: bool
    ) -> Awaitable[Sequence[ResultOut | OrderwireError]]: ...


class CommitQueue(Generic[Command, Result]):
    """Commands in, one commit a group, outcomes out."""

    def __init__(self, *, database: Database, store: Store[Command, Result]) -> None:
        self._database = database
        self._store = store
        self._waiting: deque[tuple[Command, Callable[[Result | OrderwireError], None]]] = deque()
        self._committing: asyncio.Task[None] | None = None

    def submit(self, command: Command, done: Callable[[Result | OrderwireError], None]) -> None:
        """Store ``command`` with the next group; ``done`` is called after the commit."""
        self._waiting.append((command, done))
        if self._committing is None:
            self._committing = asyncio.get_running_loop().create_task(self._commit_groups())

    async def settle(self) -> None:
        """Wait until everything submitted so far is committed and answered."""
        while self._committing is not None:
            await asyncio.shield(self._committing)

    async def _commit_groups(self) -> None:
        try:
            while self._waiting:
                size = min(MAX_GROUP, len(self._waiting))
                group = [self._waiting.popleft() for _ in range(size)]
                outcomes = await self._commit([command for command, _ in group])
                for (_, done), outcome in zip(group, outcomes, strict=True):
                    done(outcome)
        finally:
            self._committing = None

    async def _commit(self, commands: Sequence[Command]) -> Sequence[Result | OrderwireError]:
        try:
            return await self._transaction(commands, repeated=False)
        except IntegrityError:
            # Rare: something in the group was stored before. Look first, then store the rest.
            return await self._commit_carefully(commands)
        except (SQLAlchemyError, OSError) as error:
            return _failed(commands, error)

    async def _commit_carefully(
        self, commands: Sequence[Command]
    ) -> Sequence[Result | OrderwireError]:
        try:
            return await self._transaction(commands, repeated=True)
        except DBAPIError as error:
            if len(commands) == 1:
                return _failed(commands, error)
            return [(await self._commit_carefully([command]))[0] for command in commands]
        except (SQLAlchemyError, OSError) as error:
            return _failed(commands, error)

    async def _transaction(
        self, commands: Sequence[Command], *, repeated: bool
    ) -> Sequence[Result | OrderwireError]:
        return await self._database.transaction(
            lambda tx: self._store(tx, commands, repeated=repeated)
        )


def _failed(commands: Sequence[Command], error: Exception) -> Sequence[OrderwireError]:
    log.error("group_not_stored", count=len(commands), error=type(error).__name__)
    return [Unavailable("it could not be stored; send it again")] * len(commands)
