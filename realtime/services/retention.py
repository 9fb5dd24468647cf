"""Retention: what is older than the settings say goes, in pieces that nobody has to wait for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.clock import Clock
from realtime.services import attachment_removal, inbox_news
from realtime.services.attachment_uses import ids_of
from realtime.services.conversations import summary
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.message_changes import last_message
from realtime.services.people import People
from storage import conversations, entry_changes, frozen_sets, inboxes, retention
from storage.deliveries import BUCKET
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.tables import contact_grants, deliveries, idempotency_keys, webhook_events

# Rows, orders and accounts that one transaction looks at.
ROWS, ORDERS, ACCOUNTS, SETS = 500, 20, 200, 1
# What went to the marketplace's endpoints is tried for three days, and replayed a few more.
EVENTS_KEPT = timedelta(days=7)
# A set that operators counted is carried out while they remember why; the audit log keeps the deed.
SETS_KEPT = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a piece has removed, and behind which place it goes on; nowhere at the end."""

    removed: int
    place: str | None


class Kept(Protocol):
    """A kind of things that do not stay for ever."""

    async def count(self, connection: AsyncConnection, before: datetime) -> int:
        """Count what is older."""
        ...

    async def sweep(self, tx: Transaction, before: datetime, place: str) -> Swept:
        """Remove a piece of what is older, behind a place; the first is empty."""
        ...


@dataclass(frozen=True, slots=True)
class Period:
    """How long a kind of things is kept; without ``kept_for``, for ever."""

    name: str
    kept: Kept
    kept_for: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What went, or would go, of a kind: what is older than ``before``; None for what stays."""

    name: str
    before: datetime | None
    removed: int


class Retention:
    """Use cases of whoever does not want to keep everything."""

    def __init__(self, *, database: Database, clock: Clock, periods: Sequence[Period]) -> None:
        self._database = database
        self._clock = clock
        self._periods = periods

    async def look(self) -> Sequence[Outcome]:
        """Count what would go."""
        return [await self._look(period) for period in self._periods]

    async def _look(self, period: Period) -> Outcome:
        before = self._before(period)
        if before is None:
            return Outcome(name=period.name, before=None, removed=0)
        async with self._database.reading() as connection:
            found = await period.kept.count(connection, before)
        return Outcome(name=period.name, before=before, removed=found)

    async def sweep(self) -> Sequence[Outcome]:
        """Remove it."""
        outcomes = [await self._sweep(period) for period in self._periods]
        gone = {each.name: each.removed for each in outcomes if each.removed}
        if gone:
            log.info("swept", **gone)
        return outcomes

    async def _sweep(self, period: Period) -> Outcome:
        before = self._before(period)
        removed = 0
        place: str | None = "" if before else None
        while before is not None and place is not None:
            swept = await self._piece(period.kept, before, place)
            removed += swept.removed
            place = swept.place
        return Outcome(name=period.name, before=before, removed=removed)

    async def _piece(self, kept: Kept, before: datetime, place: str) -> Swept:
        return await self._database.transaction(lambda tx: kept.sweep(tx, before, place))

    def _before(self, period: Period) -> datetime | None:
        return None if period.kept_for is None else self._clock.now() - period.kept_for


class OldRows:
    """Rows that mean nothing to anybody any more."""

    def __init__(
        self,
        table: Table,
        conditions: Callable[[datetime], Sequence[ColumnElement[bool]]],
        *,
        rows: int = ROWS,
    ) -> None:
        self._table = table
        self._conditions = conditions
        self._rows = rows

    async def count(self, connection: AsyncConnection, before: datetime) -> int:
        """Count them."""
        return await retention.count(connection, self._table, self._conditions(before))

    async def sweep(self, tx: Transaction, before: datetime, place: str) -> Swept:
        """Remove the first of them."""
        conditions = self._conditions(before)
        removed = await retention.drop(tx.connection, self._table, conditions, self._rows)
        return Swept(removed, place if removed == self._rows else None)


class OldNotifications:
    """What accounts were told long ago; what of it was not read counts no longer."""

    def __init__(self, *, accounts_at_once: int = ACCOUNTS, rows: int = ROWS) -> None:
        self._accounts_at_once = accounts_at_once
        self._rows = rows

    async def count(self, connection: AsyncConnection, before: datetime) -> int:
        """Count them."""
        return await retention.count_notifications(connection, before)

    async def sweep(self, tx: Transaction, before: datetime, place: str) -> Swept:
        """Remove those of the next accounts."""
        last = await retention.last_of_next_accounts(tx.connection, place, self._accounts_at_once)
        if last is None:
            return Swept(0, None)
        gone = await retention.drop_notifications(
            tx.connection, behind=place, upto=last, before=before, limit=self._rows
        )
        if gone:
            await _forget(tx, gone)
        return Swept(len(gone), place if len(gone) == self._rows else last)


async def _forget(tx: Transaction, gone: Sequence[Record]) -> None:
    subjects = [(row.account_id, row.id) for row in gone]
    await retention.forget_changes(tx.connection, Kind.NOTIFICATION, subjects)
    unread = Counter(row.account_id for row in gone if row.counted and row.read_at is None)
    counts = {account_id: Counts(unread_notifications=-n) for account_id, n in unread.items()}
    await inbox_news.announce(tx, [], counts)


class OldWords:
    """What people wrote about orders that are closed; the order's own events stay."""

    def __init__(self, *, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock

    async def count(self, connection: AsyncConnection, before: datetime) -> int:
        """Count it."""
        return await retention.count_words(connection, before)

    async def sweep(self, tx: Transaction, before: datetime, place: str) -> Swept:
        """Remove what was written about the next orders."""
        closed = await retention.closed_orders(tx.connection, place, before, ORDERS)
        removed = 0
        for order in sorted(closed, key=lambda order: str(order.conversation_id)):
            if order.has_words:
                removed += await self._empty(tx, order.conversation_id, before)
        return Swept(removed, closed[-1].id if len(closed) == ORDERS else None)

    async def _empty(self, tx: Transaction, conversation_id: str, before: datetime) -> int:
        await entry_changes.hold(tx.connection, conversation_id)
        gone = await retention.drop_words(tx.connection, conversation_id, before)
        for row in gone:
            if row.attachments:
                files = ids_of(row.attachments)
                await attachment_removal.remove(tx, row.sender, files, self._clock.now())
        newest = await entry_changes.newest_message(tx.connection, conversation_id)
        receipts = await conversations.receipts_of(tx.connection, [conversation_id])
        changes = []
        counts = {}
        for account_id in sorted(row.account_id for row in receipts):
            item = await inboxes.item(tx.connection, account_id, conversation_id, lock=True)
            if item is None:
                continue
            values = await self._values(tx, item, newest)
            changed = await inboxes.change_item(tx.connection, account_id, conversation_id, values)
            shown = await summary(tx.connection, changed, self._people, self._clock.now())
            changes.append(Change(account_id, Kind.CONVERSATION, conversation_id, shown.copy))
            if moved := bool(changed.unread) - bool(item.unread):
                counts[account_id] = Counts(unread_conversations=moved)
        await inbox_news.announce(tx, changes, counts)
        return len(gone)

    async def _values(
        self, tx: Transaction, item: Record, newest: Record | None
    ) -> Mapping[str, Any]:
        unread = await conversations.unread(
            tx.connection, item.conversation_id, item.account_id, item.read_seq
        )
        return {**last_message(newest), "unread": unread}


class OldSets:
    """What operators counted to send again or throw away, and did or did not."""

    async def count(self, connection: AsyncConnection, before: datetime) -> int:
        """Count it."""
        return await frozen_sets.count_old(connection, before)

    async def sweep(self, tx: Transaction, before: datetime, _place: str) -> Swept:
        """Remove the next of it."""
        removed = await frozen_sets.drop_old(tx.connection, BUCKET, before, SETS)
        return Swept(removed, "" if removed == SETS else None)


def periods(
    *,
    people: People,
    clock: Clock,
    messages: timedelta | None,
    notifications: timedelta | None,
    finished_deliveries: timedelta | None,
    keys: timedelta | None,
) -> Sequence[Period]:
    """List what does not stay for ever, and how long it does."""
    over = OldRows(deliveries, lambda before: retention.finished_deliveries(BUCKET, before))
    return (
        Period("messages", OldWords(people=people, clock=clock), messages),
        Period("notifications", OldNotifications(), notifications),
        Period("deliveries", over, finished_deliveries),
        Period("idempotency_keys", OldRows(idempotency_keys, retention.old_keys), keys),
        Period("ended_grants", OldRows(contact_grants, retention.ended_grants), timedelta(0)),
        Period("queue_sets", OldSets(), SETS_KEPT),
        Period("webhook_events", OldRows(webhook_events, retention.old_events), EVENTS_KEPT),
    )
