"""An order as one of its sides sees it, with what that side may do just now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.errors import Conflict
from domain.identity import Identity, Role
from domain.instants import rfc3339
from domain.lifecycle import PlanApproval, RequestKind, Side, Situation, available
from domain.orders import OrderStatus, lateness
from domain.timers import REMINDERS_APART, Periods
from realtime.clock import Clock
from realtime.services import shapes, views
from realtime.services.views import People
from storage.rows import Record


def side_of(order: Record, account_id: str) -> Side | None:
    """Tell which side of an order an account is on, if any."""
    if account_id == order.seller_id:
        return Side.SELLER
    return Side.BUYER if account_id == order.buyer_id else None


def may_see(identity: Identity, order: Record) -> bool:
    """Tell whether somebody may see an order: its two sides, and who looks after them."""
    looks_after = identity.role in (Role.OPERATOR, Role.MARKETPLACE)
    return looks_after or side_of(order, identity.account_id) is not None


class OrderViews:
    """Shows orders by the clock."""

    def __init__(self, *, clock: Clock, periods: Periods) -> None:
        self._clock = clock
        self._periods = periods

    def show(self, order: Record, people: People, viewer: str) -> shapes.Order:
        """Show an order to an account, or to the marketplace if it is neither of its sides."""
        now = self._clock.now()
        side = side_of(order, viewer) or Side.MARKETPLACE
        shown = views.order(order, people, now=now, very_late_after=self._periods.very_late)
        actions = available(side, self.situation(order))
        shown["available_actions"] = actions
        shown["pending_request"] = order.pending_request
        return shown

    def require_open(self, order: Record, viewer: str, wanted: str) -> None:
        """Refuse to change what belongs to an order that is over."""
        if not order.active:
            raise self.refusal(order, viewer, wanted)

    def refusal(
        self, order: Record, viewer: str, wanted: str, *, path: str | None = None
    ) -> Conflict:
        """Refuse what an order does not allow as it is by now, and say what it does allow."""
        side = side_of(order, viewer) or Side.MARKETPLACE
        actions = available(side, self.situation(order))
        named = ", ".join(actions) or "nothing"
        return Conflict(
            f"{wanted} is not available while the order is {order.status}; available: {named}",
            path=path,
            code="action_not_available",
            state={"order_status": order.status, "available_actions": actions},
        )

    def situation(self, order: Record) -> Situation:
        """Put together what decides what may be done with an order."""
        now = self._clock.now()
        status = OrderStatus(order.status)
        request: Mapping[str, Any] = order.pending_request or {}
        plan: Mapping[str, Any] = order.plan or {}
        return Situation(
            status=status,
            lateness=lateness(status, order.due_at, now, self._periods.very_late),
            requested=RequestKind(request["kind"]) if request else None,
            requested_by=side_of(order, request["by"]) if request else None,
            may_remind=_is_past(order.reminded_at, now - REMINDERS_APART),
            plan=PlanApproval(plan.get("approval", PlanApproval.NONE)),
        )


def _is_past(instant: datetime | None, now: datetime) -> bool:
    return instant is None or instant <= now


def request_shape(
    kind: RequestKind, by: str, *, at: datetime, expires_at: datetime, days: int, reason: str
) -> shapes.PendingRequest:
    """Write a request as the order keeps and shows it."""
    return {
        "kind": kind,
        "by": by,
        "at": rfc3339(at),
        "expires_at": rfc3339(expires_at),
        "days": days,
        "reason": reason,
    }
