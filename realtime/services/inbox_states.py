"""The latest state of each thing that changed in an inbox, for whoever recovers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publications import Publication
from realtime.clock import Clock
from realtime.services import contact_rule, views
from realtime.services.inbox_news import Change, Kind, publication
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.views import Shape
from storage import inboxes, notifications, orders

Show = Callable[[], Shape]


class InboxStates:
    """Reads an inbox's changes as the publications that were, or would have been, sent."""

    def __init__(self, *, people: People, order_views: OrderViews, clock: Clock) -> None:
        self._people = people
        self._order_views = order_views
        self._clock = clock

    async def after(
        self,
        connection: AsyncConnection,
        account_id: str,
        position: int,
        limit: int,
        *,
        before: int | None = None,
    ) -> list[Publication]:
        """Read what changed after a position, ascending; with ``before``, the newest below it.

        Offsets skip what has changed again since. The last one carries the newest position, if
        need be as a badge.
        """
        changed = await inboxes.changes_since(
            connection, account_id, position, limit, before=before
        )
        states = {
            kind: await _READERS[kind](
                self, connection, account_id, [row.subject for row in changed if row.kind == kind]
            )
            for kind in {Kind(row.kind) for row in changed}
        }
        found = [
            publication(
                Change(account_id, Kind(row.kind), row.subject, states[row.kind][row.subject]),
                row.position,
            )
            for row in changed
            if row.subject in states[row.kind]
        ]
        if changed and (not found or found[-1].offset < changed[-1].position):
            badge = (await self._badge(connection, account_id, [""]))[""]
            found.append(
                publication(Change(account_id, Kind.BADGE, "", badge), changed[-1].position)
            )
        return found

    async def _conversations(
        self, connection: AsyncConnection, account_id: str, subjects: Sequence[str]
    ) -> Mapping[str, Show]:
        rows = await inboxes.items(connection, account_id, subjects)
        people = await self._people.get(connection, {row.with_id for row in rows})
        refused = await contact_rule.refusals(connection, rows, self._clock.now())
        return {
            row.conversation_id: partial(
                views.conversation, row, people, refused[account_id, row.conversation_id]
            )
            for row in rows
        }

    async def _orders(
        self, connection: AsyncConnection, account_id: str, subjects: Sequence[str]
    ) -> Mapping[str, Show]:
        rows = await orders.many(connection, subjects)
        ids = {row.seller_id for row in rows} | {row.buyer_id for row in rows}
        people = await self._people.get(connection, ids)
        return {row.id: partial(self._order_views.show, row, people, account_id) for row in rows}

    async def _notifications(
        self, connection: AsyncConnection, account_id: str, subjects: Sequence[str]
    ) -> Mapping[str, Show]:
        rows = await notifications.many(connection, account_id, subjects)
        return {row.id: partial(views.notification, row) for row in rows}

    async def _badge(
        self, connection: AsyncConnection, account_id: str, _subjects: Sequence[str]
    ) -> Mapping[str, Show]:
        inbox = await inboxes.get(connection, account_id)
        return {"": partial(views.badge, inbox)} if inbox else {}


_READERS = {
    Kind.CONVERSATION: InboxStates._conversations,
    Kind.ORDER: InboxStates._orders,
    Kind.NOTIFICATION: InboxStates._notifications,
    Kind.BADGE: InboxStates._badge,
}
