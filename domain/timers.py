"""What happens to an order by itself: its timers are a function of the order, and of nothing else.

After each change they are worked out anew: one that is due at the same moment as before is left as
it is, fired or not, so each fires once for each moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.orders import ACTIVE, CLOCK_RUNS, OrderStatus

# Events with which the delivery clock starts, or starts again.
CLOCK_STARTS = frozenset(
    {"created", "requirements_submitted", "requirements_skipped", "revision_requested"}
)
# The seller reminds of open requirements at most once in so long.
REMINDERS_APART = timedelta(days=1)


class TimerKind(StrEnum):
    """What falls due."""

    REQUIREMENTS_REMINDER = "requirements_reminder"
    DUE_SOON = "due_soon"
    LATE = "late"
    VERY_LATE = "very_late"
    NUDGE = "nudge"
    REVIEW_ENDS_SOON = "review_ends_soon"
    REVIEW_END = "review_end"
    REQUEST_ENDS_SOON = "request_ends_soon"
    REQUEST_END = "request_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long things take; all of them are settings."""

    review: timedelta = timedelta(days=3)
    request: timedelta = timedelta(hours=48)
    very_late: timedelta = timedelta(hours=24)
    nudge: timedelta = timedelta(days=3)
    due_soon: timedelta = timedelta(hours=12)
    requirements_reminder: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The moments of an order that timers hang on.

    ``updated_at`` is when the seller last told the buyer anything, or when the clock last started
    if that was later.
    """

    status: OrderStatus
    created_at: datetime
    due_at: datetime | None = None
    review_ends_at: datetime | None = None
    request_ends_at: datetime | None = None
    updated_at: datetime | None = None
    # When the seller last asked for the requirements.
    reminded_at: datetime | None = None


def timers_of(course: Course, periods: Periods) -> Mapping[TimerKind, datetime]:
    """Return what falls due, and when."""
    found: dict[TimerKind, datetime] = {}
    if course.status is OrderStatus.AWAITING_REQUIREMENTS:
        reminder = course.created_at + periods.requirements_reminder
        if course.reminded_at is None or reminder - course.reminded_at >= REMINDERS_APART:
            found[TimerKind.REQUIREMENTS_REMINDER] = reminder
    if course.status in CLOCK_RUNS:
        found |= _of_the_clock(course, periods)
    if course.status is OrderStatus.DELIVERED and course.review_ends_at is not None:
        found[TimerKind.REVIEW_ENDS_SOON] = course.review_ends_at - periods.due_soon
        found[TimerKind.REVIEW_END] = course.review_ends_at
    if course.status in ACTIVE and course.request_ends_at is not None:
        found[TimerKind.REQUEST_ENDS_SOON] = course.request_ends_at - periods.due_soon
        found[TimerKind.REQUEST_END] = course.request_ends_at
    return found


def _of_the_clock(course: Course, periods: Periods) -> Mapping[TimerKind, datetime]:
    """Return what hangs on the delivery clock while it runs."""
    found = {TimerKind.NUDGE: (course.updated_at or course.created_at) + periods.nudge}
    if course.due_at is not None:
        found[TimerKind.DUE_SOON] = course.due_at - periods.due_soon
        found[TimerKind.LATE] = course.due_at
        found[TimerKind.VERY_LATE] = course.due_at + periods.very_late
    return found
