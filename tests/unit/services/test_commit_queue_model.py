"""Whatever the database does, each command is answered once, in time, and with the truth."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy.exc import IntegrityError

from domain.errors import Invalid, OrderwireError, Unavailable
from realtime.services.commit_queue import Again, CommitFigures, CommitQueue
from storage.engine import Transaction
from tests.simulation.loop import SimulatedLoop

WITHIN = 4.0
A_TURN = 1e-3
# How the next transactions go: well, not at all, or well and nobody hears of it.
WELL, FAILS, UNHEARD, STALE = "well", "fails", "unheard", "stale"

Outcome = int | OrderwireError


class Shelf:
    """Keeps words, each once, in a row; stands for the database and for the store."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.ways: list[str] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self._staged: list[str] = []

    async def transaction(self, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        """Keep all that ``work`` stages, or nothing."""
        way = self.ways.pop(0) if self.ways else WELL
        await self.goes_on.wait()
        if way == FAILS:
            raise Unavailable("the database does not answer")
        if way == STALE:
            raise Again
        self._staged = []
        outcomes = await work(cast("Transaction", None))
        self.kept += self._staged
        if way == UNHEARD:
            raise Unavailable("it was committed, but nobody hears of it")
        return outcomes

    async def prepare(self, commands: Sequence[str]) -> Sequence[str]:
        """Take them as they are."""
        return commands

    async def __call__(
        self, tx: Transaction, commands: Sequence[str], *, repeated: bool
    ) -> list[int | OrderwireError]:
        """Stage a group of words."""
        outcomes: list[Outcome] = []
        for word in commands:
            if word.startswith("poison"):
                raise RuntimeError("a bug that one command runs into")
            if word in self.kept and not repeated:
                raise IntegrityError("INSERT", {}, Exception("stored before"))
            outcomes.append(self._stage(word))
        return outcomes

    def _stage(self, word: str) -> Outcome:
        if word.startswith("bad"):
            return Invalid.field("word", "is bad")
        row = self.kept + self._staged
        if word not in row:
            self._staged.append(word)
            row.append(word)
        return row.index(word)


class AnyQueue(RuleBasedStateMachine):
    """Senders of any words, and a database that does as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SimulatedLoop()
        self.shelf = Shelf()
        self.queue = CommitQueue[str, int](
            database=cast("Any", self.shelf), store=self.shelf, figures=CommitFigures()
        )
        # Each word that was sent, when, and what it was answered with.
        self.sent: list[tuple[str, float, list[Outcome]]] = []

    def run(self, work: Any) -> None:
        self.loop.run_until_complete(work)

    @rule(words=st.lists(st.sampled_from(["a", "b", "c", "bad", "poison"]), min_size=1, max_size=6))
    def sends(self, words: list[str]) -> None:
        self.run(self._send(words))

    async def _send(self, words: list[str]) -> None:
        for word in words:
            answers: list[Outcome] = []
            self.sent.append((word, self.loop.time(), answers))
            self.queue.submit(word, answers.append)

    @rule(way=st.sampled_from([WELL, FAILS, UNHEARD, STALE]))
    def database_will(self, way: str) -> None:
        self.shelf.ways.append(way)

    @rule()
    def database_hangs(self) -> None:
        self.shelf.goes_on.clear()

    @rule()
    def database_hangs_for_long(self) -> None:
        """While others come."""
        self.database_hangs()
        for _ in range(4):
            self.sends(["a", "b"])
            self.time_passes(1.5)
            self.each_is_answered_once_and_in_time()

    @rule()
    def database_goes_on(self) -> None:
        self.shelf.goes_on.set()

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 2.0, 4.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def settles(self) -> None:
        """What was sent so far is answered when it has settled."""
        so_far = [answers for _, _, answers in self.sent]
        self.run(self.queue.settle())
        assert all(so_far)

    @invariant()
    def each_is_answered_once_and_in_time(self) -> None:
        for word, since, answers in self.sent:
            assert len(answers) <= 1
            assert answers or self.loop.time() - since <= WITHIN + A_TURN, word

    @invariant()
    def answers_are_true(self) -> None:
        assert len(set(self.shelf.kept)) == len(self.shelf.kept), "each word once"
        for word, _, answers in self.sent:
            for answer in answers:
                if isinstance(answer, int):
                    assert self.shelf.kept[answer] == word
                elif word == "bad":
                    assert isinstance(answer, Invalid | Unavailable)
                elif word != "poison":
                    assert isinstance(answer, Unavailable), "whoever sends well may send again"

    def teardown(self) -> None:
        self.shelf.ways.clear()
        self.shelf.goes_on.set()
        self.run(self._send(["a", "b", "c"]))
        self.settles()
        self.answers_are_true()
        assert [answers[0] for _, _, answers in self.sent[-3:]] == list(
            map(self.shelf.kept.index, "abc")
        )
        self.loop.close()


TestAnyQueue = AnyQueue.TestCase
TestAnyQueue.settings = settings(max_examples=150, stateful_step_count=40)
