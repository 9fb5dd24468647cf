"""Each row of the two tables of the delivery rules, and what stands between the rows."""

from datetime import UTC, datetime

import pytest

from realtime.delivery.classify import (
    FULL_MAILBOX_WAIT,
    Phase,
    PushAnswer,
    SmtpReply,
    classify_loss,
    classify_push,
    classify_reply,
    enhanced_code,
    may_try_next_relay,
    parse_retry_after,
    shortened,
)
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "result", "reason"),
    [
        (200, Result.ACCEPTED, Reason.SENT),
        (201, Result.ACCEPTED, Reason.SENT),
        (202, Result.ACCEPTED, Reason.SENT),
        (204, Result.ACCEPTED, Reason.SENT),
        (301, Result.DEAD, Reason.BAD_ENDPOINT),
        (307, Result.DEAD, Reason.BAD_ENDPOINT),
        (400, Result.DEAD, Reason.BAD_REQUEST),
        (401, Result.PAUSED, Reason.VAPID_REFUSED),
        (403, Result.PAUSED, Reason.VAPID_REFUSED),
        (404, Result.GONE, Reason.SUBSCRIPTION_GONE),
        (405, Result.DEAD, Reason.REFUSED),
        (406, Result.DEAD, Reason.REFUSED),
        (408, Result.RETRY, Reason.TRY_LATER),
        (410, Result.GONE, Reason.SUBSCRIPTION_GONE),
        (413, Result.DEAD, Reason.PAYLOAD_TOO_LARGE),
        (425, Result.RETRY, Reason.TRY_LATER),
        (429, Result.RETRY, Reason.RATE_LIMITED),
        (500, Result.RETRY, Reason.TRY_LATER),
        (503, Result.RETRY, Reason.RATE_LIMITED),
        (507, Result.RETRY, Reason.TRY_LATER),
        (600, Result.RETRY, Reason.TRY_LATER),
    ],
)
def test_push_statuses(status: int, result: Result, reason: Reason) -> None:
    outcome = classify_push(PushAnswer(status=status, body="why"))
    assert (outcome.result, outcome.reason) == (result, reason)
    assert (outcome.code, outcome.detail) == (str(status), "why")


def test_windows_says_406_when_it_means_429() -> None:
    outcome = classify_push(PushAnswer(status=406, from_windows=True, retry_after=7))
    assert (outcome.reason, outcome.retry_after) == (Reason.RATE_LIMITED, 7)


@pytest.mark.parametrize(
    ("asked", "granted"), [(None, 1), (-5, 1), (0, 1), (30, 30), (86_400, 3_600)]
)
def test_a_wait_is_at_least_a_second_and_at_most_an_hour(
    asked: float | None, granted: float
) -> None:
    assert classify_push(PushAnswer(status=429, retry_after=asked)).retry_after == granted


def test_only_a_rate_limit_makes_us_wait_as_long_as_they_say() -> None:
    assert classify_push(PushAnswer(status=500, retry_after=30)).retry_after is None


@pytest.mark.parametrize("body", ["MismatchSenderId", '{"reason": "VapidPkHashMismatch"}'])
def test_a_key_mismatch_retires_a_subscription_only_when_others_of_its_origin_work(
    body: str,
) -> None:
    """Else it is our key that is wrong, and no subscription is ever removed for that."""
    alone = PushAnswer(status=403, body=body)
    proven = PushAnswer(status=403, body=body, origin_works=True)
    assert classify_push(alone).result is Result.PAUSED
    assert (classify_push(proven).result, classify_push(proven).reason) == (
        Result.GONE,
        Reason.KEY_MISMATCH,
    )


def test_another_403_never_retires_a_subscription() -> None:
    answer = PushAnswer(status=403, body="BadJwtToken", origin_works=True)
    assert classify_push(answer).result is Result.PAUSED


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("soon", None),
        ("-3", None),
        ("²", None),
        ("Tue, 24 Nov 2026 12:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 11:59:00 -0000", -60.0),
        ("Tue, 24 Nov 2026 11:59:00 +9999999999999999", None),
        ("Tue, 24 Nov 2026 11:59:00 +9999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("phase", "reply", "result", "reason"),
    [
        (Phase.BODY, "250 2.0.0 Ok: queued", Result.ACCEPTED, Reason.SENT),
        (Phase.BODY, "251 forwarded", Result.ACCEPTED, Reason.SENT),
        (Phase.CONNECT, "421 4.3.2 busy", Result.RETRY, Reason.CONNECTION_FAILED),
        (Phase.CONNECT, "554 5.7.1 blocked", Result.RETRY, Reason.CONNECTION_FAILED),
        (Phase.LOGIN, "454 4.7.0 later", Result.RETRY, Reason.TRY_LATER),
        (Phase.LOGIN, "500 what?", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
        (Phase.LOGIN, "535 5.7.8 wrong", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
        (Phase.MAIL, "530 5.7.0 first log in", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
        (Phase.MAIL, "534 5.7.9 stronger", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
        (Phase.MAIL, "550 5.1.1 the sender", Result.DEAD, Reason.REFUSED),
        (Phase.MAIL, "451 later", Result.RETRY, Reason.TRY_LATER),
        (Phase.RCPT, "421 4.7.0 closing", Result.RETRY, Reason.TRY_LATER),
        (Phase.RCPT, "450 4.7.1 greylisted", Result.RETRY, Reason.TRY_LATER),
        (Phase.RCPT, "450 4.1.1 for now", Result.RETRY, Reason.TRY_LATER),
        (Phase.RCPT, "450 5.1.1 which now?", Result.RETRY, Reason.TRY_LATER),
        (Phase.RCPT, "550 5.1.1 nobody", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "550 5.1.2 no domain", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "553 5.1.3 no address", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "550 5.1.6 moved", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "556 5.1.10 null MX", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "550 5.2.1 disabled", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.BODY, "550 5.1.1 nobody", Result.GONE, Reason.HARD_BOUNCE),
        (Phase.RCPT, "550 5.1.8 your domain", Result.DEAD, Reason.REFUSED),
        (Phase.RCPT, "550 5.1.100 unheard of", Result.DEAD, Reason.REFUSED),
        (Phase.RCPT, "550 User unknown", Result.DEAD, Reason.REFUSED),
        (Phase.RCPT, "452 4.2.2 full", Result.RETRY, Reason.MAILBOX_FULL),
        (Phase.RCPT, "552 5.2.2 full", Result.RETRY, Reason.MAILBOX_FULL),
        (Phase.RCPT, "550 5.7.1 policy", Result.DEAD, Reason.POLICY_REFUSED),
        (Phase.BODY, "550 5.7.26 DMARC", Result.DEAD, Reason.POLICY_REFUSED),
        (Phase.BODY, "552 5.3.4 too big", Result.DEAD, Reason.REFUSED),
        (Phase.BODY, "452 4.3.1 no room", Result.RETRY, Reason.TRY_LATER),
        (Phase.BODY, "354 once more?", Result.UNCERTAIN, Reason.ANSWER_LOST),
        (Phase.BODY, "-1 rubbish", Result.UNCERTAIN, Reason.ANSWER_LOST),
        (Phase.RCPT, "-1 rubbish", Result.RETRY, Reason.CONNECTION_FAILED),
        (Phase.RCPT, "252 perhaps", Result.RETRY, Reason.CONNECTION_FAILED),
    ],
)
def test_smtp_replies(phase: Phase, reply: str, result: Result, reason: Reason) -> None:
    code, _, text = reply.partition(" ")
    outcome = classify_reply(SmtpReply(phase=phase, code=int(code), text=text))
    assert (outcome.result, outcome.reason) == (result, reason)
    assert outcome.code.startswith(code)


def test_a_code_is_told_with_its_enhanced_one() -> None:
    assert classify_reply(SmtpReply(phase=Phase.RCPT, code=550, text="5.1.1 x")).code == "550 5.1.1"
    assert classify_reply(SmtpReply(phase=Phase.RCPT, code=550, text="x")).code == "550"


def test_a_full_mailbox_is_given_an_hour() -> None:
    """Five bounces suspend an address: they must not fall in one minute."""
    outcome = classify_reply(SmtpReply(phase=Phase.RCPT, code=452, text="4.2.2 full"))
    assert outcome.retry_after == FULL_MAILBOX_WAIT


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5.1.1 nobody", "5.1.1"),
        (" 4.7.12\nmore", "4.7.12"),
        ("see 5.1.1", ""),
        ("5.1.1234", ""),
        ("3.1.1 no such class", ""),
        ("", ""),
    ],
)
def test_an_enhanced_code_stands_at_the_beginning_or_not_at_all(text: str, code: str) -> None:
    assert enhanced_code(text) == code


@pytest.mark.parametrize("phase", Phase)
def test_a_loss_is_uncertain_only_after_the_body(phase: Phase) -> None:
    outcome = classify_loss(phase, "gone", reason=Reason.TIMEOUT)
    expected = (
        (Result.UNCERTAIN, Reason.ANSWER_LOST)
        if phase is Phase.BODY
        else (Result.RETRY, Reason.TIMEOUT)
    )
    assert (outcome.result, outcome.reason) == expected


@pytest.mark.parametrize(
    ("phase", "result", "reason", "may"),
    [
        (Phase.CONNECT, Result.RETRY, Reason.TIMEOUT, True),
        (Phase.LOGIN, Result.PAUSED, Reason.RELAY_REFUSED_LOGIN, True),
        (Phase.RCPT, Result.RETRY, Reason.TRY_LATER, True),
        (Phase.RCPT, Result.RETRY, Reason.MAILBOX_FULL, False),
        (Phase.RCPT, Result.GONE, Reason.HARD_BOUNCE, False),
        (Phase.BODY, Result.RETRY, Reason.TRY_LATER, False),
        (Phase.BODY, Result.UNCERTAIN, Reason.ANSWER_LOST, False),
        (Phase.BODY, Result.ACCEPTED, Reason.SENT, False),
    ],
)
def test_the_next_relay_is_asked_only_for_what_none_can_have_taken(
    phase: Phase, result: Result, reason: Reason, *, may: bool
) -> None:
    assert may_try_next_relay(phase, Outcome(result=result, reason=reason)) is may


def test_a_detail_is_one_short_line_without_addresses() -> None:
    detail = shortened("<sabine@example.com>:\r\n  nobody\tof that name " + "x" * 900)
    assert detail.startswith("<<address>>: nobody of that name x")
    assert len(detail) == 300


def test_a_detail_holds_nothing_that_a_database_refuses() -> None:
    """A NUL, or half of a surrogate pair, in somebody's answer would cost the whole row."""
    assert shortened("no\x00body \udcff\x1b[31mhere\x85") == "no body [31mhere"
