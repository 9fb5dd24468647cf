"""Group commit: one commit for all that waits, and whatever goes wrong concerns its own alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from domain.errors import Invalid, OrderwireError, Unavailable
from realtime.services.commit_queue import Again, CommitFigures, CommitQueue
from storage.engine import Database, Transaction
from tests.support.eventually import eventually

Outcome = str | OrderwireError


class Shelf:
    """A store that keeps words, and fails as the words say."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.calls: list[tuple[int, bool]] = []
        self.stale = 0
        self.out_of_reach = False
        self.hold: asyncio.Event | None = None

    async def prepare(self, commands: Sequence[str]) -> Sequence[str]:
        """Take them without what surrounds them."""
        return [word.strip() for word in commands]

    async def __call__(
        self, tx: Transaction, commands: Sequence[str], *, repeated: bool
    ) -> list[Outcome]:
        """Store a group of words."""
        self.calls.append((len(commands), repeated))
        if self.hold is not None:
            await self.hold.wait()
        if self.out_of_reach:
            raise Unavailable("the database does not answer; try again")
        if self.stale:
            self.stale -= 1
            raise Again
        if "poison" in commands:
            raise RuntimeError("a bug that one command runs into")
        if "double" in commands and not repeated:
            raise IntegrityError("INSERT", {}, Exception("stored before"))
        self.groups.append(list(commands))
        return [Invalid.field("word", "is bad") if word == "bad" else word for word in commands]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def queue(database: Database, shelf: Shelf) -> CommitQueue[str, str]:
    return CommitQueue(database=database, store=shelf, figures=CommitFigures())


async def submitted(queue: CommitQueue[str, str], *words: str) -> list[Outcome]:
    """Submit words in one turn of the loop, and return what became of each."""
    outcomes: dict[int, Outcome] = {}
    for index, word in enumerate(words):
        queue.submit(word, partial(outcomes.__setitem__, index))
    await queue.settle()
    return [outcomes[index] for index in range(len(words))]


async def test_what_waits_is_one_group(queue: CommitQueue[str, str], shelf: Shelf) -> None:
    assert await submitted(queue, "a", "b", "c") == ["a", "b", "c"]
    assert shelf.groups == [["a", "b", "c"]]


async def test_what_comes_during_a_commit_is_the_next_group(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    shelf.hold = asyncio.Event()
    outcomes: list[Outcome] = []
    queue.submit("a", outcomes.append)
    await eventually(lambda: shelf.calls == [(1, False)])
    queue.submit("b", outcomes.append)
    queue.submit("c", outcomes.append)

    shelf.hold.set()
    await queue.settle()

    assert shelf.groups == [["a"], ["b", "c"]]
    assert outcomes == ["a", "b", "c"]


async def test_what_needs_no_transaction_is_done_before_there_is_one(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    assert await submitted(queue, " a ", "b") == ["a", "b"]
    assert shelf.groups == [["a", "b"]]


async def test_a_group_has_a_bound(queue: CommitQueue[str, str], shelf: Shelf) -> None:
    words = [str(number) for number in range(1_001)]

    assert await submitted(queue, *words) == words
    assert [len(group) for group in shelf.groups] == [500, 500, 1]


async def test_a_refusal_is_an_outcome_like_any_other(queue: CommitQueue[str, str]) -> None:
    outcomes = await submitted(queue, "a", "bad", "c")

    assert (outcomes[0], outcomes[2]) == ("a", "c")
    assert isinstance(outcomes[1], Invalid)


async def test_something_stored_before_is_looked_for_once(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    assert await submitted(queue, "a", "double", "c") == ["a", "double", "c"]
    assert shelf.calls == [(3, False), (3, True)]


async def test_what_cannot_be_stored_fails_alone(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    words = ["poison" if number in (3, 40) else str(number) for number in range(64)]

    outcomes = await submitted(queue, *words)

    failed = [index for index, outcome in enumerate(outcomes) if outcome != words[index]]
    assert failed == [3, 40]
    assert all(isinstance(outcomes[index], OrderwireError) for index in failed)
    kept = [word for group in shelf.groups for word in group]
    assert kept == [word for word in words if word != "poison"], "the others keep their order"


async def test_a_store_that_was_out_of_date_is_called_again(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    shelf.stale = 3

    assert await submitted(queue, "a", "b") == ["a", "b"]


async def test_it_is_not_called_for_ever(queue: CommitQueue[str, str], shelf: Shelf) -> None:
    shelf.stale = 1_000

    outcomes = await submitted(queue, "a", "b")

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    assert len(shelf.calls) < 10


async def test_while_the_database_is_away_each_is_told_to_come_again(
    queue: CommitQueue[str, str], shelf: Shelf
) -> None:
    shelf.out_of_reach = True
    away = await submitted(queue, "a", "b")
    shelf.out_of_reach = False
    back = await submitted(queue, "c")

    assert [type(outcome) for outcome in away] == [Unavailable, Unavailable]
    assert shelf.calls[0] == (2, False)
    assert len(shelf.calls) == 2, "and is not asked for each of them"
    assert back == ["c"]


async def test_what_waits_has_a_bound(database: Database, shelf: Shelf) -> None:
    queue: CommitQueue[str, str] = CommitQueue(
        database=database, store=shelf, figures=CommitFigures(), max_waiting=2
    )

    outcomes = await submitted(queue, "a", "b", "c")

    assert outcomes[:2] == ["a", "b"]
    assert isinstance(outcomes[2], Unavailable)


async def test_one_that_cannot_be_told_does_not_keep_it_from_the_others(
    queue: CommitQueue[str, str],
) -> None:
    outcomes: list[Outcome] = []

    def broken(_outcome: Outcome) -> None:
        raise RuntimeError("its connection is gone")

    queue.submit("a", broken)
    queue.submit("b", outcomes.append)
    await queue.settle()

    assert outcomes == ["b"]
