"""Conversations: opening, listing, reading, and what a person does with their view of one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import UNLOCKED_BY
from domain.conversations import ConversationKind, EntryKind
from domain.errors import Invalid, NotFound, NotParticipant
from domain.identity import Identity, Role
from domain.publications import Publication, thread_channel
from realtime.clock import Clock
from realtime.delivery.message_planner import MessagePlanner
from realtime.services import contact_rule, inbox_news, views
from realtime.services.auditing import Audit
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.shapes import (
    Conversation,
    MayWrite,
    MessagePage,
    Page,
    Receipt,
)
from storage import accounts, contacts, conversations, inboxes
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.tables import inbox_items

# What a page of messages shows; edits and deletions are applied to the messages they are of.
SHOWN = (EntryKind.MESSAGE, EntryKind.ORDER)

# How a view is where nothing is left to be told of.
_UNALERTED = {"alert_id": None, "push_from": None, "mail_from": None}


async def create(
    tx: Transaction,
    *,
    conversation_id: str,
    kind: ConversationKind,
    members: tuple[str, str],
    epoch: str,
    now: datetime,
    order: Record | None = None,
) -> Sequence[Record]:
    """Store a conversation of two people and put it into both inboxes; return the two items.

    That of an order begins with an entry, which the caller stores.
    """
    order_id = order.id if order else None
    last_seq = 1 if order else 0
    await conversations.add(
        tx.connection,
        {
            "id": conversation_id,
            "kind": kind,
            "order_id": order_id,
            "epoch": epoch,
            "last_seq": last_seq,
            "created_at": now,
        },
        members,
    )
    common = {
        "conversation_id": conversation_id,
        "kind": kind,
        "order_id": order_id,
        "order_number": order.number if order else None,
        "order_title": order.service_title if order else None,
        "order_status": order.status if order else None,
        "order_due_at": order.due_at if order else None,
        "last_seq": last_seq,
        "shown": kind is ConversationKind.ORDER,
        "active_at": now,
    }
    pairs = sorted((members, members[::-1]))
    rows = [{"account_id": one, "with_id": other, **common} for one, other in pairs]
    return await inboxes.add_items(tx.connection, rows)


async def summary(
    connection: AsyncConnection, item: Record, people: People, now: datetime
) -> Conversation:
    """Show one conversation, with whether its owner may write in it and why not."""
    refused = await contact_rule.refusals(connection, [item], now)
    persons = await people.get(connection, [item.with_id])
    return views.conversation(item, persons, refused[item.account_id, item.conversation_id])


class Conversations:
    """Use cases around conversations; messages themselves are sent by ``Messages``."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        planner: MessagePlanner,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
        new_epoch: Callable[[], str],
    ) -> None:
        self._database = database
        self._people = people
        self._planner = planner
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._new_epoch = new_epoch

    async def open_direct(self, identity: Identity, other: str) -> tuple[Conversation, bool]:
        """Return the direct conversation with ``other`` and whether it was opened just now."""

        async def work(tx: Transaction) -> tuple[Conversation, bool]:
            if other == identity.account_id:
                raise Invalid.field("with", "is yourself")
            if await accounts.get(tx.connection, identity.account_id) is None:
                raise NotFound("the marketplace has not told us of this account")
            if await accounts.get(tx.connection, other) is None:
                raise Invalid.field("with", "there is no such account")
            now = self._clock.now()
            standing = await contact_rule.standing(tx.connection, identity.account_id, other, now)
            if standing.refusal is not None:
                raise contact_rule.forbidden(standing.refusal)
            conversation_id, created = await self.between(tx, identity.account_id, other)
            item = await inboxes.item(tx.connection, identity.account_id, conversation_id)
            assert item is not None, "a direct conversation is in both inboxes"
            return await summary(tx.connection, item, self._people, now), created

        return await self._database.transaction(work)

    async def between(self, tx: Transaction, one: str, other: str) -> tuple[str, bool]:
        """Give a pair its direct conversation, made in this transaction if there is none."""
        conversation_id, created = await contacts.meet(tx.connection, one, other, self._new_id())
        if created:
            for account_id in sorted((one, other)):
                if await accounts.share(tx.connection, account_id) is None:
                    raise NotFound("there is no such account")
            await create(
                tx,
                conversation_id=conversation_id,
                kind=ConversationKind.DIRECT,
                members=(one, other),
                epoch=self._new_epoch(),
                now=self._clock.now(),
            )
        return conversation_id, created

    async def can_message(self, identity: Identity, other: str) -> MayWrite:
        """Tell whether the caller may write to ``other``, and if not what unlocks it."""
        if other == identity.account_id:
            raise Invalid.field("account_id", "is yourself")
        async with self._database.reading() as connection:
            if await accounts.get(connection, other) is None:
                raise NotFound("there is no such account")
            standing = await contact_rule.standing(
                connection, identity.account_id, other, self._clock.now()
            )
        if standing.refusal is None:
            return {"allowed": True, "reason": None, "unlocked_by": []}
        return {
            "allowed": False,
            "reason": standing.refusal,
            "unlocked_by": list(UNLOCKED_BY[standing.refusal]),
        }

    async def page(
        self,
        identity: Identity,
        *,
        chosen: str,
        kind: ConversationKind | None,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Page[Conversation]:
        """List the caller's conversations, the latest first."""
        conditions = [*inboxes.FILTERS[chosen]]
        if kind is not None:
            conditions.append(inbox_items.c.kind == kind)
        async with self._database.reading() as connection:
            rows = await inboxes.page(
                connection, identity.account_id, conditions=conditions, after=after, limit=limit + 1
            )
            people = await self._people.get(connection, {row.with_id for row in rows})
            refused = await contact_rule.refusals(connection, rows, self._clock.now())
        return page_of(
            rows,
            limit,
            show=lambda row: views.conversation(
                row, people, refused[row.account_id, row.conversation_id]
            ),
            key=lambda row: (row.active_at, row.conversation_id),
        )

    async def get(self, identity: Identity, conversation_id: str) -> Conversation:
        """Show one of the caller's conversations."""
        async with self._database.reading() as connection:
            item = await inboxes.item(connection, identity.account_id, conversation_id)
            return await summary(connection, _present(item), self._people, self._clock.now())

    async def change(
        self, identity: Identity, conversation_id: str, flags: Mapping[str, bool]
    ) -> Conversation:
        """Star, archive or mute."""

        async def work(tx: Transaction) -> Conversation:
            item = _present(await inboxes.item(tx.connection, identity.account_id, conversation_id))
            if flags:
                item = await inboxes.change_item(
                    tx.connection, identity.account_id, conversation_id, flags
                )
                await self._tell(tx, item)
            return await summary(tx.connection, item, self._people, self._clock.now())

        return await self._database.transaction(work)

    async def messages(
        self,
        identity: Identity,
        conversation_id: str,
        *,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
    ) -> MessagePage:
        """Show a page of a conversation, ascending; without a bound the newest."""
        async with self._database.reading() as connection:
            await self._may_read(connection, identity, conversation_id)
            page = window(before, after, around, limit)
            older, has_before = await _older(connection, conversation_id, page.first, page.before)
            newer, has_after = await _newer(connection, conversation_id, page.first, page.after)
        await self._audit.looked(identity, f"conversation:{conversation_id}")
        return {
            "items": [views.page_entry(row) for row in (*older, *newer)],
            "has_before": has_before,
            "has_after": has_after,
        }

    async def _may_read(
        self, connection: AsyncConnection, identity: Identity, conversation_id: str
    ) -> None:
        if identity.role is Role.OPERATOR:
            _present(await conversations.get(connection, conversation_id))
        else:
            _present(await inboxes.item(connection, identity.account_id, conversation_id))

    async def mark_read(self, identity: Identity, conversation_id: str, seq: int) -> Receipt:
        """Note that the caller has read up to ``seq``; it never moves backwards."""
        return await self._receipt(identity, conversation_id, seq, self._read)

    async def mark_delivered(self, identity: Identity, conversation_id: str, seq: int) -> Receipt:
        """Note that the caller's device has everything up to ``seq``."""
        return await self._receipt(identity, conversation_id, seq, self._delivered)

    async def mark_unread(self, identity: Identity, conversation_id: str, seq: int) -> Receipt:
        """Note that the caller wants to read ``seq`` and what follows it once more."""
        return await self._receipt(identity, conversation_id, seq, self._unread)

    async def _receipt(
        self,
        identity: Identity,
        conversation_id: str,
        seq: int,
        note: Callable[[Transaction, Record, int], Awaitable[Record]],
    ) -> Receipt:
        async def work(tx: Transaction) -> Receipt:
            item = _present(await inboxes.item(tx.connection, identity.account_id, conversation_id))
            if not 0 <= seq <= item.last_seq:
                raise Invalid.field("seq", f"is between 0 and {item.last_seq}")
            receipt = await note(tx, item, seq)
            shown: Receipt = {
                "account": identity.account_id,
                "read_seq": receipt.read_seq,
                "delivered_seq": receipt.delivered_seq,
            }
            data = views.encode({"type": "receipt", **shown})
            tx.publish(Publication(thread_channel(conversation_id), data))
            return shown

        return await self._database.transaction(work)

    async def _delivered(self, tx: Transaction, item: Record, seq: int) -> Record:
        return await conversations.advance_receipt(
            tx.connection, item.conversation_id, item.account_id, read=0, delivered=seq
        )

    async def _read(self, tx: Transaction, item: Record, seq: int) -> Record:
        receipt = await conversations.advance_receipt(
            tx.connection, item.conversation_id, item.account_id, read=seq, delivered=seq
        )
        return await self._counted(tx, item, receipt)

    async def _unread(self, tx: Transaction, item: Record, seq: int) -> Record:
        receipt = await conversations.retreat_receipt(
            tx.connection, item.conversation_id, item.account_id, max(seq - 1, 0)
        )
        return await self._counted(tx, item, receipt)

    async def _counted(self, tx: Transaction, item: Record, receipt: Record) -> Record:
        """Count what is unread by a receipt that was moved, and tell it; return the receipt."""
        connection = tx.connection
        # Held still first, counted second: a message stored in between would be lost from the
        # count, for a statement that waited for a lock still counts with its old snapshot.
        held = _present(
            await inboxes.item(connection, item.account_id, item.conversation_id, lock=True)
        )
        if receipt.read_seq == held.read_seq:
            return receipt
        unread = await conversations.unread(
            connection, item.conversation_id, item.account_id, receipt.read_seq
        )
        changed = await inboxes.change_item(
            connection,
            item.account_id,
            item.conversation_id,
            {"read_seq": receipt.read_seq, "unread": unread} | ({} if unread else _UNALERTED),
        )
        await self._tell(tx, changed, bool(unread) - bool(held.unread))
        if held.alert_id is not None and not unread:
            await self._planner.read(tx, held)
        return receipt

    async def _tell(self, tx: Transaction, item: Record, unread_conversations: int = 0) -> None:
        shown = await summary(tx.connection, item, self._people, self._clock.now())
        change = Change(item.account_id, Kind.CONVERSATION, item.conversation_id, shown.copy)
        counts = {item.account_id: Counts(unread_conversations)} if unread_conversations else {}
        await inbox_news.announce(tx, [change], counts)


def _present(found: Record | None) -> Record:
    if found is None:
        raise NotParticipant("there is no such conversation")
    return found


@dataclass(frozen=True, slots=True)
class Window:
    """A page of entries as two stretches: those before ``first`` and those from ``first`` on."""

    first: int | None
    before: int
    after: int


def window(before: int | None, after: int | None, around: int | None, limit: int) -> Window:
    """Place a page: newest first of all, then by the one bound that is given."""
    if around is not None:
        return Window(around, limit // 2, limit - limit // 2)
    if after is not None:
        return Window(after + 1, 0, limit)
    return Window(before, limit, 0)


async def _older(
    connection: AsyncConnection, conversation_id: str, before: int | None, limit: int
) -> tuple[Sequence[Record], bool]:
    """Read up to ``limit`` entries before a bound, ascending, and whether there are more."""
    rows = await conversations.entries_between(
        connection,
        conversation_id,
        after=0,
        before=before,
        limit=limit + 1,
        newest_first=True,
        kinds=SHOWN,
    )
    return rows[:limit][::-1], len(rows) > limit


async def _newer(
    connection: AsyncConnection, conversation_id: str, first: int | None, limit: int
) -> tuple[Sequence[Record], bool]:
    """Read up to ``limit`` entries from ``first`` on, and whether there are more."""
    if first is None:
        return (), False
    rows = await conversations.entries_between(
        connection, conversation_id, after=first - 1, limit=limit + 1, kinds=SHOWN
    )
    return rows[:limit], len(rows) > limit
