"""The in-app feed, and why each channel did or did not send."""

from collections.abc import Sequence
from functools import partial
from typing import TypedDict

from domain.errors import NotFound
from domain.identity import Identity
from realtime.clock import Clock
from realtime.services import inbox_news, traces, views
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.paging import page_of
from realtime.services.shapes import Count, Notification, Page
from realtime.services.traces import Explain, Trace
from storage import ledger, notifications
from storage.deliveries import BUCKET
from storage.engine import Database, Transaction


class MarkedRead(TypedDict):
    """How many notifications were marked as read."""

    read: Count


class Notifications:
    """Use cases around an account's notifications; ``explain`` knows the ledger's reasons."""

    def __init__(self, *, database: Database, clock: Clock, explain: Explain) -> None:
        self._database = database
        self._clock = clock
        self._explain = explain

    async def page(
        self, identity: Identity, *, after: str | None, limit: int
    ) -> Page[Notification]:
        """List the feed, newest first."""
        async with self._database.reading() as connection:
            rows = await notifications.page(
                connection, identity.account_id, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=views.notification, key=lambda row: (row.id,))

    async def mark_read(self, identity: Identity, ids: Sequence[str] | None) -> MarkedRead:
        """Mark these notifications as read, or all of them; return how many that were."""

        async def work(tx: Transaction) -> MarkedRead:
            rows = await notifications.mark_read(
                tx.connection, identity.account_id, ids, self._clock.now()
            )
            changes = [
                Change(
                    identity.account_id, Kind.NOTIFICATION, row.id, partial(views.notification, row)
                )
                for row in rows
            ]
            counted = sum(row.counted for row in rows)
            counts = {identity.account_id: Counts(unread_notifications=-counted)} if counted else {}
            await inbox_news.announce(tx, changes, counts)
            return {"read": len(rows)}

        return await self._database.transaction(work)

    async def trace(self, identity: Identity, notification_id: str) -> Trace:
        """Tell every decision about one notification, in order, in the account's language."""
        async with self._database.reading() as connection:
            row = await notifications.get(connection, identity.account_id, notification_id)
            if row is None:
                raise NotFound("there is no such notification")
            lines = await ledger.of_notification(connection, BUCKET, row.id)
            tries = await ledger.attempts_of(connection, BUCKET, row.id)
            locale = await traces.locale_of(connection, identity.account_id)
        return traces.trace(row, traces.steps(lines, tries), locale, self._explain)
