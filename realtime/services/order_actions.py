"""Actions on orders: each is one transaction, or is refused and changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from domain.attachments import AttachmentUse
from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import Identity, Role
from domain.lifecycle import Action, RequestKind, Rule, Side, rule_for
from domain.orders import ACTIVE, CLOCK_RUNS, OrderStatus
from domain.requirements import Answer, RequirementsStatus
from domain.timers import CLOCK_STARTS, Course, Periods, TimerKind, timers_of
from realtime.clock import Clock
from realtime.delivery.planner import Notice
from realtime.services import attachment_uses
from realtime.services.attachment_uses import Purpose
from realtime.services.order_commands import Answers, Data, Handover, NoteText, Nothing
from realtime.services.order_events import SYSTEM, Event, OrderEvents
from realtime.services.order_steps import (
    STEPS,
    Acting,
    Step,
    Told,
    lapse_request,
    start,
    withdraw_request,
)
from realtime.services.order_views import OrderViews, may_see, side_of
from realtime.services.people import People
from realtime.services.requirements import answers_of, check_complete, keep_answers, use_files
from realtime.services.shapes import Order, Person
from storage import contacts, conversations, order_notes, orders, timers
from storage.engine import Database, Transaction
from storage.rows import Record


class OrderActions:
    """Does what the table of the lifecycle allows."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        events: OrderEvents,
        order_views: OrderViews,
        clock: Clock,
        periods: Periods,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._people = people
        self._events = events
        self._views = order_views
        self._clock = clock
        self._periods = periods
        self._new_id = new_id

    async def act(
        self,
        identity: Identity,
        order_id: str,
        action: Action,
        told: Data,
        *,
        actor: str | None = None,
    ) -> Order:
        """Do one thing with an order and return it as its actor then sees it.

        ``actor`` is whom the marketplace acts for: one of the two accounts, or ``system``. Raises
        Conflict ``action_not_available`` when the order, as it is by now, does not allow it.
        """

        async def work(tx: Transaction) -> Order:
            order = await self.held(tx, identity, order_id)
            acting = self._acting(order, identity, actor)
            rule = self._rule(order, acting, action)
            changed = await self._do(tx, acting, rule, told)
            people = await self._people.get(tx.connection, (order.seller_id, order.buyer_id))
            return self._views.show(changed, people, acting.by)

        return await self._database.transaction(work)

    async def held(self, tx: Transaction, identity: Identity, order_id: str) -> Record:
        """Read an order and hold it still; NotFound for whom it is none of their business."""
        order = await orders.lock(tx.connection, order_id)
        if order is None or not may_see(identity, order):
            raise NotFound("there is no such order")
        return order

    def _acting(self, order: Record, identity: Identity, actor: str | None) -> Acting:
        by = identity.account_id
        if identity.role is Role.MARKETPLACE:
            by = actor or SYSTEM
            if by != SYSTEM and side_of(order, by) is None:
                raise Invalid.field("actor", f"is the buyer, the seller or {SYSTEM}")
        elif actor is not None and actor != by:
            raise Invalid.field("actor", "only the marketplace acts for others")
        return self.acting(order, by)

    def acting(self, order: Record, by: str) -> Acting:
        """Say who acts on an order, and when."""
        return Acting(
            order=order,
            by=by,
            side=side_of(order, by),
            now=self._clock.now(),
            periods=self._periods,
        )

    def _rule(self, order: Record, acting: Acting, action: Action) -> Rule:
        side = acting.side or Side.MARKETPLACE
        rule = rule_for(action, side, self._views.situation(order))
        if rule is None:
            raise self._views.refusal(order, acting.by, action, path="action")
        return rule

    async def _do(self, tx: Transaction, acting: Acting, rule: Rule, told: Data) -> Record:
        if isinstance(told, NoteText):
            await self.add_note(tx, acting.order, acting.by, told.body)
            return acting.order
        if rule.action is Action.DELIVER:
            acting = await self._end_extension(tx, acting)
        if isinstance(told, Answers):
            step = await self._submit(tx, acting, told)
        else:
            step = STEPS[rule.action](acting, told)
        if isinstance(told, Handover):
            step = await self._with_files(tx, acting, step, told)
        return await self.apply(tx, acting, step, rule.target)

    async def _end_extension(self, tx: Transaction, acting: Acting) -> Acting:
        """End a request for more time before the delivery that it was for."""
        pending = acting.order.pending_request
        if not pending or pending["kind"] != RequestKind.EXTENSION:
            return acting
        if acting.requester is acting.side:
            order = await self.apply(tx, acting, withdraw_request(acting, Nothing()), None)
        else:
            by_time = self.acting(acting.order, SYSTEM)
            order = await self.apply(tx, by_time, lapse_request(by_time), None)
        return replace(acting, order=order)

    async def _with_files(
        self, tx: Transaction, acting: Acting, step: Step, told: Handover
    ) -> Step:
        """Put what is known of the files that are handed over where their ids stand."""
        purpose = Purpose(
            used_as=AttachmentUse.DELIVERY,
            conversation_id=acting.order.conversation_id,
            order_id=acting.order.id,
        )
        named = attachment_uses.by_place(told.attachments, "data.attachments")
        shown = await attachment_uses.use(tx, acting.by, named, purpose, acting.now)
        return replace(step, data={**step.data, "attachments": shown})

    async def _submit(self, tx: Transaction, acting: Acting, told: Answers) -> Step:
        check_complete(acting.order, told.answers)
        await use_files(tx, acting.order, told.answers, AttachmentUse.ANSWER, acting.now)
        await keep_answers(tx, acting.order, told.answers, acting.by, acting.now)
        changes = answers_of(told.answers, acting.now)
        return start(acting, "requirements_submitted", RequirementsStatus.SUBMITTED, changes)

    async def change_answers(
        self, identity: Identity, order_id: str, answers: Mapping[str, Answer]
    ) -> None:
        """Hand answers in: for the first time, which starts the clock, or changed ones."""

        async def work(tx: Transaction) -> None:
            order = await self.held(tx, identity, order_id)
            acting = self.acting(order, identity.account_id)
            if acting.side is not Side.BUYER:
                raise Forbidden("the buyer answers")
            if order.status == OrderStatus.AWAITING_REQUIREMENTS:
                rule = self._rule(order, acting, Action.SUBMIT_REQUIREMENTS)
                await self._do(tx, acting, rule, Answers(answers=dict(answers)))
                return
            if order.status not in ACTIVE:
                self._rule(order, acting, Action.SUBMIT_REQUIREMENTS)
            check_complete(order, answers)
            await use_files(tx, order, answers, AttachmentUse.ANSWER, acting.now)
            await keep_answers(tx, order, answers, acting.by, acting.now)
            status = {"requirements_status": RequirementsStatus.SUBMITTED}
            step = Step(
                event="requirements_changed",
                changes={**answers_of(answers, acting.now), **status},
                told=(Told(side=Side.SELLER, texts="requirements_changed"),),
            )
            await self.apply(tx, acting, step, None)

        await self._database.transaction(work)

    async def apply(
        self, tx: Transaction, acting: Acting, step: Step, target: OrderStatus | None
    ) -> Record:
        """Store a step, tell everybody, and set the order's timers."""
        values = dict(step.changes) | {"updated_at": acting.now}
        if target is not None:
            values |= {"status": target, "active": target in ACTIVE}
        order = await orders.change(tx.connection, acting.order.id, values)
        if target is OrderStatus.COMPLETED:
            await contacts.note_completed(
                tx.connection,
                order.seller_id,
                order.buyer_id,
                amount=order.price_amount,
                currency=order.price_currency,
            )
        people = await self._people.get(tx.connection, (order.seller_id, order.buyer_id))
        notices = [notice(order, people, step.event, told) for told in step.told]
        await self._events.tell(
            tx, order, Event(name=step.event, by=acting.by, data=step.data, notices=notices)
        )
        # After the telling: what the seller does puts the nudge off.
        await self.set_timers(tx, order)
        return order

    async def set_timers(self, tx: Transaction, order: Record) -> None:
        """Make an order's timers those that it now has."""
        due = await self.due(tx, order)
        wanted = {str(kind): at for kind, at in due.items()}
        ids = [self._new_id() for _ in wanted]
        await timers.put(tx.connection, order.id, wanted, now=self._clock.now(), ids=ids)
        tx.ring(timers.DOORBELL)

    async def due(self, tx: Transaction, order: Record) -> Mapping[TimerKind, datetime]:
        """Tell what falls due of an order as it is by now, and when."""
        updated_at = await _updated_at(tx, order) if order.status in CLOCK_RUNS else None
        return timers_of(course_of(order, updated_at), self._periods)

    async def show_order(self, tx: Transaction, order: Record) -> None:
        """Show both sides an order whose papers have changed; that is no event."""
        await self._events.show(tx, order)

    async def add_note(self, tx: Transaction, order: Record, author: str, body: str) -> str:
        """Keep a note that its author alone sees; return its id."""
        now = self._clock.now()
        note_id = self._new_id()
        await order_notes.add(
            tx.connection,
            {
                "order_id": order.id,
                "id": note_id,
                "author": author,
                "body": body,
                "created_at": now,
                "updated_at": now,
            },
        )
        return note_id


async def _updated_at(tx: Transaction, order: Record) -> datetime:
    """Tell when the seller last told the buyer anything, or the clock last started."""
    seller = order.seller_id
    wrote_at = await conversations.last_wrote_at(tx.connection, order.conversation_id, seller)
    told_at = await orders.last_told_at(tx.connection, order.id, by=seller, or_in=CLOCK_STARTS)
    return max(at for at in (wrote_at, told_at, order.created_at) if at is not None)


def course_of(order: Record, updated_at: datetime | None) -> Course:
    """Read the moments off an order that its timers hang on."""
    return Course(
        status=OrderStatus(order.status),
        created_at=order.created_at,
        due_at=order.due_at,
        review_ends_at=order.review_ends_at,
        request_ends_at=request_ends_at(order),
        updated_at=updated_at,
        reminded_at=order.reminded_at,
    )


def request_ends_at(order: Record) -> datetime | None:
    """Return when the request that waits for an answer ends, if there is one."""
    pending = order.pending_request
    return datetime.fromisoformat(pending["expires_at"]) if pending else None


def notice(order: Record, people: Mapping[str, Person], event: str, told: Told) -> Notice:
    """Write the alert of an event for one side of an order."""
    sides = {Side.SELLER: order.seller_id, Side.BUYER: order.buyer_id}
    account_id = sides[told.side]
    other = order.buyer_id if told.side is Side.SELLER else order.seller_id
    return Notice(
        account_id=account_id,
        category=told.category,
        template="order_changed",
        cause=f"order:{order.id}:{event}:{told.texts}:{order.version}",
        link=f"/orders/{order.id}",
        facts={
            "event": told.texts,
            "number": order.number,
            "service": order.service_title,
            "person": people[other]["name"],
            "text": told.text,
            "when": told.when,
        },
        order_id=order.id,
        conversation_id=order.conversation_id,
    )
