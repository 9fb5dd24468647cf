"""While the database hangs, senders are answered in time; what they sent may still be stored."""

import asyncio
from collections.abc import Sequence

from domain.errors import OrderwireError, Unavailable
from realtime.services.commit_queue import CommitFigures, CommitQueue
from storage.engine import Database, Transaction
from tests.support.eventually import eventually


class Hanging:
    """A store that waits to be let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self.stored: list[str] = []

    async def prepare(self, commands: Sequence[str]) -> Sequence[str]:
        """Take them as they are."""
        return commands

    async def __call__(
        self, tx: Transaction, commands: Sequence[str], *, repeated: bool
    ) -> Sequence[str | OrderwireError]:
        """Store when it may."""
        self.begun.set()
        await self.go.wait()
        self.stored.extend(commands)
        return commands


async def test_a_late_command_is_answered_and_stored_all_the_same(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    store, figures = Hanging(), CommitFigures()
    queue = CommitQueue[str, str](
        database=database, store=store, figures=figures, answer_within=0.01
    )
    answers: asyncio.Queue[str | OrderwireError] = asyncio.Queue()
    queue.submit("one", answers.put_nowait)
    queue.submit("two", answers.put_nowait)
    assert isinstance(await answers.get(), Unavailable)
    assert isinstance(await answers.get(), Unavailable)
    await queue.settle()  # nobody waits for an answer any more
    store.go.set()
    await eventually(lambda: figures.groups == 1)  # committed
    assert store.stored == ["one", "two"]
    assert answers.empty()
    await database.close()


async def test_settling_does_not_wait_for_what_comes_later(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    store = Hanging()
    queue = CommitQueue[str, str](
        database=database, store=store, figures=CommitFigures(), answer_within=60
    )
    queue.submit("one", lambda _outcome: queue.submit("next", lambda _outcome: None))
    await store.begun.wait()
    settled = asyncio.create_task(queue.settle())
    store.go.set()
    await settled
    await queue.settle()
    assert store.stored == ["one", "next"]
    await database.close()
