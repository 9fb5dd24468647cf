"""Stores lines in batches, a transaction each: whole, or not at all.

A line that is there already is left as it is, so running it again goes on where it stopped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, islice

from sqlalchemy.exc import IntegrityError

from domain.errors import OrderwireError
from realtime.importing.batches import Numbered, Refused, Store, Tally, Tools
from realtime.importing.messages import Messages
from realtime.importing.orders import Orders
from realtime.importing.people import Accounts, Services
from realtime.importing.reader import MAX_LINE, RawLine
from realtime.importing.shapes import (
    AccountLine,
    AnyLine,
    Line,
    MessageLine,
    OrderLine,
    ServiceLine,
    read_line,
)
from storage.conversations import RightsChanged
from storage.engine import Database, Transaction

BATCH = 5_000
Tallies = Sequence[tuple[str, Tally]]
# What became of lines, and the line before which it stopped.
_Stored = tuple[Tallies, Refused | None]
# Somebody else may store the same at the same moment: then it is there, and is looked for again.
MAX_TRIES = 5


class OnError(StrEnum):
    """What is done about a line that cannot be stored."""

    STOP = "stop"
    SKIP = "skip"


@dataclass(slots=True)
class Report:
    """How far an import is: lines done, what became of them by kind, and what was refused."""

    lines: int = 0
    bytes: int = 0
    stored: dict[str, int] = field(default_factory=dict)
    present: int = 0
    misplaced: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some lines: those that can be read, and those that cannot."""

    lines: Sequence[Numbered[AnyLine]]
    refused: Sequence[Refused]
    last: RawLine

    def before(self, number: int) -> "_Batch":
        """Return what stands before a line."""
        lines = [each for each in self.lines if each.number < number]
        refused = [each for each in self.refused if each.number < number]
        return _Batch(lines, refused, self.last)


class Stopped(Exception):
    """A line cannot be stored, and that is to be the end; all before it is stored."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"line {refused.number}: {refused.reason}")


class Importer:
    """Stores what it is given; ``told`` hears of each batch, ``skipped`` of each bad line."""

    def __init__(
        self,
        *,
        database: Database,
        tools: Tools,
        on_error: OnError,
        told: Callable[[Report], None],
        skipped: Callable[[Refused], None],
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._on_error = on_error
        self._told = told
        self._skipped = skipped
        self._batch = batch
        self._stores: Mapping[type[Line], tuple[str, Store]] = {
            AccountLine: ("accounts", Accounts(tools)),
            ServiceLine: ("services", Services(tools)),
            OrderLine: ("orders", Orders(tools)),
            MessageLine: ("messages", Messages(tools)),
        }

    async def run(self, lines: Iterable[RawLine], report: Report) -> Report:
        """Store all lines, going on from where ``report`` is. Raises Stopped."""
        for batch in _batches(iter(lines), self._batch):
            bad = await self._store(batch, report)
            if bad is not None:
                report.lines = bad.number - 1
                raise Stopped(bad)
            report.lines, report.bytes = batch.last.number, batch.last.end
            self._told(report)
        return report

    async def _store(self, batch: _Batch, report: Report) -> Refused | None:
        """Store a batch; return the line before which it stopped, if one is not to be skipped."""
        unread = None
        if self._on_error is OnError.STOP and batch.refused:
            unread = batch.refused[0]
            batch = batch.before(unread.number)
        tallies, bad = await self._stored(batch.lines)
        refused = [*batch.refused, *(each for _, tally in tallies for each in tally.refused)]
        for each in sorted(refused, key=lambda each: each.number):
            self._skipped(each)
        report.skipped += len(refused)
        for name, tally in tallies:
            report.stored[name] = report.stored.get(name, 0) + tally.stored
            report.present += tally.present
            report.misplaced += tally.misplaced
        return bad or unread

    async def _stored(self, lines: Sequence[Numbered[AnyLine]]) -> _Stored:
        """Store lines in one transaction, but for the first bad one, and what is behind it."""
        try:
            return await self._tried(lines), None
        except _BadLine as bad:
            first = bad.refused
        return await self._tried([each for each in lines if each.number < first.number]), first

    async def _tried(self, lines: Sequence[Numbered[AnyLine]]) -> Tallies:
        for _ in range(MAX_TRIES - 1):
            try:
                return await self._database.transaction(lambda tx: self._work(tx, lines))
            except (IntegrityError, RightsChanged):
                continue
        return await self._database.transaction(lambda tx: self._work(tx, lines))

    async def _work(self, tx: Transaction, lines: Sequence[Numbered[AnyLine]]) -> Tallies:
        tallies = []
        for kind, stretch in groupby(lines, key=lambda each: type(each.line)):
            name, store = self._stores[kind]
            tally = await store(tx, list(stretch))
            if tally.refused and self._on_error is OnError.STOP:
                raise _BadLine(min(tally.refused, key=lambda each: each.number))
            tallies.append((name, tally))
        return tallies


class _BadLine(Exception):
    """Undoes the transaction in which a bad line was found."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


def _batches(lines: Iterator[RawLine], size: int) -> Iterator[_Batch]:
    while raw := list(islice(lines, size)):
        good: list[Numbered[AnyLine]] = []
        refused: list[Refused] = []
        for each in raw:
            if each.text is None:
                refused.append(Refused(each.number, f"has more than {MAX_LINE:,} bytes"))
                continue
            try:
                good.append(Numbered(each.number, read_line(each.text)))
            except OrderwireError as error:
                refused.append(Refused(each.number, error.detail))
        yield _Batch(good, refused, raw[-1])
