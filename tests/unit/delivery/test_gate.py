"""Decided at its moment: each objection, and which of two comes first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.orders import OrderStatus
from domain.preferences import Category, Channel, effective
from realtime.delivery.gate import SENT, Do, Ruling, Situation, decide
from realtime.delivery.reasons import Reason
from tests.support.clock import NOON

ALL_ON = effective({}, locale="en", timezone="UTC")
NO_MAIL_OF_ORDERS = effective(
    {"categories": {"new_order": {"email": False}}}, locale="en", timezone="UTC"
)

A_PUSH = Situation(
    now=NOON,
    expires_at=NOON + timedelta(hours=24),
    category=Category.NEW_ORDER,
    channel=Channel.PUSH,
    crashes=0,
    sending=False,
    uncertain=False,
    preferences=ALL_ON,
    notified=True,
    read=False,
    order_status=OrderStatus.IN_PROGRESS,
    no_target=None,
    missing=None,
)
A_MAIL = replace(A_PUSH, channel=Channel.EMAIL)


def decided(situation: Situation, **changes: Any) -> Ruling:
    return decide(replace(situation, **changes))


@pytest.mark.parametrize("situation", [A_PUSH, A_MAIL])
def test_what_nothing_stands_against_goes_out(situation: Situation) -> None:
    assert decide(situation) is SENT


@pytest.mark.parametrize(
    ("changes", "ruling"),
    [
        ({"crashes": 3}, Ruling(Do.KILL, Reason.POISON)),
        ({"expires_at": NOON}, Ruling(Do.EXPIRE, Reason.EXPIRED)),
        ({"notified": False}, Ruling(Do.CANCEL, Reason.GONE)),
        ({"preferences": None}, Ruling(Do.CANCEL, Reason.GONE)),
        (
            {"order_status": OrderStatus.CANCELLED},
            Ruling(Do.CANCEL, Reason.ORDER_CANCELLED),
        ),
        ({"read": True}, Ruling(Do.CANCEL, Reason.READ)),
        (
            {"preferences": NO_MAIL_OF_ORDERS},
            Ruling(Do.SKIP, Reason.PREFERENCE_OFF, "new_order.email"),
        ),
        ({"no_target": Reason.NO_ADDRESS}, Ruling(Do.SKIP, Reason.NO_ADDRESS)),
        ({"missing": Reason.NO_RELAY}, Ruling(Do.WAIT, Reason.NO_RELAY)),
    ],
)
def test_each_objection(changes: dict[str, Any], ruling: Ruling) -> None:
    assert decided(A_MAIL, **changes) == ruling


def test_a_preference_counts_for_its_channel_alone() -> None:
    assert decided(A_PUSH, preferences=NO_MAIL_OF_ORDERS) is SENT


def test_two_crashes_are_not_three() -> None:
    assert decided(A_MAIL, crashes=2) is SENT


@pytest.mark.parametrize("category", [Category.ORDER_UPDATE, Category.ORDER_MESSAGE])
def test_news_of_a_cancelled_order_goes_out(category: Category) -> None:
    """The cancellation itself is such news."""
    assert decided(A_PUSH, category=category, order_status=OrderStatus.CANCELLED) is SENT


def test_what_is_not_about_an_order_needs_none() -> None:
    assert decided(A_PUSH, category=Category.SERVICE, order_status=None) is SENT


def test_what_is_wrong_with_us_is_asked_last() -> None:
    """What nobody wants any more does not wait for a relay."""
    ruling = decided(A_MAIL, read=True, missing=Reason.NO_RELAY)
    assert ruling == Ruling(Do.CANCEL, Reason.READ)


def test_a_push_that_was_interrupted_is_repeated() -> None:
    """Its topic and its tag fold it."""
    assert decided(A_PUSH, sending=True, category=Category.SERVICE) is SENT


def test_a_mail_of_a_new_order_that_was_interrupted_is_repeated_once() -> None:
    assert decided(A_MAIL, sending=True) is SENT
    left = Ruling(Do.LEAVE, Reason.WORKER_LOST)
    assert decided(A_MAIL, sending=True, uncertain=True) == left


def test_another_mail_that_was_interrupted_is_left_at_that() -> None:
    left = Ruling(Do.LEAVE, Reason.WORKER_LOST)
    assert decided(A_MAIL, sending=True, category=Category.SERVICE) == left


@pytest.mark.parametrize("changes", [{"read": True}, {"expires_at": NOON}, {"preferences": None}])
@pytest.mark.parametrize(
    ("doubt", "reason"),
    [({"sending": True}, Reason.WORKER_LOST), ({"uncertain": True}, Reason.ANSWER_LOST)],
)
def test_what_may_have_arrived_is_never_called_skipped(
    changes: dict[str, Any], doubt: dict[str, Any], reason: Reason
) -> None:
    assert decided(A_MAIL, **changes, **doubt) == Ruling(Do.LEAVE, reason)


def test_what_may_have_arrived_can_wait_like_the_rest() -> None:
    ruling = decided(A_MAIL, uncertain=True, missing=Reason.NO_RELAY)
    assert ruling == Ruling(Do.WAIT, Reason.NO_RELAY)


def test_poison_is_poison_even_in_doubt() -> None:
    assert decided(A_MAIL, crashes=3, uncertain=True).do is Do.KILL
