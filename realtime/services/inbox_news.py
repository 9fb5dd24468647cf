"""What changes in an inbox: each change takes the next position of its account's channel."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial

from msgspec import Struct

from domain.publications import Publication, inbox_channel
from realtime.services import views
from realtime.services.views import Shape
from storage import inboxes
from storage.engine import Transaction
from storage.inboxes import Advance
from storage.rows import Record


class Kind(StrEnum):
    """What an inbox channel carries."""

    CONVERSATION = "conversation"
    ORDER = "order"
    NOTIFICATION = "notification"
    BADGE = "badge"


class Change(Struct, frozen=True):
    """The latest state of one thing in one inbox; it is shown only if somebody looks."""

    account_id: str
    kind: Kind
    subject: str
    state: Callable[[], Shape]


class Counts(Struct, frozen=True):
    """How an account's counts move."""

    unread_conversations: int = 0
    unread_notifications: int = 0

    def __bool__(self) -> bool:
        return bool(self.unread_conversations or self.unread_notifications)


async def announce(
    tx: Transaction, changes: Sequence[Change], counts: Mapping[str, Counts]
) -> None:
    """Number these changes, note them for whoever recovers, and publish them on the commit.

    An account whose counts move is told them at the end of its changes.
    """
    by_account: dict[str, list[Change]] = {account_id: [] for account_id in counts}
    for change in changes:
        by_account.setdefault(change.account_id, []).append(change)
    if not by_account:
        return
    moves = [
        _move(account_id, theirs, counts.get(account_id, Counts()))
        for account_id, theirs in by_account.items()
    ]
    numbered: list[dict[str, object]] = []
    states = await inboxes.advance(tx.connection, moves)
    for move in moves:
        inbox = states[move.account_id]
        theirs = by_account[move.account_id]
        if move.count > len(theirs):
            theirs = [*theirs, Change(move.account_id, Kind.BADGE, "", partial(views.badge, inbox))]
        for position, change in enumerate(theirs, inbox.position - move.count + 1):
            tx.publish(publication(change, position))
            numbered.append(_note(change, position))
    await inboxes.note_changes(tx.connection, numbered)


def _move(account_id: str, changes: Sequence[Change], counts: Counts) -> Advance:
    return Advance(
        account_id,
        len(changes) + bool(counts),
        counts.unread_conversations,
        counts.unread_notifications,
    )


def _note(change: Change, position: int) -> dict[str, object]:
    return {
        "account_id": change.account_id,
        "kind": change.kind,
        "subject": change.subject,
        "position": position,
    }


def publication(change: Change, position: int) -> Publication:
    """Write a change as its inbox publishes it."""
    return Publication(inbox_channel(change.account_id), partial(_written, change), position)


def _written(change: Change) -> bytes:
    state = change.state()
    if change.kind is Kind.BADGE:
        return views.encode(state)
    return views.encode({"type": change.kind, change.kind: state})


async def announce_all(
    tx: Transaction, changes: Sequence[Change], notifications: Sequence[Record]
) -> None:
    """Announce changes, and behind them new notifications with their count."""
    shown = [
        Change(row.account_id, Kind.NOTIFICATION, row.id, partial(views.notification, row))
        for row in notifications
    ]
    added = Counter(row.account_id for row in notifications)
    counts = {account_id: Counts(unread_notifications=n) for account_id, n in added.items()}
    await announce(tx, [*changes, *shown], counts)
