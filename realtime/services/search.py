"""Search in what one may see: messages, people and orders."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Invalid
from domain.identity import Identity
from domain.search import (
    Term,
    beginnings,
    likeness,
    matches,
    rough_pattern,
    snippet,
    terms_of,
    very_words,
)
from realtime.services import views
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.shapes import Id, Message, Order, Person
from storage import orders, search, search_lookup
from storage.engine import Database
from storage.rows import Record
from storage.search_lookup import Asked

# Of so many times the newest messages wanted, those that have the very words go first.
CANDIDATES = 5
# So many messages that the index does not have are looked at, the newest of those that may match.
MOST_UNINDEXED = 2_000


class Kind(StrEnum):
    """What can be looked for."""

    MESSAGES = "messages"
    PEOPLE = "people"
    ORDERS = "orders"


class FoundMessage(TypedDict):
    """A message that was found: a snippet of it, and where in the snippet the words are."""

    conversation_id: Id
    message: Message
    snippet: str
    hits: Sequence[tuple[int, int]]


class Found(TypedDict):
    """What was found, of each kind."""

    messages: list[FoundMessage]
    people: list[Person]
    orders: list[Order]


class Search:
    """The use case of whoever looks for something."""

    def __init__(self, *, database: Database, people: People, order_views: OrderViews) -> None:
        self._database = database
        self._people = people
        self._order_views = order_views

    async def find(
        self, identity: Identity, query: str, kinds: Collection[Kind], limit: int
    ) -> Found:
        """Find what has a word for each word of the query, at most ``limit`` of each kind."""
        terms = terms_of(query)
        if not terms:
            raise Invalid.field("q", "has no word in it")
        found: Found = {"messages": [], "people": [], "orders": []}
        account_id = identity.account_id
        async with self._database.reading() as connection:
            if Kind.MESSAGES in kinds:
                found["messages"] = await self._messages(connection, account_id, terms, limit)
            if Kind.PEOPLE in kinds or Kind.ORDERS in kinds:
                subjects = await search.subjects(connection, account_id)
                if Kind.PEOPLE in kinds:
                    found["people"] = await self._persons(connection, subjects, terms, limit)
                if Kind.ORDERS in kinds:
                    found["orders"] = await self._orders(
                        connection, account_id, subjects, terms, limit
                    )
        return found

    async def _messages(
        self, connection: AsyncConnection, account_id: str, terms: Sequence[Term], limit: int
    ) -> list[FoundMessage]:
        """Find the newest that match, those with the very words first."""
        latest = await search.latest(connection, account_id)
        if latest is None:
            return []
        found = _Matching(terms)
        if behind := await search.behind(connection, account_id):
            patterns = [rough_pattern(term) for term in terms]
            found.take(await search.unindexed(connection, behind, patterns, MOST_UNINDEXED))
        # Of those with the very words the newest are at hand; nothing else comes before them.
        whole = Asked(words=very_words(terms), whole=True, latest=latest)
        await _look_up(connection, account_id, whole, found, limit)
        if found.count(len(terms)) < limit:
            begun = Asked(words=beginnings(terms), whole=False, latest=latest)
            await _look_up(connection, account_id, begun, found, limit * CANDIDATES)
        return [_found(row, terms) for row in found.best(limit)]

    async def _persons(
        self,
        connection: AsyncConnection,
        subjects: Sequence[Record],
        terms: Sequence[Term],
        limit: int,
    ) -> list[Person]:
        names = {row.with_id: row.name for row in subjects}
        ids = [id_ for id_, name in names.items() if matches(terms, name)][:limit]
        people = await self._people.get(connection, ids)
        return [people[id_] for id_ in ids]

    async def _orders(
        self,
        connection: AsyncConnection,
        account_id: str,
        subjects: Sequence[Record],
        terms: Sequence[Term],
        limit: int,
    ) -> list[Order]:
        ids = [
            row.order_id
            for row in subjects
            if row.order_id and matches(terms, f"{row.order_number} {row.order_title} {row.name}")
        ][:limit]
        rows = {row.id: row for row in await orders.many(connection, ids)}
        involved = {row.seller_id for row in rows.values()} | {
            row.buyer_id for row in rows.values()
        }
        people = await self._people.get(connection, involved)
        return [self._order_views.show(rows[id_], people, account_id) for id_ in ids]


async def _look_up(
    connection: AsyncConnection,
    account_id: str,
    asked: Asked,
    found: "_Matching",
    wanted: int,
) -> None:
    """Ask the index for the newest, until as many as wanted are found, or there are no more."""
    below, taken = None, 0
    while taken < wanted:
        hits = await search_lookup.find(connection, account_id, asked, below=below, limit=wanted)
        places = {(hit.conversation_id, hit.seq) for hit in hits}
        if places:
            taken += found.take(await search.messages(connection, account_id, places))
        if len(hits) < wanted:
            return
        below = hits[-1].doc


class _Matching:
    """Messages that match, each with how alike it is."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._likeness: dict[tuple[str, int], tuple[int, Record]] = {}
        self._terms = terms

    def take(self, rows: Sequence[Record]) -> int:
        """Take those of these that match; return how many."""
        taken = 0
        for row in rows:
            alike = likeness(self._terms, row.body)
            if alike is not None:
                self._likeness[row.conversation_id, row.seq] = alike, row
                taken += 1
        return taken

    def count(self, alike: int) -> int:
        """Count those with so many of the very words."""
        return sum(each == alike for each, _ in self._likeness.values())

    def best(self, limit: int) -> Sequence[Record]:
        """Return those with the most of the very words, and of these the newest."""
        ranked = sorted(
            self._likeness.values(),
            key=lambda each: (each[0], each[1].at, each[1].seq),
            reverse=True,
        )
        return [row for _, row in ranked[:limit]]


def _found(row: Record, terms: Sequence[Term]) -> FoundMessage:
    piece = snippet(terms, row.body)
    return {
        "conversation_id": row.conversation_id,
        "message": views.message(row),
        "snippet": piece.text,
        "hits": piece.hits,
    }
