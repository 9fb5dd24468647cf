"""Everything about one account, as lines of JSON: a page is read, handed on, and forgotten."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Table, true
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import EntryKind
from domain.errors import NotFound
from domain.instants import rfc3339, rfc3339_or_none
from domain.preferences import effective
from realtime.clock import Clock
from realtime.services import contact_rule, traces, views
from realtime.services.accounts import shown_wishes
from realtime.services.attachment_uploads import is_there
from realtime.services.attachments import Attachments
from realtime.services.order_views import OrderViews, side_of
from realtime.services.people import People
from realtime.services.requirements import files_of
from realtime.services.requirements import shown as shown_requirements
from realtime.services.views import encode
from storage import accounts, conversations, exports, ledger, orders, tables
from storage.deliveries import BUCKET
from storage.engine import Database
from storage.rows import Record

# How many rows are in memory at a time.
PAGE = 100
# Of a thread, what has the same name as something else here.
ENTRY_TYPES = {EntryKind.ORDER: "order_event"}


class ExportLine(TypedDict, total=False):
    """One thing that is known of an account; the last line is of type `end`, and counts the rest.

    Types are `account`, `preferences`, `push_subscription`, `service`, `quick_reply`, `draft`,
    `held_message`, `contact`, `contact_grant`, `block`, `report`, `suppression`,
    `attachment`, `conversation`, `order`, `note`, `message`, `edit`, `delete`, `order_event`,
    `notification` and `end`.
    """

    type: str


Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table whose rows are an account's own where ``column`` names it, if they are ``told``."""

    type: str
    table: Table
    column: ColumnElement[str]
    told: ColumnElement[bool] = field(default_factory=true)


class Export:
    """Tells all there is about an account, but nothing that is somebody else's alone."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        order_views: OrderViews,
        attachments: Attachments,
        clock: Clock,
        page: int = PAGE,
    ) -> None:
        self._attachments = attachments
        self._page = page
        self._database = database
        self._people = people
        self._order_views = order_views
        self._clock = clock

    async def pages(self, account_id: str) -> AsyncIterator[bytes]:
        """Give the lines, some at a time; NotFound before the first for nobody's account."""
        counted = 0
        async for lines in self._pages(account_id):
            counted += len(lines)
            yield b"".join(encode(line) + b"\n" for line in lines)
        yield encode({"type": "end", "lines": counted}) + b"\n"

    async def _pages(self, account_id: str) -> AsyncIterator[Sequence[Line]]:
        yield await self._profile(account_id)
        for rows in _ROWS:
            async for page in self._table(rows.table, (rows.column == account_id) & rows.told):
                yield await self._shown(rows, page)
        mine = tables.attachments.c.account_id == account_id
        async for page in self._table(tables.attachments, mine):
            yield self._files(page)
        mine = (tables.inbox_items.c.account_id == account_id) & tables.inbox_items.c.shown
        async for items in self._table(tables.inbox_items, mine):
            yield await self._conversations(account_id, items)
            for item in items:
                async for lines in self._entries(item.conversation_id):
                    yield lines
        mine = tables.notifications.c.account_id == account_id
        async for page in self._table(tables.notifications, mine):
            yield await self._notifications(page)

    async def _table(
        self, table: Table, mine: ColumnElement[bool]
    ) -> AsyncIterator[Sequence[Record]]:
        after = None
        while True:
            async with self._database.reading() as connection:
                page = await exports.page(connection, table, mine, after=after, limit=self._page)
            if page:
                yield page
            if len(page) < self._page:
                return
            after = exports.key_of(table, page[-1])

    async def _profile(self, account_id: str) -> Sequence[Line]:
        async with self._database.reading() as connection:
            account = await accounts.get(connection, account_id)
            if account is None:
                raise NotFound("there is no such account")
            said = await accounts.said_preferences(connection, account_id)
        wishes = effective(said, locale=account.locale, timezone=account.timezone)
        return [
            {"type": "account", **_plain(account, "erased_at")},
            {"type": "preferences", **shown_wishes(wishes)},
        ]

    async def _shown(self, rows: _Rows, page: Sequence[Record]) -> Sequence[Line]:
        async with self._database.reading() as connection:
            people = await self._people.get(connection, _others(page))
        return [{"type": rows.type, **_SHOWN[rows.type](row, people)} for row in page]

    def _files(self, page: Sequence[Record]) -> Sequence[Line]:
        """Show what an account has uploaded, with links to it that hold for a while."""
        now = self._clock.now()
        there = [row for row in page if is_there(row, now)]
        shown = [self._attachments.shown(row) for row in there]
        return [{**each, "media_type": each["type"], "type": "attachment"} for each in shown]

    async def _conversations(self, account_id: str, items: Sequence[Record]) -> Sequence[Line]:
        """Show some conversations, and the orders that they are about, with one's own notes."""
        ids = [item.order_id for item in items if item.order_id]
        async with self._database.reading() as connection:
            people = await self._people.get(
                connection, {account_id} | {item.with_id for item in items}
            )
            refused = await contact_rule.refusals(connection, items, self._clock.now())
            found = await orders.many(connection, ids)
            history, answers, notes = await exports.papers(connection, ids, account_id)
            required = {
                order.id: await self._required(connection, account_id, order, answers)
                for order in found
            }
        return [
            *(
                {
                    "type": "conversation",
                    **views.conversation(item, people, refused[account_id, item.conversation_id]),
                }
                for item in items
            ),
            *(
                self._order(
                    account_id,
                    order,
                    people,
                    history=[row for row in history if row.order_id == order.id],
                    requirements=required[order.id],
                )
                for order in found
            ),
            *({"type": "note", "order_id": row.order_id, **views.note(row)} for row in notes),
        ]

    async def _required(
        self,
        connection: AsyncConnection,
        account_id: str,
        order: Record,
        answers: Sequence[Record],
    ) -> Line:
        side = side_of(order, account_id)
        versions = [row for row in answers if row.order_id == order.id]
        files = await files_of(connection, order, versions, side)
        return shown_requirements(order, versions, files, side)

    def _order(
        self,
        account_id: str,
        order: Record,
        people: views.People,
        *,
        history: Sequence[Record],
        requirements: Line,
    ) -> Line:
        return {
            "type": "order",
            **self._order_views.show(order, people, account_id),
            "requirements": requirements,
            "timeline": [views.timeline_entry(row) for row in history],
            "plan": views.plan(order),
            "welcome": views.welcome(order, account_id),
        }

    async def _entries(self, conversation_id: str) -> AsyncIterator[Sequence[Line]]:
        after = 0
        while True:
            async with self._database.reading() as connection:
                rows = await conversations.entries_between(
                    connection, conversation_id, after=after, limit=self._page
                )
            if rows:
                yield [_entry(row) for row in rows]
            if len(rows) < self._page:
                return
            after = rows[-1].seq

    async def _notifications(self, page: Sequence[Record]) -> Sequence[Line]:
        """Show some notifications, each with why it went out on each channel, or did not."""
        ids = [row.id for row in page]
        async with self._database.reading() as connection:
            lines = await ledger.of_notifications(connection, BUCKET, ids)
            tries = await ledger.attempts_at(connection, BUCKET, ids)
        steps = traces.steps_by_notification(lines, tries)
        return [
            {
                "type": "notification",
                **views.notification(row),
                "steps": [traces.told(step) for step in steps.get(row.id, ())],
            }
            for row in page
        ]


def _others(page: Sequence[Record]) -> set[str]:
    """Name who else stands in these rows."""
    named = (row._mapping for row in page)
    return {row[name] for row in named for name in ("other_id", "account_id") if name in row}


def _entry(row: Record) -> Line:
    shown = dict(views.page_entry(row) if row.kind == EntryKind.MESSAGE else views.entry(row))
    shown["type"] = ENTRY_TYPES.get(EntryKind(row.kind), row.kind)
    return {"type": shown.pop("type"), "conversation_id": row.conversation_id, **shown}


def _plain(row: Record, *left_out: str) -> Line:
    """Show a row as it is, but for what is named."""
    return {
        name: rfc3339(value) if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
        if name not in left_out
    }


def _push_subscription(row: Record, _people: views.People) -> Line:
    """Show a device without what lets others push to it."""
    return {"id": row.id, "label": row.label, "created_at": rfc3339(row.created_at)}


def _contact(row: Record, people: views.People) -> Line:
    completed = row.completed or {"orders": 0, "amounts": {}}
    return {
        "person": people[row.other_id],
        "conversation_id": row.conversation_id,
        "first_wrote_at": rfc3339_or_none(row.first_wrote_at),
        "last_order_at": rfc3339_or_none(row.last_order_at),
        "completed_orders": completed["orders"],
        "totals": [views.money(amount, name) for name, amount in completed["amounts"].items()],
    }


def _about_other(row: Record, people: views.People) -> Line:
    return {"person": people[row.other_id], **_plain(row, "account_id", "other_id")}


def _report(row: Record, people: views.People) -> Line:
    """Show what was reported; who looked at it is the marketplace's business."""
    left_out = ("reporter", "account_id", "closed_by")
    return {"person": people[row.account_id], **_plain(row, *left_out)}


_ROWS = (
    _Rows("push_subscription", tables.push_subscriptions, tables.push_subscriptions.c.account_id),
    _Rows("service", tables.services, tables.services.c.seller_id),
    _Rows("quick_reply", tables.quick_replies, tables.quick_replies.c.account_id),
    _Rows("draft", tables.drafts, tables.drafts.c.account_id),
    _Rows("held_message", tables.held_messages, tables.held_messages.c.account_id),
    _Rows("contact", tables.contacts, tables.contacts.c.account_id, exports.KNOWN),
    _Rows("contact_grant", tables.contact_grants, tables.contact_grants.c.account_id),
    _Rows("block", tables.blocks, tables.blocks.c.account_id),
    _Rows("report", tables.reports, tables.reports.c.reporter),
    _Rows("suppression", tables.suppressions, tables.suppressions.c.account_id),
)
_SHOWN: Mapping[str, Any] = {
    "push_subscription": _push_subscription,
    "service": lambda row, _people: views.service(row),
    "quick_reply": lambda row, _people: _plain(row, "account_id"),
    "draft": lambda row, _people: _plain(row, "account_id", "after_seq"),
    "held_message": lambda row, _people: _plain(row, "account_id"),
    "contact": _contact,
    "contact_grant": _about_other,
    "block": _about_other,
    "report": _report,
    "suppression": lambda row, _people: _plain(row, "account_id"),
}
