"""What the gate decides about messages, and about what goes out with others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.preferences import Category, Channel, effective
from realtime.delivery.gate import (
    FOCUS_IS_PROVEN,
    SENT,
    Do,
    Messages,
    Ruling,
    Situation,
    decide,
)
from realtime.delivery.reasons import Reason
from tests.support.clock import NOON

HOUR = timedelta(hours=1)
UNREAD = Messages(
    unread=True,
    seen=False,
    muted=False,
    blocked=False,
    overtaken=False,
    in_focus=False,
    presses=False,
    mail_again_at=None,
)
A_PUSH = Situation(
    now=NOON,
    expires_at=NOON + 24 * HOUR,
    category=Category.ORDER_MESSAGE,
    channel=Channel.PUSH,
    crashes=0,
    sending=False,
    uncertain=False,
    preferences=effective({}, locale="en", timezone="UTC"),
    notified=True,
    read=True,
    order_status=None,
    no_target=None,
    missing=None,
    messages=UNREAD,
)
A_MAIL = replace(A_PUSH, channel=Channel.EMAIL)
HELD = Ruling(Do.WAIT, Reason.IN_FOCUS, until=NOON + FOCUS_IS_PROVEN)
AT_NIGHT = effective(
    {"quiet_hours": {"start": "11:00", "end": "14:00"}}, locale="en", timezone="UTC"
)


def of(situation: Situation, **changes: Any) -> Situation:
    assert situation.messages is not None
    return replace(situation, messages=replace(situation.messages, **changes))


@pytest.mark.parametrize(
    ("situation", "ruling"),
    [
        # That the notification was read says nothing of the messages.
        (A_PUSH, SENT),
        (A_MAIL, SENT),
        (of(A_PUSH, unread=False, seen=True), Ruling(Do.CANCEL, Reason.READ)),
        (of(A_PUSH, unread=False), Ruling(Do.CANCEL, Reason.GONE)),
        (of(A_PUSH, overtaken=True), Ruling(Do.CANCEL, Reason.ORDER_CANCELLED)),
        (of(A_PUSH, blocked=True, muted=True), Ruling(Do.SKIP, Reason.BLOCKED)),
        (of(A_MAIL, muted=True), Ruling(Do.SKIP, Reason.MUTED)),
        (of(A_PUSH, in_focus=True), HELD),
        (
            replace(of(A_PUSH, in_focus=True), waited_for="in_focus"),
            Ruling(Do.SKIP, Reason.IN_FOCUS),
        ),
        (of(A_MAIL, in_focus=True), SENT),
        (of(A_MAIL, in_focus=True, presses=True), HELD),
        (
            of(A_MAIL, mail_again_at=NOON + HOUR),
            Ruling(Do.WAIT, Reason.MAILED_LATELY, until=NOON + HOUR),
        ),
        (of(A_MAIL, mail_again_at=NOON), SENT),
        (of(A_MAIL, mail_again_at=NOON + HOUR, presses=True), SENT),
        (of(A_PUSH, mail_again_at=NOON + HOUR), SENT),
    ],
)
def test_messages_are_told_when_they_are_news(situation: Situation, ruling: Ruling) -> None:
    assert decide(situation) == ruling


def test_quiet_hours_hold_pushes_and_no_mails() -> None:
    held = decide(replace(A_PUSH, preferences=AT_NIGHT))
    assert held == Ruling(
        Do.WAIT, Reason.QUIET_HOURS, until=NOON + 2 * HOUR, goes_with="quiet_hours"
    )
    assert decide(replace(A_MAIL, preferences=AT_NIGHT)) == SENT


def test_what_is_of_one_order_or_too_much_waits_for_company() -> None:
    later = NOON + HOUR
    batched = replace(A_MAIL, order_id="o1", batched_until=later, capped_until=later)
    assert decide(batched) == Ruling(Do.WAIT, Reason.BATCHED, until=later, goes_with="batched:o1")
    assert decide(replace(A_PUSH, capped_until=later)) == Ruling(
        Do.WAIT, Reason.CAPPED, until=later, goes_with="capped"
    )
