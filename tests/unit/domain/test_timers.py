"""What falls due follows from where an order is: each status has timers of its own."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.orders import OrderStatus
from domain.timers import Course, Periods, TimerKind, timers_of
from tests.support.clock import NOON

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = NOON + 5 * DAY


def due(status: OrderStatus, **moments: Any) -> dict[TimerKind, datetime]:
    return dict(timers_of(Course(status=status, created_at=NOON, **moments), Periods()))


def test_requirements_are_asked_for_again_after_a_day() -> None:
    assert due(OrderStatus.AWAITING_REQUIREMENTS) == {TimerKind.REQUIREMENTS_REMINDER: NOON + DAY}


def test_the_sellers_own_reminder_of_that_day_is_enough() -> None:
    waits = OrderStatus.AWAITING_REQUIREMENTS

    assert due(waits, reminded_at=NOON + HOUR) == {}
    assert due(waits, reminded_at=NOON) == {TimerKind.REQUIREMENTS_REMINDER: NOON + DAY}


@pytest.mark.parametrize("status", [OrderStatus.IN_PROGRESS, OrderStatus.IN_REVISION])
def test_a_running_clock_warns_then_says_late_and_very_late(status: OrderStatus) -> None:
    assert due(status, due_at=DUE) == {
        TimerKind.NUDGE: NOON + 3 * DAY,
        TimerKind.DUE_SOON: DUE - 12 * HOUR,
        TimerKind.LATE: DUE,
        TimerKind.VERY_LATE: DUE + DAY,
    }


def test_without_a_due_time_nothing_can_be_late() -> None:
    assert due(OrderStatus.IN_PROGRESS) == {TimerKind.NUDGE: NOON + 3 * DAY}


def test_an_update_puts_the_nudge_off() -> None:
    told = due(OrderStatus.IN_PROGRESS, updated_at=NOON + DAY)

    assert told[TimerKind.NUDGE] == NOON + 4 * DAY


def test_a_delivery_is_accepted_when_its_review_ends() -> None:
    assert due(OrderStatus.DELIVERED, due_at=DUE, review_ends_at=DUE) == {
        TimerKind.REVIEW_ENDS_SOON: DUE - 12 * HOUR,
        TimerKind.REVIEW_END: DUE,
    }


def test_a_request_lapses_wherever_an_open_order_is() -> None:
    told = due(OrderStatus.AWAITING_REQUIREMENTS, request_ends_at=DUE)

    assert told[TimerKind.REQUEST_ENDS_SOON] == DUE - 12 * HOUR
    assert told[TimerKind.REQUEST_END] == DUE


@pytest.mark.parametrize("status", [OrderStatus.COMPLETED, OrderStatus.CANCELLED])
def test_a_closed_order_waits_for_nothing(status: OrderStatus) -> None:
    assert due(status, due_at=DUE, review_ends_at=DUE, request_ends_at=DUE) == {}
