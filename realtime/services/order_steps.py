"""What each action changes and tells: the second half of the lifecycle's table.

A step looks at the order as it was, and says what becomes of it; ``OrderActions`` stores and tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.errors import Conflict, Invalid
from domain.instants import rfc3339
from domain.lifecycle import Action, PlanApproval, RequestKind, Side
from domain.preferences import Category
from domain.requirements import RequirementsStatus
from domain.texts import is_blank
from domain.timers import Periods
from realtime.services import views
from realtime.services.order_commands import (
    Approval,
    AskForChanges,
    AskForTime,
    AskToCancel,
    Data,
    Deliver,
    ForApproval,
    Say,
    SendBack,
)
from realtime.services.order_views import request_shape
from storage.rows import Record

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert: which side gets it, and by which texts; ``when`` and ``text`` stand in them."""

    side: Side
    texts: str
    category: Category = Category.ORDER_UPDATE
    when: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of an order: changed values, the event that both see, and alerts."""

    event: str
    changes: Values = field(default_factory=dict)
    data: Values = field(default_factory=dict)
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Somebody acts on an order; without a ``side`` it is the marketplace or the time."""

    order: Record
    by: str
    side: Side | None
    now: datetime
    periods: Periods

    @property
    def other(self) -> Side:
        """Who is to be told."""
        return Side.SELLER if self.side is Side.BUYER else Side.BUYER

    @property
    def request(self) -> Mapping[str, Any]:
        """The request that waits for an answer."""
        pending: Mapping[str, Any] = self.order.pending_request
        return pending

    @property
    def requester(self) -> Side:
        """Whose request it is."""
        return Side.SELLER if self.request["by"] == self.order.seller_id else Side.BUYER

    @property
    def due_at(self) -> datetime:
        """When delivery is due if the clock starts now."""
        return self.now + timedelta(days=self.order.delivery_days)


NO_REQUEST: dict[str, Any] = {"pending_request": None}


def start(acting: Acting, event: str, status: RequirementsStatus, changes: Values) -> Step:
    """Start the delivery clock."""
    told = Told(side=acting.other, texts=event, when=acting.due_at)
    return Step(
        event=event,
        changes={"due_at": acting.due_at, "requirements_status": status, **changes},
        data={"due_at": rfc3339(acting.due_at)},
        told=(told,),
    )


def skip_requirements(acting: Acting, _data: Data) -> Step:
    """Begin without answers."""
    return start(acting, "requirements_skipped", RequirementsStatus.SKIPPED, {})


def remind_requirements(acting: Acting, _data: Data) -> Step:
    """Ask for the answers once more."""
    told = Told(side=Side.BUYER, texts="requirements_reminded", category=Category.REMINDER)
    return Step(event="requirements_reminded", changes={"reminded_at": acting.now}, told=(told,))


def deliver(acting: Acting, data: Deliver) -> Step:
    """Hand the work over; the review begins."""
    ends = acting.now + acting.periods.review
    return Step(
        event="delivered",
        changes={"review_ends_at": ends},
        data={
            "message": data.message,
            "attachments": data.attachments,
            "review_ends_at": rfc3339(ends),
        },
        told=(Told(side=Side.BUYER, texts="delivered", when=ends, text=data.message),),
    )


def request_revision(acting: Acting, data: AskForChanges) -> Step:
    """Send the work back."""
    return Step(
        event="revision_requested",
        changes={"review_ends_at": None},
        data={"message": data.message},
        told=(Told(side=Side.SELLER, texts="revision_requested", text=data.message),),
    )


def accept(acting: Acting, _data: Data) -> Step:
    """Take the work; in the end the time does it by itself."""
    ended = {"review_ends_at": None} | NO_REQUEST
    if acting.side is None:
        both = (Side.SELLER, Side.BUYER)
        told = tuple(Told(side=side, texts="completed_by_time") for side in both)
    else:
        told = (Told(side=Side.SELLER, texts="completed"),)
    return Step(event="completed", changes=ended, data={"by_time": acting.side is None}, told=told)


def request_extension(acting: Acting, data: AskForTime) -> Step:
    """Ask for more time."""
    return _request(acting, RequestKind.EXTENSION, data.days, data.reason)


def request_cancellation(acting: Acting, data: AskToCancel) -> Step:
    """Ask to cancel."""
    return _request(acting, RequestKind.CANCELLATION, 0, data.reason)


def _request(acting: Acting, kind: RequestKind, days: int, reason: str) -> Step:
    expires = acting.now + acting.periods.request
    request = request_shape(
        kind, acting.by, at=acting.now, expires_at=expires, days=days, reason=reason
    )
    told = Told(side=acting.other, texts=f"{kind}_requested", when=expires, text=reason)
    return Step(
        event=f"{kind}_requested",
        changes={"pending_request": request},
        data={"days": days, "reason": reason, "expires_at": rfc3339(expires)},
        told=(told,),
    )


def accept_request(acting: Acting, _data: Data) -> Step:
    """Agree to what the other side asks for."""
    if acting.request["kind"] == RequestKind.CANCELLATION:
        return cancel(acting, Say(reason=acting.request["reason"]))
    due_at = (acting.order.due_at or acting.now) + timedelta(days=acting.request["days"])
    return Step(
        event="extension_accepted",
        changes={"due_at": due_at} | NO_REQUEST,
        data={"due_at": rfc3339(due_at), "days": acting.request["days"]},
        told=(Told(side=acting.requester, texts="extension_accepted", when=due_at),),
    )


def decline_request(acting: Acting, data: Say) -> Step:
    """Do not agree."""
    event = f"{acting.request['kind']}_declined"
    told = Told(side=acting.requester, texts=event, text=data.reason)
    return Step(event=event, changes=NO_REQUEST, data={"reason": data.reason}, told=(told,))


def withdraw_request(acting: Acting, _data: Data) -> Step:
    """Take one's own request back."""
    event = f"{acting.request['kind']}_withdrawn"
    return Step(event=event, changes=NO_REQUEST, told=(Told(side=acting.other, texts=event),))


def lapse_request(acting: Acting) -> Step:
    """Let a request for more time end without an answer."""
    told = Told(side=acting.requester, texts="extension_lapsed")
    return Step(event="extension_lapsed", changes=NO_REQUEST, told=(told,))


def cancel(acting: Acting, data: Say) -> Step:
    """End the order without delivery."""
    sides = (acting.other,) if acting.side else (Side.SELLER, Side.BUYER)
    told = tuple(Told(side=side, texts="cancelled", text=data.reason) for side in sides)
    ended = {"review_ends_at": None} | NO_REQUEST
    return Step(event="cancelled", changes=ended, data={"reason": data.reason}, told=told)


NO_PLAN: Values = {"tasks": [], "version": 0}


def send_plan(acting: Acting, data: ForApproval) -> Step:
    """Ask for the plan to be approved, or for a draft that comes along."""
    plan = acting.order.plan or NO_PLAN
    if not plan["tasks"] and is_blank(data.message) and not data.attachments:
        raise Invalid.field("data.attachments", "or a message are given: there is no plan to send")
    # What there is no plan for is a draft, and approved as such; each is a version of its own.
    draft = not plan["tasks"]
    version = plan["version"] + 1 if draft or data.attachments else plan["version"]
    kept = {**plan, "draft": draft, "version": version}
    said = {"message": data.message, "attachments": data.attachments}
    return _plan(kept, PlanApproval.SENT, Side.BUYER, said)


def approve_plan(acting: Acting, data: Approval) -> Step:
    """Approve the plan."""
    _require_version(acting, data.version)
    return _plan(acting.order.plan, PlanApproval.APPROVED, Side.SELLER, {})


def return_plan(acting: Acting, data: SendBack) -> Step:
    """Send the plan back."""
    _require_version(acting, data.version)
    said = {"message": data.message}
    return _plan(acting.order.plan, PlanApproval.RETURNED, Side.SELLER, said)


def _require_version(acting: Acting, version: int | None) -> None:
    """Refuse an answer to a plan that the buyer has not seen."""
    now = acting.order.plan["version"]
    if version not in (None, now):
        raise Conflict(
            f"the plan is in version {now} by now",
            path="data.version",
            code="plan_changed",
            state={"plan": views.plan(acting.order)},
        )


def _plan(plan: Values, approval: PlanApproval, side: Side, said: Values) -> Step:
    texts = f"draft_{approval}" if plan.get("draft") else f"plan_{approval}"
    return Step(
        event=f"plan_{approval}",
        changes={"plan": {**plan, "approval": approval}},
        data={"version": plan["version"], "tasks": plan["tasks"], **said},
        told=(Told(side=side, texts=texts, text=said.get("message", "")),),
    )


STEPS: Mapping[Action, Callable[[Acting, Any], Step]] = {
    Action.SKIP_REQUIREMENTS: skip_requirements,
    Action.REMIND_REQUIREMENTS: remind_requirements,
    Action.DELIVER: deliver,
    Action.REQUEST_REVISION: request_revision,
    Action.ACCEPT: accept,
    Action.REQUEST_EXTENSION: request_extension,
    Action.REQUEST_CANCELLATION: request_cancellation,
    Action.ACCEPT_REQUEST: accept_request,
    Action.DECLINE_REQUEST: decline_request,
    Action.WITHDRAW_REQUEST: withdraw_request,
    Action.CANCEL: cancel,
    Action.SEND_PLAN: send_plan,
    Action.APPROVE_PLAN: approve_plan,
    Action.RETURN_PLAN: return_plan,
}
