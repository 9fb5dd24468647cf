"""An order's status at the start, and how late it is."""

from datetime import datetime, timedelta

import pytest

from domain.orders import (
    ACTIVE,
    CLOCK_RUNS,
    Lateness,
    OrderStatus,
    lateness,
    order_number,
    starting_status,
)
from tests.support.clock import NOON

DAY = timedelta(days=1)
RUNNING = sorted(CLOCK_RUNS)


@pytest.mark.parametrize("status", RUNNING)
@pytest.mark.parametrize(
    ("since_due", "expected"),
    [
        (-DAY, Lateness.ON_TIME),
        (timedelta(), Lateness.ON_TIME),
        (timedelta(milliseconds=1), Lateness.LATE),
        (DAY, Lateness.LATE),
        (DAY + timedelta(milliseconds=1), Lateness.VERY_LATE),
    ],
)
def test_late_after_the_due_date_and_very_late_a_day_on(
    status: OrderStatus, since_due: timedelta, expected: Lateness
) -> None:
    assert lateness(status, NOON, NOON + since_due, DAY) is expected


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - CLOCK_RUNS))
def test_where_no_clock_runs_nobody_is_late(status: OrderStatus) -> None:
    """Not while the client's answers are missing, nor once it is delivered or over."""
    assert lateness(status, NOON, NOON + 9 * DAY, DAY) is Lateness.ON_TIME


def test_without_a_due_date_nobody_is_late() -> None:
    due: datetime | None = None

    assert lateness(OrderStatus.IN_PROGRESS, due, NOON, DAY) is Lateness.ON_TIME


def test_what_is_over_is_not_active() -> None:
    assert set(OrderStatus) - ACTIVE == {OrderStatus.COMPLETED, OrderStatus.CANCELLED}
    assert CLOCK_RUNS <= ACTIVE


def test_a_number_can_be_said_on_the_phone() -> None:
    assert order_number(123) == "FO-123"


@pytest.mark.parametrize(
    ("required", "answered", "expected"),
    [
        ([], False, OrderStatus.IN_PROGRESS),
        ([False], False, OrderStatus.IN_PROGRESS),
        ([False, True], False, OrderStatus.AWAITING_REQUIREMENTS),
        ([False, True], True, OrderStatus.IN_PROGRESS),
    ],
)
def test_an_order_waits_only_for_what_is_required(
    required: list[bool], answered: bool, expected: OrderStatus
) -> None:
    questions = [{"required": is_required} for is_required in required]

    assert starting_status(questions, answered=answered) is expected
