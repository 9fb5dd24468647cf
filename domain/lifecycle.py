"""What may be done with an order: who, from where, to where, and on what condition.

One table says it all; ``available`` and ``rule_for`` only look things up in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.orders import ACTIVE, CLOCK_RUNS, Lateness, OrderStatus


class Side(StrEnum):
    """Whose action it is; an operator of the marketplace acts for the marketplace."""

    BUYER = "buyer"
    SELLER = "seller"
    MARKETPLACE = "marketplace"


class Action(StrEnum):
    """What can be done; the value is the public name."""

    SUBMIT_REQUIREMENTS = "submit_requirements"
    SKIP_REQUIREMENTS = "skip_requirements"
    REMIND_REQUIREMENTS = "remind_requirements"
    DELIVER = "deliver"
    REQUEST_REVISION = "request_revision"
    ACCEPT = "accept"
    REQUEST_EXTENSION = "request_extension"
    REQUEST_CANCELLATION = "request_cancellation"
    ACCEPT_REQUEST = "accept_request"
    DECLINE_REQUEST = "decline_request"
    WITHDRAW_REQUEST = "withdraw_request"
    CANCEL = "cancel"
    ADD_NOTE = "add_note"
    SEND_PLAN = "send_plan"
    APPROVE_PLAN = "approve_plan"
    RETURN_PLAN = "return_plan"


class RequestKind(StrEnum):
    """What one side can ask of the other."""

    EXTENSION = "extension"
    CANCELLATION = "cancellation"


class PlanApproval(StrEnum):
    """How far a plan is with the buyer."""

    NONE = "none"
    SENT = "sent"
    APPROVED = "approved"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything about an order that decides what may be done with it just now."""

    status: OrderStatus
    lateness: Lateness = Lateness.ON_TIME
    # The request that waits for an answer, and who made it.
    requested: RequestKind | None = None
    requested_by: Side | None = None
    # No reminder went out within the last day.
    may_remind: bool = True
    plan: PlanApproval = PlanApproval.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of the table; without a ``target`` the order stays where it is."""

    action: Action
    by: frozenset[Side]
    sources: frozenset[OrderStatus]
    target: OrderStatus | None = None
    when: Callable[[Situation, Side], bool] = lambda _situation, _side: True

    def applies(self, situation: Situation, side: Side) -> bool:
        """Tell whether this line allows its action to ``side`` now."""
        allowed = side in self.by and situation.status in self.sources
        return allowed and self.when(situation, side)


_BUYER = frozenset({Side.BUYER})
_SELLER = frozenset({Side.SELLER})
_EITHER = frozenset({Side.BUYER, Side.SELLER})
_MARKETPLACE = frozenset({Side.MARKETPLACE})
_WAITING = frozenset({OrderStatus.AWAITING_REQUIREMENTS})
_DELIVERED = frozenset({OrderStatus.DELIVERED})
_ANY = frozenset(OrderStatus)


def _asked_by_other(situation: Situation, side: Side) -> bool:
    return situation.requested is not None and situation.requested_by is not side


def _asked_for(kind: RequestKind) -> Callable[[Situation, Side], bool]:
    return lambda situation, side: (
        situation.requested is kind and situation.requested_by is not side
    )


def _asked_oneself(situation: Situation, side: Side) -> bool:
    return situation.requested is not None and situation.requested_by is side


def _nothing_asked(situation: Situation, _side: Side) -> bool:
    return situation.requested is None


RULES: Sequence[Rule] = (
    Rule(
        action=Action.SUBMIT_REQUIREMENTS,
        by=_BUYER,
        sources=_WAITING,
        target=OrderStatus.IN_PROGRESS,
    ),
    Rule(
        action=Action.SKIP_REQUIREMENTS,
        by=_SELLER,
        sources=_WAITING,
        target=OrderStatus.IN_PROGRESS,
    ),
    Rule(
        action=Action.REMIND_REQUIREMENTS,
        by=_SELLER,
        sources=_WAITING,
        when=lambda situation, _side: situation.may_remind,
    ),
    Rule(
        action=Action.DELIVER,
        by=_SELLER,
        sources=CLOCK_RUNS,
        target=OrderStatus.DELIVERED,
    ),
    Rule(
        action=Action.REQUEST_REVISION,
        by=_BUYER,
        sources=_DELIVERED,
        target=OrderStatus.IN_REVISION,
    ),
    Rule(
        action=Action.ACCEPT,
        by=_BUYER,
        sources=_DELIVERED,
        target=OrderStatus.COMPLETED,
    ),
    Rule(
        action=Action.REQUEST_EXTENSION,
        by=_EITHER,
        sources=CLOCK_RUNS,
        when=_nothing_asked,
    ),
    Rule(
        action=Action.REQUEST_CANCELLATION,
        by=_EITHER,
        sources=ACTIVE,
        when=_nothing_asked,
    ),
    Rule(
        action=Action.ACCEPT_REQUEST,
        by=_EITHER,
        sources=CLOCK_RUNS,
        when=_asked_for(RequestKind.EXTENSION),
    ),
    Rule(
        action=Action.ACCEPT_REQUEST,
        by=_EITHER,
        sources=ACTIVE,
        target=OrderStatus.CANCELLED,
        when=_asked_for(RequestKind.CANCELLATION),
    ),
    Rule(
        action=Action.DECLINE_REQUEST,
        by=_EITHER,
        sources=ACTIVE,
        when=_asked_by_other,
    ),
    Rule(
        action=Action.WITHDRAW_REQUEST,
        by=_EITHER,
        sources=ACTIVE,
        when=_asked_oneself,
    ),
    Rule(
        action=Action.CANCEL,
        by=_BUYER,
        sources=_WAITING,
        target=OrderStatus.CANCELLED,
    ),
    Rule(
        action=Action.CANCEL,
        by=_BUYER,
        sources=CLOCK_RUNS,
        target=OrderStatus.CANCELLED,
        when=lambda situation, _side: situation.lateness is Lateness.VERY_LATE,
    ),
    Rule(
        action=Action.CANCEL,
        by=_MARKETPLACE,
        sources=ACTIVE,
        target=OrderStatus.CANCELLED,
    ),
    Rule(
        action=Action.ADD_NOTE,
        by=_EITHER,
        sources=_ANY,
    ),
    Rule(
        action=Action.SEND_PLAN,
        by=_SELLER,
        sources=ACTIVE,
    ),
    Rule(
        action=Action.APPROVE_PLAN,
        by=_BUYER,
        sources=ACTIVE,
        when=lambda situation, _side: situation.plan is PlanApproval.SENT,
    ),
    Rule(
        action=Action.RETURN_PLAN,
        by=_BUYER,
        sources=ACTIVE,
        when=lambda situation, _side: situation.plan is PlanApproval.SENT,
    ),
)


def rule_for(action: Action, side: Side, situation: Situation) -> Rule | None:
    """Return the line that allows ``action`` to ``side`` now; None if there is none."""
    matching = (rule for rule in RULES if rule.action is action)
    return next((rule for rule in matching if rule.applies(situation, side)), None)


def available(side: Side, situation: Situation) -> list[Action]:
    """List what ``side`` may do now, in the order of the table."""
    found = dict.fromkeys(rule.action for rule in RULES if rule.applies(situation, side))
    return list(found)
