"""What time does to orders: reminders go out, reviews and requests end, each once."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from domain.lifecycle import RequestKind, Side
from domain.orders import OrderStatus
from domain.preferences import Category
from domain.timers import TimerKind
from realtime.clock import Clock
from realtime.services.order_actions import OrderActions, notice
from realtime.services.order_commands import Nothing, Say
from realtime.services.order_events import SYSTEM, OrderEvents
from realtime.services.order_steps import Acting, Step, Told, accept, cancel, lapse_request
from realtime.services.people import People
from storage import orders, timers
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.timers import DueTimer

BATCH = 100
LEASE = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class OrderTimers:
    """Fires what is due; any number of processes may."""

    def __init__(
        self,
        *,
        database: Database,
        actions: OrderActions,
        events: OrderEvents,
        people: People,
        clock: Clock,
    ) -> None:
        self._database = database
        self._actions = actions
        self._events = events
        self._people = people
        self._clock = clock

    async def fire_due(self) -> int:
        """Fire timers that are due by now, at most one batch; return how many there were."""
        now = self._clock.now()

        async def claim(tx: Transaction) -> list[DueTimer]:
            return await timers.claim(
                tx.connection,
                limit=BATCH,
                now=now,
                lease_until=now + LEASE,
                token=secrets.token_hex(16),
            )

        due = await self._database.transaction(claim)
        for timer in due:
            await self._fire(timer)
        return len(due)

    async def next_due(self) -> datetime | None:
        """Tell when to look again."""
        async with self._database.reading() as connection:
            return await timers.next_due(connection)

    async def _fire(self, timer: DueTimer) -> None:
        async def work(tx: Transaction) -> None:
            order = await orders.lock(tx.connection, timer.order_id)
            kind = TimerKind(timer.kind)
            if order is None or not await timers.fire(tx.connection, timer):
                return
            # Its order may have moved on since the timer was claimed.
            due_at = (await self._actions.due(tx, order)).get(kind)
            if due_at == timer.due_at:
                await _EFFECTS[kind](self, tx, order, timer)
            elif due_at is not None and kind is TimerKind.NUDGE:
                # The seller has written meanwhile, which moves no timer: look again later.
                await timers.postpone(tx.connection, timer, due_at)

        await self._database.transaction(work)

    # --- what each kind does ------------------------------------------------------------------

    async def _end_review(self, tx: Transaction, order: Record, _timer: DueTimer) -> None:
        acting = self._by_time(order)
        await self._actions.apply(tx, acting, accept(acting, Nothing()), OrderStatus.COMPLETED)

    async def _end_request(self, tx: Transaction, order: Record, _timer: DueTimer) -> None:
        acting = self._by_time(order)
        if order.pending_request["kind"] == RequestKind.CANCELLATION:
            step = cancel(acting, Say(reason=order.pending_request["reason"]))
            await self._actions.apply(tx, acting, step, OrderStatus.CANCELLED)
        else:
            await self._actions.apply(tx, acting, lapse_request(acting), None)

    async def _tell_lateness(self, tx: Transaction, order: Record, timer: DueTimer) -> None:
        told = tuple(
            Told(side=side, texts=texts, category=Category.REMINDER, when=order.due_at)
            for side, texts in (
                (Side.SELLER, timer.kind),
                (Side.BUYER, f"{timer.kind}_for_buyer"),
            )
        )
        step = Step(event=timer.kind, told=told)
        await self._actions.apply(tx, self._by_time(order), step, None)

    async def _remind(self, tx: Transaction, order: Record, timer: DueTimer) -> None:
        told = _REMINDERS[TimerKind(timer.kind)](order)
        people = await self._people.get(tx.connection, (order.seller_id, order.buyer_id))
        # The moment makes it unique: a timer that was moved reminds anew.
        event = f"{timer.kind}@{timer.due_at.isoformat()}"
        await self._events.remind(tx, notice(order, people, event, told))

    def _by_time(self, order: Record) -> Acting:
        return self._actions.acting(order, SYSTEM)


def _reminder(side: Side, texts: str, when: datetime | None = None) -> Told:
    return Told(side=side, texts=texts, category=Category.REMINDER, when=when)


def _unanswered(order: Record) -> Told:
    asked = Side.BUYER if order.pending_request["by"] == order.seller_id else Side.SELLER
    ends = datetime.fromisoformat(order.pending_request["expires_at"])
    return _reminder(asked, "request_ends_soon", ends)


_REMINDERS: Mapping[TimerKind, Callable[[Record], Told]] = {
    TimerKind.REQUIREMENTS_REMINDER: lambda order: _reminder(Side.BUYER, "requirements_reminder"),
    TimerKind.DUE_SOON: lambda order: _reminder(Side.SELLER, "due_soon", order.due_at),
    TimerKind.NUDGE: lambda order: _reminder(Side.SELLER, "nudge"),
    TimerKind.REVIEW_ENDS_SOON: lambda order: _reminder(
        Side.BUYER, "review_ends_soon", order.review_ends_at
    ),
    TimerKind.REQUEST_ENDS_SOON: _unanswered,
}

_EFFECTS = {
    TimerKind.REQUIREMENTS_REMINDER: OrderTimers._remind,
    TimerKind.DUE_SOON: OrderTimers._remind,
    TimerKind.LATE: OrderTimers._tell_lateness,
    TimerKind.VERY_LATE: OrderTimers._tell_lateness,
    TimerKind.NUDGE: OrderTimers._remind,
    TimerKind.REVIEW_ENDS_SOON: OrderTimers._remind,
    TimerKind.REVIEW_END: OrderTimers._end_review,
    TimerKind.REQUEST_ENDS_SOON: OrderTimers._remind,
    TimerKind.REQUEST_END: OrderTimers._end_request,
}
