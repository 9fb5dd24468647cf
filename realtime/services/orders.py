"""Orders: placed in one transaction with their thread, contacts and every alert that is due."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import or_

from domain.attachments import AttachmentUse
from domain.conversations import ConversationKind, EntryKind
from domain.errors import Conflict, FieldError, Invalid, NotFound, OrderwireError
from domain.identity import Identity
from domain.orders import ACTIVE, OrderStatus, order_number, starting_status
from domain.preferences import Category
from domain.requirements import (
    Answer,
    Question,
    RequirementsStatus,
    check_answers,
)
from domain.services import ServiceStatus
from realtime.clock import Clock
from realtime.delivery.planner import Notice, Planner
from realtime.services import inbox_news, views
from realtime.services.auditing import Audit
from realtime.services.conversations import SHOWN, Conversations, create
from realtime.services.inbox_news import Change, Kind
from realtime.services.order_events import order_webhook
from realtime.services.order_views import OrderViews, may_see
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.requirements import keep_answers, use_files
from realtime.services.shapes import Order, Page, WholeOrder
from realtime.services.webhook_events import WebhookEvents
from storage import accounts, contacts, conversations, order_notes, orders, services
from storage.conversations import Draft
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.tables import orders as order_table

RECENT_MESSAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """An order as the marketplace took it; ``price_amount`` is in minor units."""

    service_id: str
    buyer_id: str
    price_amount: int
    price_currency: str
    id: str | None = None
    delivery_days: int | None = None
    answers: Mapping[str, Answer] | None = None

    def fingerprint(self) -> str:
        """Tell this order from another one that was sent under the same key."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


class Orders:
    """Use cases around orders."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        conversations: Conversations,
        planner: Planner,
        webhooks: WebhookEvents,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
        new_epoch: Callable[[], str],
        order_views: OrderViews,
        set_timers: Callable[[Transaction, Record], Awaitable[None]],
    ) -> None:
        self._database = database
        self._people = people
        self._conversations = conversations
        self._planner = planner
        self._webhooks = webhooks
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._new_epoch = new_epoch
        self._order_views = order_views
        self._set_timers = set_timers

    async def place(self, command: PlaceOrder, idempotency_key: str) -> tuple[Order, bool]:
        """Store an order with everything that follows from it; the same key places it once.

        Returns the order and whether this call placed it. Raises Invalid for a wrong field,
        Conflict ``service_not_approved`` or ``order_exists``, and Invalid
        ``idempotency_key_reused`` for another order under a key that was used.
        """

        async def work(tx: Transaction) -> tuple[Order, bool]:
            now = self._clock.now()
            order_id = command.id or self._new_id()
            taken = await orders.claim_key(
                tx.connection, idempotency_key, command.fingerprint(), order_id, now
            )
            if taken is None:
                order = await self._store(tx, command, order_id, now)
                if order.requirements_status == RequirementsStatus.SUBMITTED:
                    await keep_answers(tx, order, order.answers, order.buyer_id, now)
                await self._tell(tx, order, now)
                return await self._shown(tx, order), True
            if taken.request_hash != command.fingerprint():
                raise reused_key()
            stored = await orders.get(tx.connection, taken.order_id)
            assert stored is not None, "a key is stored together with its order"
            return await self._shown(tx, stored), False

        return await self._database.transaction(work)

    async def _store(
        self, tx: Transaction, command: PlaceOrder, order_id: str, now: datetime
    ) -> Record:
        service = await self._orderable(tx, command)
        questions = msgspec.convert(service.questions, list[Question])
        if command.answers is not None:
            errors = check_answers(questions, command.answers, "requirements")
            if errors:
                raise Invalid(*errors)
        answered = command.answers is not None
        status = starting_status(service.questions, answered=answered)
        days = command.delivery_days or service.delivery_days
        conversation_id = self._new_id()
        order = await orders.add(
            tx.connection,
            {
                "id": order_id,
                "number": order_number(await orders.next_number(tx.connection, order_id)),
                "service_id": service.id,
                "service_title": service.title,
                "seller_id": service.seller_id,
                "buyer_id": command.buyer_id,
                "price_amount": command.price_amount,
                "price_currency": command.price_currency,
                "status": status,
                "active": status in ACTIVE,
                "delivery_days": days,
                "due_at": now + timedelta(days=days) if _clock_runs(status) else None,
                "conversation_id": conversation_id,
                "questions": service.questions,
                "answers": command.answers or {},
                "requirements_status": _requirements_status(questions, answered=answered),
                "requirements_submitted_at": now if answered and questions else None,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            },
        )
        if order is None:
            raise Conflict("there is an order with this id", path="id", code="order_exists")
        if command.answers:
            answer = AttachmentUse.ANSWER
            await use_files(tx, order, command.answers, answer, now, path="requirements")
        return order

    async def _orderable(self, tx: Transaction, command: PlaceOrder) -> Record:
        service = await services.share(tx.connection, command.service_id)
        if service is None:
            raise Invalid.field("service_id", "there is no such service")
        # Shared: whoever is erased at this moment either has an open order, or has none.
        if await accounts.share(tx.connection, command.buyer_id) is None:
            raise Invalid.field("buyer_id", "there is no such account")
        if await accounts.share(tx.connection, service.seller_id) is None:
            raise Invalid.field("service_id", "its seller is gone")
        if service.seller_id == command.buyer_id:
            raise Invalid.field("buyer_id", "a seller cannot order their own service")
        if service.status != ServiceStatus.APPROVED:
            raise Conflict(
                f"this service is {service.status}, not approved",
                path="service_id",
                code="service_not_approved",
            )
        return service

    async def _tell(self, tx: Transaction, order: Record, now: datetime) -> None:
        """Open the thread, note the contact, plan the alert, and show it all in both inboxes."""
        pair = (order.seller_id, order.buyer_id)
        people = await self._people.get(tx.connection, pair)
        items = await create(
            tx,
            conversation_id=order.conversation_id,
            kind=ConversationKind.ORDER,
            members=pair,
            epoch=self._new_epoch(),
            now=now,
            order=order,
        )
        await self._enter(tx, order, now)
        await self._set_timers(tx, order)
        await self._conversations.between(tx, *pair)
        await contacts.note_order(tx.connection, *pair, now)
        await self._webhooks.tell(tx, [order_webhook(order, "created", order.buyer_id, {})])
        notification = await self._planner.plan(tx, _new_order(order, people))
        await self._show_in_inboxes(tx, order, items, people, notification)

    async def _enter(self, tx: Transaction, order: Record, now: datetime) -> None:
        """Write the first line of the order's history, and the same into its thread."""
        data = {"number": order.number, "service_title": order.service_title}
        draft = Draft(
            conversation_id=order.conversation_id,
            id=self._new_id(),
            kind=EntryKind.ORDER,
            sender=order.buyer_id,
            at=now,
            data={"event": "created", "order_id": order.id, "data": data},
        )
        await conversations.begin(tx.connection, draft)
        await orders.add_to_timeline(
            tx.connection,
            {
                "order_id": order.id,
                "type": "created",
                "actor": order.buyer_id,
                "at": now,
                "data": data,
            },
        )

    async def _show_in_inboxes(
        self,
        tx: Transaction,
        order: Record,
        items: Sequence[Record],
        people: views.People,
        notification: Record | None,
    ) -> None:
        changes = []
        for item in items:
            conversation = partial(views.conversation, item, people)
            changes += [
                Change(item.account_id, Kind.CONVERSATION, item.conversation_id, conversation),
                Change(
                    item.account_id,
                    Kind.ORDER,
                    order.id,
                    partial(self._order_views.show, order, people, item.account_id),
                ),
            ]
        await inbox_news.announce_all(tx, changes, [notification] if notification else [])

    async def _shown(self, tx: Transaction, order: Record) -> Order:
        pair = (order.seller_id, order.buyer_id)
        return self._order_views.show(order, await self._people.get(tx.connection, pair), "")

    async def get(self, identity: Identity, order_id: str) -> WholeOrder:
        """Show an order's page to one of its two sides, or to who looks after them."""
        async with self._database.reading() as connection:
            order = await orders.get(connection, order_id)
            if order is None or not may_see(identity, order):
                raise NotFound("there is no such order")
            people = await self._people.get(connection, (order.seller_id, order.buyer_id))
            timeline = await orders.timeline(connection, order.id)
            notes = await order_notes.of_author(connection, order.id, identity.account_id)
            contact = await contacts.get(connection, order.seller_id, order.buyer_id)
            recent = []
            if contact is not None:
                recent = await conversations.entries_between(
                    connection,
                    contact.conversation_id,
                    after=0,
                    limit=RECENT_MESSAGES,
                    newest_first=True,
                    kinds=SHOWN,
                )
        await self._audit.looked(identity, f"order:{order.id}")
        other = order.seller_id if identity.account_id == order.buyer_id else order.buyer_id
        return {
            **self._order_views.show(order, people, identity.account_id),
            "counterpart": people[other],
            "timeline": [views.timeline_entry(row) for row in timeline],
            "notes": [views.note(row) for row in notes],
            "plan": views.plan(order),
            "welcome": views.welcome(order, identity.account_id),
            "direct_conversation_id": contact.conversation_id if contact else None,
            "recent_messages": [views.page_entry(row) for row in reversed(recent)],
        }

    async def page(
        self,
        identity: Identity,
        *,
        role: str | None,
        status: str | None,
        after: tuple[bool, datetime | None, str] | None,
        limit: int,
    ) -> Page[Order]:
        """List the caller's orders: active ones first, by due time.

        ``role`` is ``seller`` or ``buyer``, ``status`` one of an order's or ``active``.
        """
        columns = order_table.c
        me = identity.account_id
        sides = {"seller": columns.seller_id == me, "buyer": columns.buyer_id == me}
        conditions = [sides[role] if role else or_(*sides.values())]
        if status == "active":
            conditions.append(columns.active.is_(True))
        elif status:
            conditions.append(columns.status == status)
        async with self._database.reading() as connection:
            rows = await orders.page(
                connection, conditions=conditions, after=after, limit=limit + 1
            )
            ids = {row.seller_id for row in rows} | {row.buyer_id for row in rows}
            people = await self._people.get(connection, ids)
        return page_of(
            rows,
            limit,
            show=lambda row: self._order_views.show(row, people, me),
            key=lambda row: (row.active, row.due_at, row.id),
        )


def reused_key() -> OrderwireError:
    """Refuse a key under which another order was placed."""
    wrong = FieldError("Idempotency-Key", "was used for another order")
    return Invalid(wrong, code="idempotency_key_reused")


def _clock_runs(status: OrderStatus) -> bool:
    return status is OrderStatus.IN_PROGRESS


def _requirements_status(questions: list[Question], *, answered: bool) -> RequirementsStatus:
    if not questions:
        return RequirementsStatus.NONE
    return RequirementsStatus.SUBMITTED if answered else RequirementsStatus.PENDING


def _new_order(order: Record, people: Mapping[str, Mapping[str, Any]]) -> Notice:
    return Notice(
        account_id=order.seller_id,
        category=Category.NEW_ORDER,
        template="order_created",
        cause=f"order:{order.id}:created",
        link=f"/orders/{order.id}",
        facts={
            "number": order.number,
            "service": order.service_title,
            "buyer": people[order.buyer_id]["name"],
            "price": views.money(order.price_amount, order.price_currency),
            "due_at": order.due_at,
            "questions": len(order.questions),
            "answered": len(order.answers),
        },
        order_id=order.id,
        conversation_id=order.conversation_id,
    )
