"""What an answer of a push service or mail server means: the tables of the delivery rules, pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import IntEnum

from domain.mail_events import HARD_BOUNCES, MAILBOX_FULL
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason

DETAIL_LENGTH = 300


def shortened(text: str) -> str:
    """Make somebody else's answer fit for a ledger row: one line, bounded, addresses masked."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return _ADDRESS.sub("<address>", line)[:DETAIL_LENGTH]


# Controls and halves of surrogate pairs: a database refuses the whole row for one of them.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"[^\s<>@:]+@[^\s<>@]+")


# --- Web Push (RFC 8030) ----------------------------------------------------------------------

MIN_RETRY_AFTER = 1.0
MAX_RETRY_AFTER = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PushAnswer:
    """What a push service said; ``body`` is the beginning of it."""

    status: int
    body: str = ""
    retry_after: float | None = None  # seconds
    from_windows: bool = False
    origin_works: bool = False  # other subscriptions of this origin took our key lately


_BY_PUSH_STATUS: Mapping[int, tuple[Result, Reason]] = {
    400: (Result.DEAD, Reason.BAD_REQUEST),
    401: (Result.PAUSED, Reason.VAPID_REFUSED),
    403: (Result.PAUSED, Reason.VAPID_REFUSED),
    404: (Result.GONE, Reason.SUBSCRIPTION_GONE),
    408: (Result.RETRY, Reason.TRY_LATER),
    410: (Result.GONE, Reason.SUBSCRIPTION_GONE),
    413: (Result.DEAD, Reason.PAYLOAD_TOO_LARGE),
    425: (Result.RETRY, Reason.TRY_LATER),
    429: (Result.RETRY, Reason.RATE_LIMITED),
    503: (Result.RETRY, Reason.RATE_LIMITED),
}
_BY_PUSH_CLASS: Mapping[int, tuple[Result, Reason]] = {
    2: (Result.ACCEPTED, Reason.SENT),
    3: (Result.DEAD, Reason.BAD_ENDPOINT),
    4: (Result.DEAD, Reason.REFUSED),
    5: (Result.RETRY, Reason.TRY_LATER),
}
_MISMATCHES = ("MismatchSenderId", "VapidPkHashMismatch")


def classify_push(answer: PushAnswer) -> Outcome:
    """Say what a push service's answer means for the delivery and its subscription."""
    result, reason = _push_rule(answer)
    return Outcome(
        result=result,
        reason=reason,
        code=str(answer.status),
        detail=shortened(answer.body),
        retry_after=_bounded(answer.retry_after) if reason is Reason.RATE_LIMITED else None,
    )


def _push_rule(answer: PushAnswer) -> tuple[Result, Reason]:
    if answer.from_windows and answer.status == 406:
        return Result.RETRY, Reason.RATE_LIMITED
    if answer.status in (401, 403) and answer.origin_works and _is_mismatch(answer.body):
        return Result.GONE, Reason.KEY_MISMATCH
    unheard_of = (Result.RETRY, Reason.TRY_LATER)
    by_class = _BY_PUSH_CLASS.get(answer.status // 100, unheard_of)
    return _BY_PUSH_STATUS.get(answer.status, by_class)


def _is_mismatch(body: str) -> bool:
    return any(name in body for name in _MISMATCHES)


def _bounded(retry_after: float | None) -> float:
    return max(MIN_RETRY_AFTER, min(MAX_RETRY_AFTER, retry_after or 0.0))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header, seconds or a date (RFC 9110, 10.2.3), as seconds from now."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (OverflowError, ValueError):
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()


# --- SMTP (RFC 5321, RFC 3463) ----------------------------------------------------------------


class Phase(IntEnum):
    """How far a mail had come; only from ``BODY`` on may the other side have it."""

    CONNECT = 1
    LOGIN = 2
    MAIL = 3
    RCPT = 4
    DATA = 5
    BODY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpReply:
    """A complete reply, and what it answered."""

    phase: Phase
    code: int
    text: str = ""


_LOGIN_REFUSED = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# A full mailbox does not empty in seconds, and its bounces are counted.
FULL_MAILBOX_WAIT = 3600.0


def enhanced_code(text: str) -> str:
    """Return the enhanced status code (RFC 3463) that a reply's text begins with, or ``""``."""
    found = _ENHANCED.match(text)
    return found[1] if found else ""


def classify_reply(reply: SmtpReply) -> Outcome:
    """Say what a mail server's reply means for the delivery, its address and its relay."""
    enhanced = enhanced_code(reply.text)
    result, reason = _mail_rule(reply, enhanced)
    return Outcome(
        result=result,
        reason=reason,
        code=f"{reply.code} {enhanced}".rstrip(),
        detail=shortened(reply.text),
        retry_after=FULL_MAILBOX_WAIT if reason is Reason.MAILBOX_FULL else None,
        # Before it is told whom the mail is for it can mean nobody in particular.
        of_relay=reason is Reason.TRY_LATER and reply.phase < Phase.RCPT,
    )


def _mail_rule(reply: SmtpReply, enhanced: str) -> tuple[Result, Reason]:
    if reply.code in _LOGIN_REFUSED or (reply.phase is Phase.LOGIN and reply.code >= 500):
        return Result.PAUSED, Reason.RELAY_REFUSED_LOGIN
    if reply.phase is Phase.CONNECT:  # it refuses us all, whatever the mail
        return Result.RETRY, Reason.CONNECTION_FAILED
    if enhanced in MAILBOX_FULL:
        return Result.RETRY, Reason.MAILBOX_FULL
    match reply.code // 100:
        case 5:
            return _refusal(reply.phase, enhanced)
        case 4:
            return Result.RETRY, Reason.TRY_LATER
        case 2 if reply.phase is Phase.BODY:
            return Result.ACCEPTED, Reason.SENT
        case _:  # no reply that fits: as good as none
            return _lost(reply.phase)


def _refusal(phase: Phase, enhanced: str) -> tuple[Result, Reason]:
    if enhanced in HARD_BOUNCES and phase >= Phase.RCPT:
        return Result.GONE, Reason.HARD_BOUNCE
    if enhanced.startswith("5.7."):
        return Result.DEAD, Reason.POLICY_REFUSED
    return Result.DEAD, Reason.REFUSED


def classify_loss(
    phase: Phase, detail: str, *, reason: Reason = Reason.CONNECTION_FAILED
) -> Outcome:
    """Say what it means that a connection broke or went silent (``TIMEOUT``) in ``phase``."""
    result, lost = _lost(phase)
    told = reason if result is Result.RETRY else lost
    return Outcome(result=result, reason=told, detail=shortened(detail))


def _lost(phase: Phase) -> tuple[Result, Reason]:
    if phase is Phase.BODY:
        return Result.UNCERTAIN, Reason.ANSWER_LOST
    return Result.RETRY, Reason.CONNECTION_FAILED


def may_try_next_relay(phase: Phase, outcome: Outcome) -> bool:
    """Tell whether another relay may take the mail at once: nothing of it can have been taken."""
    another_may_do_better = outcome.result in (Result.RETRY, Result.PAUSED)
    return another_may_do_better and phase < Phase.BODY and outcome.reason != Reason.MAILBOX_FULL
