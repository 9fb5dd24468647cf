"""What the importers of each kind are given, and what they say of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from domain.timers import Periods
from realtime.clock import Clock
from realtime.importing.shapes import Line
from realtime.services.inbox_news import Kind
from storage import inboxes
from storage.engine import Transaction
from storage.inboxes import Advance

L = TypeVar("L", bound=Line, covariant=True)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[L]):
    """A line, and which it is."""

    number: int
    line: L


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be stored, and why."""

    number: int
    reason: str


@dataclass(slots=True)
class Tally:
    """What became of lines: new, there already, or refused."""

    stored: int = 0
    present: int = 0
    refused: list[Refused] = field(default_factory=list)
    # New, but older than what stands before them in their conversation.
    misplaced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What all of them need."""

    clock: Clock
    periods: Periods
    new_id: Callable[[], str]
    new_epoch: Callable[[], str]

    def latest(self) -> datetime:
        """Return what nothing that happened can be behind; clocks may differ a little."""
        return self.clock.now() + timedelta(minutes=5)


class Store(Protocol):
    """Stores a stretch of lines of one kind, in the transaction of their batch."""

    async def __call__(self, tx: Transaction, lines: Sequence[Numbered[Any]]) -> Tally:
        """Store what may be stored."""
        ...


async def note_in_inboxes(
    tx: Transaction,
    changes: Mapping[str, Sequence[tuple[Kind, str]]],
    unread: Mapping[str, int],
) -> None:
    """Give what changed in inboxes the next positions, so that whoever is connected finds it.

    Nobody is rung for: what is imported happened long ago.
    """
    moves = [
        Advance(account_id, len(theirs), unread.get(account_id, 0))
        for account_id, theirs in changes.items()
    ]
    states = await inboxes.advance(tx.connection, moves)
    notes = [
        {"account_id": account_id, "kind": kind, "subject": subject, "position": position}
        for account_id, theirs in changes.items()
        for position, (kind, subject) in enumerate(
            theirs, states[account_id].position - len(theirs) + 1
        )
    ]
    await inboxes.note_changes(tx.connection, notes)
