"""From an outcome to the rows that say so: states, times, attempts and the ledger's line."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from realtime.delivery.gate import Do, Ruling
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Decision, Reason
from realtime.delivery.verdict import PAUSE, UNCONFIGURED, Try, Verdicts
from storage.deliveries import Claim, Priority, Status
from storage.ledger import Change
from tests.support.clock import NOON

LEASE_END = NOON + timedelta(seconds=30)
BEGAN = NOON - timedelta(seconds=2)

A_CLAIM = Claim(
    bucket=0,
    id="d1",
    account_id="sam",
    notification_id="n1",
    category="new_order",
    channel="email",
    target="",
    order_id="o1",
    conversation_id=None,
    cause="order:o1",
    reason=None,
    priority=Priority.FIRST,
    due_at=NOON,
    expires_at=NOON + timedelta(hours=48),
    attempts=0,
    crashes=0,
    sending=False,
    uncertain=False,
    created_at=NOON - timedelta(minutes=1),
    updated_at=NOON - timedelta(seconds=9),
    token="mine",
)


def the_verdicts(random: float = 0.5) -> Verdicts:
    numbers = count(1)
    return Verdicts(new_id=lambda: f"l{next(numbers)}", random=lambda: random)


def a_claim(**changes: Any) -> Claim:
    return replace(A_CLAIM, **changes)


def after(result: Result, claim: Claim = A_CLAIM, **outcome: Any) -> Change:
    fields: dict[str, Any] = {"reason": Reason.TRY_LATER, "code": "451"} | outcome
    tried = Try(began=BEGAN, outcome=Outcome(result=result, **fields), target="s…@example.com")
    return the_verdicts().tried(claim, tried, NOON)


def line_of(change: Change) -> tuple[str, str, str]:
    assert change.line is not None
    return change.line.decision, change.line.reason, change.line.detail


def test_what_is_about_to_go_out_is_recorded_before() -> None:
    change = the_verdicts().begun(A_CLAIM, NOON, LEASE_END)
    assert (change.status, change.sending, change.keeps_lease) == (Status.LEASED, True, True)
    assert (change.attempts, change.crashes, change.ready_at) == (1, 0, LEASE_END)
    assert (change.line, change.attempt) == (None, None)


def test_what_a_worker_crashed_on_is_counted_before_it_is_handled_again() -> None:
    """Whoever crashes now leaves it counted; nothing else of it is touched."""
    claim = a_claim(crashes=1, sending=True, attempts=1)
    change = the_verdicts().suspected(claim, LEASE_END)
    assert (change.status, change.keeps_lease, change.ready_at) == (Status.LEASED, True, LEASE_END)
    assert (change.crashes, change.attempts, change.sending, change.at) == (
        2,
        1,
        True,
        claim.updated_at,
    )
    assert (change.uncertain, change.line, change.attempt) == (False, None, None)
    assert the_verdicts().begun(claim, NOON, LEASE_END).crashes == 2


@pytest.mark.parametrize(("channel", "uncertain"), [("email", True), ("push", False)])
def test_an_attempt_that_a_worker_left_is_noted_with_the_next(
    channel: str, *, uncertain: bool
) -> None:
    """Of a mail it is also kept that it may have arrived."""
    claim = a_claim(sending=True, attempts=1, channel=channel)
    change = the_verdicts().begun(claim, NOON, LEASE_END)
    assert change.attempt is not None
    assert (change.attempt.n, change.attempt.reason) == (1, Reason.WORKER_LOST)
    assert change.attempt.started_at == claim.updated_at
    assert (change.attempts, change.uncertain) == (2, uncertain)


def test_what_was_taken_is_accepted() -> None:
    change = after(Result.ACCEPTED, reason=Reason.SENT, code="250 2.0.0", detail="2.0.0 Ok")
    assert (change.status, change.ready_at, change.attempts) == (Status.ACCEPTED, None, 1)
    assert line_of(change) == (Decision.ACCEPTED, Reason.SENT, "250 2.0.0 Ok")
    assert change.attempt is not None
    assert (change.attempt.n, change.attempt.started_at) == (1, BEGAN)
    assert change.attempt.finished_at == NOON


def test_what_failed_for_now_comes_again_behind_first_attempts() -> None:
    change = after(Result.RETRY, a_claim(attempts=1))
    assert (change.status, change.attempts) == (Status.SCHEDULED, 2)
    assert change.due_at == change.ready_at == NOON + timedelta(seconds=5)
    assert change.priority is Priority.AGAIN_FIRST
    assert line_of(change) == (Decision.RETRIED, Reason.TRY_LATER, "451")


@pytest.mark.parametrize("before", [Priority.NORMAL, Priority.CROWD, Priority.AGAIN])
def test_other_alerts_come_again_behind_those_of_new_orders(before: Priority) -> None:
    assert after(Result.RETRY, a_claim(priority=before)).priority is Priority.AGAIN


def test_nobody_comes_before_they_were_asked_to() -> None:
    change = after(Result.RETRY, retry_after=120.0)
    assert change.due_at == NOON + timedelta(seconds=122.5)


def test_at_the_end_of_its_life_it_is_dead_for_its_last_reason() -> None:
    change = after(Result.RETRY, a_claim(expires_at=NOON + timedelta(seconds=1)))
    assert (change.status, change.ready_at) == (Status.DEAD, None)
    assert line_of(change) == (Decision.DEAD, Reason.TRY_LATER, "451")


def test_at_the_end_of_its_life_what_may_have_arrived_is_uncertain() -> None:
    claim = a_claim(expires_at=NOON + timedelta(seconds=1), uncertain=True)
    assert after(Result.RETRY, claim).status is Status.UNCERTAIN


def test_what_was_refused_is_dead() -> None:
    change = after(Result.DEAD, reason=Reason.REFUSED, code="550")
    assert (change.status, change.reason) == (Status.DEAD, Reason.REFUSED)


def test_a_device_that_is_gone_is_no_alarm() -> None:
    change = after(
        Result.GONE, a_claim(channel="push"), reason=Reason.SUBSCRIPTION_GONE, code="410"
    )
    assert change.status is Status.SKIPPED
    assert line_of(change) == (Decision.SKIPPED, Reason.SUBSCRIPTION_GONE, "410")


def test_an_address_that_is_gone_is_one() -> None:
    assert after(Result.GONE, reason=Reason.HARD_BOUNCE).status is Status.DEAD


def test_a_mail_of_a_new_order_without_an_answer_goes_once_more() -> None:
    change = after(Result.UNCERTAIN, reason=Reason.ANSWER_LOST, code="")
    assert (change.status, change.uncertain) == (Status.SCHEDULED, True)
    assert line_of(change) == (Decision.UNCERTAIN, Reason.ANSWER_LOST, "")
    again = after(Result.UNCERTAIN, a_claim(uncertain=True), reason=Reason.ANSWER_LOST)
    assert (again.status, again.uncertain) == (Status.UNCERTAIN, True)


def test_one_whose_worker_was_lost_does_not_go_a_third_time() -> None:
    claim = a_claim(sending=True, attempts=1)
    assert after(Result.UNCERTAIN, claim, reason=Reason.ANSWER_LOST).status is Status.UNCERTAIN


def test_another_mail_without_an_answer_is_left_at_that() -> None:
    change = after(Result.UNCERTAIN, a_claim(category="service"), reason=Reason.ANSWER_LOST)
    assert (change.status, change.ready_at) == (Status.UNCERTAIN, None)


def test_a_mail_without_an_answer_and_without_time_is_left_at_that() -> None:
    claim = a_claim(expires_at=NOON + timedelta(seconds=1))
    assert after(Result.UNCERTAIN, claim, reason=Reason.ANSWER_LOST).status is Status.UNCERTAIN


def test_our_own_fault_costs_no_attempt_and_no_turn() -> None:
    change = after(Result.PAUSED, a_claim(attempts=3), reason=Reason.VAPID_REFUSED, code="403")
    assert (change.status, change.attempts, change.attempt) == (Status.SCHEDULED, 3, None)
    assert change.due_at == NOON + PAUSE * 1.25
    assert change.priority is Priority.FIRST
    assert line_of(change) == (Decision.RETRIED, Reason.VAPID_REFUSED, "403")


def test_a_pause_is_as_long_as_the_relays_rest() -> None:
    change = after(Result.PAUSED, reason=Reason.RELAYS_RESTING, code="", retry_after=4.0)
    assert change.due_at == NOON + timedelta(seconds=5)


def test_the_ledger_is_told_once_why_something_waits() -> None:
    claim = a_claim(reason=Reason.VAPID_REFUSED)
    assert after(Result.PAUSED, claim, reason=Reason.VAPID_REFUSED).line is None


def test_nothing_waits_beyond_its_life() -> None:
    """It is looked at when it ends, and told to have expired."""
    claim = a_claim(expires_at=NOON + timedelta(seconds=10))
    assert after(Result.PAUSED, claim, reason=Reason.VAPID_REFUSED).due_at == claim.expires_at


@pytest.mark.parametrize(
    ("do", "status", "decision"),
    [
        (Do.SKIP, Status.SKIPPED, Decision.SKIPPED),
        (Do.CANCEL, Status.CANCELLED, Decision.CANCELLED),
        (Do.EXPIRE, Status.EXPIRED, Decision.DEAD),
        (Do.KILL, Status.DEAD, Decision.DEAD),
        (Do.LEAVE, Status.UNCERTAIN, Decision.UNCERTAIN),
    ],
)
def test_a_ruling_ends_it_with_its_reason(do: Do, status: Status, decision: Decision) -> None:
    ruling = Ruling(do, Reason.READ, "more")
    change = the_verdicts().ruled(A_CLAIM, ruling, NOON, "device")
    assert (change.status, change.ready_at, change.attempts) == (status, None, 0)
    assert line_of(change) == (decision, Reason.READ, "more")
    assert change.attempt is None


def test_what_nobody_can_send_waits() -> None:
    ruling = Ruling(Do.WAIT, Reason.NO_RELAY)
    change = the_verdicts().ruled(A_CLAIM, ruling, NOON, "device")
    assert (change.status, change.due_at) == (Status.SCHEDULED, NOON + UNCONFIGURED * 1.25)
    assert line_of(change) == (Decision.RETRIED, Reason.NO_RELAY, "")


def test_a_lost_attempt_is_noted_however_it_ends() -> None:
    claim = a_claim(sending=True, attempts=2)
    for do in (Do.LEAVE, Do.WAIT):
        change = the_verdicts().ruled(claim, Ruling(do, Reason.WORKER_LOST), NOON, "")
        assert change.attempt is not None
        assert change.attempt.n == 2
        assert (change.attempts, change.sending, change.uncertain) == (2, False, True)


def test_what_is_given_back_is_as_it_was() -> None:
    claim = a_claim(attempts=2, crashes=1, sending=True, reason="timeout")
    change = the_verdicts().returned(claim, NOON)
    assert (change.status, change.ready_at, change.due_at) == (Status.SCHEDULED, NOON, NOON)
    assert (change.attempts, change.crashes, change.sending) == (2, 1, True)
    assert (change.reason, change.at) == ("timeout", claim.updated_at)
    assert (change.line, change.attempt) == (None, None)


def test_somebody_elses_words_fit_their_columns() -> None:
    change = after(Result.DEAD, reason=Reason.REFUSED, code="9" * 99, detail="x" * 999)
    assert change.line is not None
    assert change.attempt is not None
    assert (len(change.line.detail), len(change.attempt.detail)) == (500, 500)
    assert len(change.attempt.code) == 16
