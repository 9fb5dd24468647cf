"""The in-app feed, and why each channel did or did not send."""

from collections.abc import Sequence

from domain.errors import NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.delivery.planner import BUCKET
from realtime.services import inbox_news, views
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.paging import Page, page_of
from realtime.services.views import Shape
from storage import ledger, notifications
from storage.engine import Database, Transaction
from storage.rows import Record


class Notifications:
    """Use cases around an account's notifications."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, identity: Identity, *, after: str | None, limit: int) -> Page:
        """List the feed, newest first."""
        async with self._database.reading() as connection:
            rows = await notifications.page(
                connection, identity.account_id, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=views.notification, key=lambda row: (row.id,))

    async def mark_read(self, identity: Identity, ids: Sequence[str] | None) -> Shape:
        """Mark these notifications as read, or all of them; return how many that were."""

        async def work(tx: Transaction) -> Shape:
            rows = await notifications.mark_read(
                tx.connection, identity.account_id, ids, self._clock.now()
            )
            changes = [
                Change(identity.account_id, Kind.NOTIFICATION, row.id, views.notification(row))
                for row in rows
            ]
            counts = {identity.account_id: Counts(unread_notifications=-len(rows))} if rows else {}
            await inbox_news.announce(tx, changes, counts)
            return {"read": len(rows)}

        return await self._database.transaction(work)

    async def trace(self, identity: Identity, notification_id: str) -> Shape:
        """Tell every decision about one notification, in order."""
        async with self._database.reading() as connection:
            row = await notifications.get(connection, identity.account_id, notification_id)
            if row is None:
                raise NotFound("there is no such notification")
            steps = await ledger.of_notification(connection, BUCKET, row.id)
        return {
            "notification": views.notification(row),
            "account": identity.account_id,
            "steps": [_step(step) for step in steps],
        }


def _step(row: Record) -> Shape:
    return {
        "at": rfc3339(row.at),
        "channel": row.channel,
        "target": row.target,
        "decision": row.decision,
        "reason": row.reason,
        "detail": row.detail,
    }
