"""What happens to an order, told everywhere at once: history, thread, inboxes and alerts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from domain.conversations import EntryKind
from domain.instants import rfc3339_or_none
from domain.publications import Publication, thread_channel
from realtime.clock import Clock
from realtime.delivery.planner import Notice, Planner
from realtime.services import inbox_news, views
from realtime.services.inbox_news import Change, Kind
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.webhook_events import WebhookEvent, WebhookEvents
from storage import conversations, inboxes, orders
from storage.conversations import Draft
from storage.engine import Transaction
from storage.rows import Record

# Who acts where no person does: a timer, or the marketplace itself.
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step in an order's life: ``data`` is shown to both sides, ``notices`` are alerts."""

    name: str
    by: str
    data: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[Notice] = ()


class OrderEvents:
    """Tells events in the transaction that makes them true."""

    def __init__(
        self,
        *,
        people: People,
        planner: Planner,
        order_views: OrderViews,
        webhooks: WebhookEvents,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._people = people
        self._planner = planner
        self._views = order_views
        self._webhooks = webhooks
        self._clock = clock
        self._new_id = new_id

    async def tell(self, tx: Transaction, order: Record, event: Event) -> None:
        """Tell what happened to an order as it now is, whose row is locked."""
        now = self._clock.now()
        draft = Draft(
            conversation_id=order.conversation_id,
            id=self._new_id(),
            kind=EntryKind.ORDER,
            sender=event.by,
            at=now,
            data={"event": event.name, "order_id": order.id, "data": dict(event.data)},
        )
        await conversations.append_one(tx.connection, draft)
        data = views.encode(views.entry(draft))
        tx.publish(Publication(thread_channel(order.conversation_id), data, draft.seq))
        await orders.add_to_timeline(
            tx.connection,
            {
                "order_id": order.id,
                "type": event.name,
                "actor": event.by,
                "at": now,
                "data": event.data,
            },
        )
        await self._webhooks.tell(tx, [order_webhook(order, event.name, event.by, event.data)])
        planned = [await self._planner.plan(tx, notice) for notice in event.notices]
        await self._show(tx, order, draft.seq, [row for row in planned if row is not None])

    async def remind(self, tx: Transaction, notice: Notice) -> None:
        """Tell one side something that is no event: nobody else sees it."""
        planned = await self._planner.plan(tx, notice)
        if planned is not None:
            await inbox_news.announce_all(tx, [], [planned])

    async def _show(
        self, tx: Transaction, order: Record, seq: int, notifications: Sequence[Record]
    ) -> None:
        pair = sorted((order.seller_id, order.buyer_id))
        people = await self._people.get(tx.connection, pair)
        values = {
            "last_seq": seq,
            "order_status": order.status,
            "order_due_at": order.due_at,
            "active_at": self._clock.now(),
        }
        changes = []
        for account_id in pair:
            item = await inboxes.change_item(
                tx.connection, account_id, order.conversation_id, values
            )
            shown = partial(views.conversation, item, people)
            changes.append(Change(account_id, Kind.CONVERSATION, order.conversation_id, shown))
            changes.append(self._order_change(order, people, account_id))
        await inbox_news.announce_all(tx, changes, notifications)

    async def show(self, tx: Transaction, order: Record) -> None:
        """Show both sides an order as it now is, without an event."""
        pair = sorted((order.seller_id, order.buyer_id))
        people = await self._people.get(tx.connection, pair)
        changes = [self._order_change(order, people, account_id) for account_id in pair]
        await inbox_news.announce_all(tx, changes, [])

    def _order_change(self, order: Record, people: views.People, account_id: str) -> Change:
        shown = partial(self._views.show, order, people, account_id)
        return Change(account_id, Kind.ORDER, order.id, shown)


def order_webhook(order: Record, event: str, by: str, data: Mapping[str, Any]) -> WebhookEvent:
    """Write what the marketplace's endpoints are told of an event; it knows its people by id."""
    told = {
        "order": {
            "id": order.id,
            "number": order.number,
            "service_id": order.service_id,
            "seller_id": order.seller_id,
            "buyer_id": order.buyer_id,
            "price": views.money(order.price_amount, order.price_currency),
            "status": order.status,
            "due_at": rfc3339_or_none(order.due_at),
            "conversation_id": order.conversation_id,
            "version": order.version,
        },
        "event": event,
        "by": by,
        "data": dict(data),
    }
    return WebhookEvent(f"order.{event}", by, told)
