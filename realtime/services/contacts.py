"""Contacts: who has been in touch with whom, and who may write first."""

from datetime import datetime, timedelta
from typing import Any, TypedDict

from domain.errors import Invalid
from domain.identity import Identity
from domain.instants import rfc3339_or_none
from domain.search import contains
from realtime.clock import Clock
from realtime.services import views
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.shapes import Count, Id, Money, Page, Person, Time
from storage import accounts, contacts, conversations
from storage.engine import Database, Transaction
from storage.rows import Record

LONGEST_GRANT = timedelta(days=3_650)


class Contact(TypedDict):
    """Somebody whom one has had orders with."""

    person: Person
    completed_orders: Count
    totals: list[Money]
    last_order_at: Time | None
    conversation_id: Id


class Grant(TypedDict):
    """Until when a seller may write to a buyer first."""

    seller_id: Id
    buyer_id: Id
    until: Time | None


class Contacts:
    """Use cases around pairs of people."""

    def __init__(self, *, database: Database, people: People, clock: Clock) -> None:
        self._database = database
        self._people = people
        self._clock = clock

    async def page(
        self,
        identity: Identity,
        *,
        q: str,
        sort: str,
        after: tuple[Any, str] | None,
        limit: int,
    ) -> Page[Contact]:
        """List everyone the caller has had orders with; ``sort`` is one of ``contacts.SORTS``."""
        part = q.strip()
        async with self._database.reading() as connection:
            chosen = None
            if part:
                known = await contacts.names(connection, identity.account_id)
                chosen = [row.other_id for row in known if contains(row.name, part)]
            rows = await contacts.page(
                connection,
                identity.account_id,
                chosen=chosen,
                sort=sort,
                after=after,
                limit=limit + 1,
            )
            people = await self._people.get(connection, {row.other_id for row in rows})
        return page_of(
            rows,
            limit,
            show=lambda row: _contact(row, people),
            key=lambda row: (row.sort_key, row.other_id),
        )

    async def grant(self, *, seller_id: str, buyer_id: str, until: datetime | None) -> Grant:
        """Let a seller write to a buyer first until a time; without one the grant ends now."""
        if seller_id == buyer_id:
            raise Invalid.field("buyer_id", "is the seller")
        if until is not None:
            _check_until(until, self._clock.now())

        async def work(tx: Transaction) -> None:
            for name, account_id in (("seller_id", seller_id), ("buyer_id", buyer_id)):
                if await accounts.get(tx.connection, account_id) is None:
                    raise Invalid.field(name, "there is no such account")
            if until is None:
                await contacts.take_grant_back(tx.connection, seller_id, buyer_id)
            else:
                await contacts.grant(tx.connection, seller_id, buyer_id, until)
            pair = await contacts.get(tx.connection, seller_id, buyer_id)
            if pair is not None:
                await conversations.change_rights(tx.connection, pair.conversation_id)

        await self._database.transaction(work)
        return {"seller_id": seller_id, "buyer_id": buyer_id, "until": rfc3339_or_none(until)}


def _contact(row: Record, people: views.People) -> Contact:
    completed = row.completed or {"orders": 0, "amounts": {}}
    return {
        "person": people[row.other_id],
        "completed_orders": completed["orders"],
        "totals": [
            views.money(amount, currency) for currency, amount in completed["amounts"].items()
        ],
        "last_order_at": rfc3339_or_none(row.last_order_at),
        "conversation_id": row.conversation_id,
    }


def _check_until(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Invalid.field("until", "is in the past")
    if until - now > LONGEST_GRANT:
        raise Invalid.field("until", f"is more than {LONGEST_GRANT.days} days away")
