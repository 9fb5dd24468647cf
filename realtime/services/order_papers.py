"""What lies around an order: private notes, the plan that both see, the seller's first steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import Identity
from domain.lifecycle import PlanApproval, Side
from domain.orders import FirstStep
from realtime.clock import Clock
from realtime.services import shapes, views
from realtime.services.auditing import Audit
from realtime.services.order_actions import OrderActions
from realtime.services.order_views import OrderViews, may_see, side_of
from storage import order_notes, orders
from storage.engine import Database, Transaction
from storage.rows import Record

MAX_TASKS = 100


class OrderPapers:
    """Use cases around notes, plan and checklist."""

    def __init__(
        self,
        *,
        database: Database,
        actions: OrderActions,
        order_views: OrderViews,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._actions = actions
        self._views = order_views
        self._audit = audit
        self._clock = clock

    # --- private notes ------------------------------------------------------------------------

    async def notes(self, identity: Identity, order_id: str) -> Sequence[shapes.Note]:
        """List the caller's own notes on an order."""
        async with self._database.reading() as connection:
            order = await orders.get(connection, order_id)
            _require_side(order, identity)
            rows = await order_notes.of_author(connection, order_id, identity.account_id)
        return [views.note(row) for row in rows]

    async def add_note(self, identity: Identity, order_id: str, body: str) -> shapes.Note:
        """Write a note that nobody else sees."""

        async def work(tx: Transaction) -> shapes.Note:
            order = await orders.get(tx.connection, order_id)
            author = identity.account_id
            note_id = await self._actions.add_note(tx, _require_side(order, identity), author, body)
            rows = await order_notes.of_author(tx.connection, order_id, author)
            return next(views.note(row) for row in rows if row.id == note_id)

        return await self._database.transaction(work)

    async def change_note(
        self, identity: Identity, order_id: str, note_id: str, body: str
    ) -> shapes.Note:
        """Change one's own note."""

        async def work(tx: Transaction) -> shapes.Note:
            row = await order_notes.change(
                tx.connection,
                order_id,
                identity.account_id,
                note_id,
                body=body,
                now=self._clock.now(),
            )
            if row is None:
                raise NotFound("there is no such note")
            return views.note(row)

        return await self._database.transaction(work)

    async def drop_note(self, identity: Identity, order_id: str, note_id: str) -> None:
        """Delete one's own note."""

        async def work(tx: Transaction) -> bool:
            return await order_notes.drop(tx.connection, order_id, identity.account_id, note_id)

        if not await self._database.transaction(work):
            raise NotFound("there is no such note")

    # --- the plan -----------------------------------------------------------------------------

    async def plan(self, identity: Identity, order_id: str) -> shapes.Plan:
        """Show the plan of an order to those who may see the order."""
        async with self._database.reading() as connection:
            order = await orders.get(connection, order_id)
        if order is None or not may_see(identity, order):
            raise NotFound("there is no such order")
        await self._audit.looked(identity, f"order:{order_id}")
        return views.plan(order) or {"tasks": [], "approval": PlanApproval.NONE, "version": 0}

    async def put_plan(
        self, identity: Identity, order_id: str, tasks: Sequence[Mapping[str, Any]]
    ) -> shapes.Plan:
        """Write the plan anew; one that was approved has to be approved again."""
        if len({task["id"] for task in tasks}) < len(tasks):
            raise Invalid.field("tasks", "have different ids")

        async def work(tx: Transaction) -> shapes.Plan:
            order = await orders.lock(tx.connection, order_id)
            order = _require_side(order, identity)
            if side_of(order, identity.account_id) is not Side.SELLER:
                raise Forbidden("the seller plans")
            self._views.require_open(order, identity.account_id, "a change of the plan")
            before = order.plan or {"version": 0, "tasks": [], "approval": PlanApproval.NONE}
            same = _scope(before["tasks"]) == _scope(tasks)
            plan = before | {
                "tasks": list(tasks),
                # Ticking a task off changes nothing of what was agreed.
                "approval": before["approval"] if same else PlanApproval.NONE,
                "version": before["version"] + 1,
            }
            changed = await orders.change(tx.connection, order_id, {"plan": plan})
            await self._actions.show_order(tx, changed)
            shown = views.plan(changed)
            assert shown is not None, "it was written a moment ago"
            return shown

        return await self._database.transaction(work)

    # --- first steps --------------------------------------------------------------------------

    async def tick_welcome(
        self, identity: Identity, order_id: str, done: Sequence[FirstStep]
    ) -> shapes.Welcome:
        """Tick off first steps with a new order."""

        async def work(tx: Transaction) -> shapes.Welcome:
            order = await orders.lock(tx.connection, order_id)
            order = _require_side(order, identity)
            if side_of(order, identity.account_id) is not Side.SELLER:
                raise Forbidden("the first steps are the seller's")
            self._views.require_open(order, identity.account_id, "a change of the first steps")
            changed = await orders.change(tx.connection, order_id, {"welcome": sorted(set(done))})
            shown = views.welcome(changed, identity.account_id)
            assert shown is not None, "the order is open, and its seller asks"
            return shown

        return await self._database.transaction(work)


def _require_side(order: Record | None, identity: Identity) -> Record:
    """Return the order if the caller is one of its two sides."""
    if order is None or side_of(order, identity.account_id) is None:
        raise NotFound("there is no such order")
    return order


def _scope(tasks: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any, Any]]:
    """Return what of a plan is agreed upon."""
    return [(task["id"], task["title"], task["due_at"]) for task in tasks]
