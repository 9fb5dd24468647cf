"""The latest state of each thing that changed in inboxes, for whoever recovers."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publications import Publication
from realtime.clock import Clock
from realtime.services import contact_rule, views
from realtime.services.inbox_news import Change, Kind, publication
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.views import Shape
from storage import inboxes, notifications, orders
from storage.rows import Record

# (account, position)
Place = tuple[str, int]
# (account, subject)
Key = tuple[str, str]
Shows = Mapping[Key, Callable[[], Shape]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Publications in a row, and after which offset the next ones are, if there are more."""

    publications: Sequence[Publication]
    more_after: int | None


class InboxStates:
    """Reads inboxes' changes as the publications that were, or would have been, sent.

    Offsets skip what has changed again since. The last publication of a stretch carries its newest
    position, if need be as a badge.
    """

    def __init__(self, *, people: People, order_views: OrderViews, clock: Clock) -> None:
        self._people = people
        self._order_views = order_views
        self._clock = clock

    async def after(
        self, connection: AsyncConnection, places: Collection[Place], limit: int
    ) -> Mapping[Place, Stretch]:
        """Read the first ``limit`` things that changed after each place, ascending."""
        changed: dict[Place, list[Record]] = {place: [] for place in places}
        for row in await inboxes.changes_of_many(connection, places, limit):
            changed[row.account_id, row.since].append(row)
        for rows in changed.values():
            rows.sort(key=attrgetter("position"))
        return await self._shown(connection, changed, limit)

    async def before(
        self, connection: AsyncConnection, account_id: str, position: int, limit: int
    ) -> Stretch:
        """Read the last ``limit`` things that changed below a position, ascending."""
        rows = await inboxes.changes_since(connection, account_id, 0, limit, before=position)
        place = (account_id, position)
        return (await self._shown(connection, {place: rows}, limit))[place]

    async def _shown(
        self, connection: AsyncConnection, changed: Mapping[Place, Sequence[Record]], limit: int
    ) -> Mapping[Place, Stretch]:
        wanted: dict[Kind, set[Key]] = {}
        for (account_id, _), rows in changed.items():
            for row in rows:
                wanted.setdefault(Kind(row.kind), set()).add((account_id, row.subject))
            if rows:
                wanted.setdefault(Kind.BADGE, set()).add((account_id, ""))
        shows = {
            kind: await _READERS[kind](self, connection, sorted(keys))
            for kind, keys in wanted.items()
        }
        return {
            (account_id, position): _stretch(account_id, rows, shows, limit)
            for (account_id, position), rows in changed.items()
        }

    async def _conversations(self, connection: AsyncConnection, keys: Sequence[Key]) -> Shows:
        rows = await inboxes.items_of(connection, keys)
        people = await self._people.get(connection, {row.with_id for row in rows})
        refused = await contact_rule.refusals(connection, rows, self._clock.now())
        return {
            key: partial(views.conversation, row, people, refused[key])
            for row in rows
            for key in [(row.account_id, row.conversation_id)]
        }

    async def _orders(self, connection: AsyncConnection, keys: Sequence[Key]) -> Shows:
        rows = {row.id: row for row in await orders.many(connection, _subjects(keys))}
        ids = {id_ for row in rows.values() for id_ in (row.seller_id, row.buyer_id)}
        people = await self._people.get(connection, ids)
        return {
            (account_id, id_): partial(self._order_views.show, rows[id_], people, account_id)
            for account_id, id_ in keys
            if id_ in rows
        }

    async def _notifications(self, connection: AsyncConnection, keys: Sequence[Key]) -> Shows:
        rows = await notifications.many(connection, _subjects(keys))
        return {(row.account_id, row.id): partial(views.notification, row) for row in rows}

    async def _badges(self, connection: AsyncConnection, keys: Sequence[Key]) -> Shows:
        rows = await inboxes.many(connection, [account_id for account_id, _ in keys])
        return {(row.account_id, ""): partial(views.badge, row) for row in rows}


Reader = Callable[[InboxStates, AsyncConnection, Sequence[Key]], Awaitable[Shows]]

_READERS: Mapping[Kind, Reader] = {
    Kind.CONVERSATION: InboxStates._conversations,
    Kind.ORDER: InboxStates._orders,
    Kind.NOTIFICATION: InboxStates._notifications,
    Kind.BADGE: InboxStates._badges,
}


def _stretch(
    account_id: str, rows: Sequence[Record], shows: Mapping[Kind, Shows], limit: int
) -> Stretch:
    """Write what is still there of an account's changes."""
    found: list[Publication] = []
    for row in rows:
        show = shows[Kind(row.kind)].get((account_id, row.subject))
        if show is not None:
            change = Change(account_id, Kind(row.kind), row.subject, show)
            found.append(publication(change, row.position))
    if not rows:
        return Stretch(found, None)
    last = rows[-1].position
    if not found or found[-1].offset < last:
        badge = shows[Kind.BADGE][account_id, ""]
        found.append(publication(Change(account_id, Kind.BADGE, "", badge), last))
    return Stretch(found, last if len(rows) == limit else None)


def _subjects(keys: Iterable[Key]) -> list[str]:
    return sorted({subject for _, subject in keys})
