"""Blocks: whoever blocks somebody hears no more of them outside of orders, nor they of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from domain.errors import Invalid, NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from domain.publications import rights_doorbell, thread_channel
from realtime.clock import Clock
from realtime.services import inbox_news
from realtime.services.conversations import Conversations, summary
from realtime.services.inbox_news import Change, Kind
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.shapes import Page, Person, Time
from storage import accounts, blocks, contacts, conversations, inboxes
from storage.engine import Database, Transaction
from storage.rows import Record


class Block(TypedDict):
    """Somebody of whom one wants to hear nothing."""

    person: Person
    blocked_at: Time


class Blocks:
    """Use cases of whoever wants to hear nothing of somebody."""

    def __init__(
        self, *, database: Database, people: People, conversations: Conversations, clock: Clock
    ) -> None:
        self._database = database
        self._people = people
        self._conversations = conversations
        self._clock = clock

    async def block(self, identity: Identity, other: str) -> tuple[Block, bool]:
        """Block somebody; return it, and whether it is new."""
        if other == identity.account_id:
            raise Invalid.field("account_id", "is yourself")

        async def work(tx: Transaction) -> tuple[Block, bool]:
            for account_id in (identity.account_id, other):
                if await accounts.get(tx.connection, account_id) is None:
                    raise NotFound("there is no such account")
            now = self._clock.now()
            # Made if need be, for its row is what a message waits for: one that is on its way
            # while this commits is either stored before it, or looks at its rights once more.
            conversation_id, _ = await self._conversations.between(tx, identity.account_id, other)
            await conversations.change_rights(tx.connection, conversation_id)
            created = await blocks.add(tx.connection, identity.account_id, other, now)
            if created:
                tx.ring(rights_doorbell(thread_channel(conversation_id)))
                await self._tell(tx, conversation_id, (identity.account_id, other), now)
            row = await blocks.get(tx.connection, identity.account_id, other)
            people = await self._people.get(tx.connection, [other])
            return _shown(row, people), created

        return await self._database.transaction(work)

    async def unblock(self, identity: Identity, other: str) -> None:
        """Block somebody no longer; one who was not blocked stays so."""

        async def work(tx: Transaction) -> None:
            pair = (identity.account_id, other)
            found = await contacts.get(tx.connection, *pair)
            if found is None:
                return
            await conversations.change_rights(tx.connection, found.conversation_id)
            if await blocks.drop(tx.connection, *pair):
                await self._tell(tx, found.conversation_id, pair, self._clock.now())

        await self._database.transaction(work)

    async def page(
        self, identity: Identity, *, after: tuple[datetime, str] | None, limit: int
    ) -> Page[Block]:
        """List whom the caller blocks, the latest first."""
        async with self._database.reading() as connection:
            rows = await blocks.page(connection, identity.account_id, after=after, limit=limit + 1)
            people = await self._people.get(connection, {row.other_id for row in rows})
        return page_of(
            rows,
            limit,
            show=lambda row: _shown(row, people),
            key=lambda row: (row.created_at, row.other_id),
        )

    async def _tell(
        self, tx: Transaction, conversation_id: str, pair: tuple[str, str], now: datetime
    ) -> None:
        """Show both sides whether they may write now."""
        changes = []
        for account_id in sorted(pair):
            item = await inboxes.item(tx.connection, account_id, conversation_id, lock=True)
            if item is not None and item.shown:
                shown = await summary(tx.connection, item, self._people, now)
                changes.append(Change(account_id, Kind.CONVERSATION, conversation_id, shown.copy))
        await inbox_news.announce(tx, changes, {})


def _shown(row: Record, people: Mapping[str, Person]) -> Block:
    return {"person": people[row.other_id], "blocked_at": rfc3339(row.created_at)}
