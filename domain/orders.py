"""The life of an order: its statuses, its requirements and how late it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order stands."""

    AWAITING_REQUIREMENTS = "awaiting_requirements"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    IN_REVISION = "in_revision"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Lateness(StrEnum):
    """How an active order stands against its due date; derived, never stored."""

    ON_TIME = "on_time"
    LATE = "late"
    VERY_LATE = "very_late"


class FirstStep(StrEnum):
    """What is worth doing first with a new order, in this order."""

    REVIEW_REQUIREMENTS = "review_requirements"
    THANK = "thank"
    FIRST_STEP = "first_step"
    ASK_QUESTIONS = "ask_questions"


ACTIVE = frozenset(
    {
        OrderStatus.AWAITING_REQUIREMENTS,
        OrderStatus.IN_PROGRESS,
        OrderStatus.DELIVERED,
        OrderStatus.IN_REVISION,
    }
)
# A delivered order waits for its buyer: it is not the seller who is late.
CLOCK_RUNS = frozenset({OrderStatus.IN_PROGRESS, OrderStatus.IN_REVISION})


def lateness(
    status: OrderStatus, due_at: datetime | None, now: datetime, very_late_after: timedelta
) -> Lateness:
    """Tell how late an order is at ``now``."""
    if status not in CLOCK_RUNS or due_at is None or now <= due_at:
        return Lateness.ON_TIME
    return Lateness.VERY_LATE if now > due_at + very_late_after else Lateness.LATE


def order_number(counted: int) -> str:
    """Write the number that people say on the phone."""
    return f"FO-{counted}"


def starting_status(questions: Sequence[Mapping[str, object]], *, answered: bool) -> OrderStatus:
    """An order waits for its requirements unless none is required or the answers came along."""
    waits = not answered and any(question["required"] for question in questions)
    return OrderStatus.AWAITING_REQUIREMENTS if waits else OrderStatus.IN_PROGRESS
