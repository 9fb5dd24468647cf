"""Decided at its moment: whether a delivery that fell due still goes out, and why not. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.orders import OrderStatus
from domain.preferences import Category, Channel, Preferences
from domain.quiet_hours import quiet_until
from realtime.delivery.reasons import Reason
from storage.deliveries import MAX_CRASHES

# A dead connection is found out within this: a ping, and the time that its answer is given.
FOCUS_IS_PROVEN = timedelta(seconds=40)

# What is pointless once its order is cancelled; the news of the cancellation itself goes out.
ENDED_BY_CANCELLATION = frozenset({Category.NEW_ORDER, Category.REMINDER})


class Do(StrEnum):
    """What is done about a delivery; all but ``SEND`` and ``WAIT`` are ends."""

    SEND = "send"
    WAIT = "wait"
    SKIP = "skip"
    CANCEL = "cancel"
    EXPIRE = "expire"
    KILL = "kill"
    LEAVE = "leave"  # nobody knows whether it arrived, and it is not sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """How a conversation stands whose unread messages a delivery tells of.

    ``seen`` tells that the message which it began with was read, ``overtaken`` that its order was
    cancelled after the newest. ``presses`` means that its order is due so soon that nothing waits.
    A mail may not go out before ``mail_again_at``.
    """

    unread: bool
    seen: bool
    muted: bool
    blocked: bool
    overtaken: bool
    in_focus: bool
    presses: bool
    mail_again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides about a delivery, as it is now.

    ``preferences`` is None when the account is gone, ``missing`` says what the channel lacks to
    send at all, and ``no_target`` why there is nowhere to send it. ``sending`` tells that a worker
    ended in the middle of an attempt, ``uncertain`` that one before may have arrived.
    ``waited_for`` is why it waited last, ``messages`` what it tells of if those are messages. Until
    ``batched_until`` it waits for more of its order, until ``capped_until`` since its account was
    sent so much.
    """

    now: datetime
    expires_at: datetime
    category: Category
    channel: Channel
    crashes: int
    sending: bool
    uncertain: bool
    preferences: Preferences | None
    notified: bool
    read: bool
    order_status: OrderStatus | None
    no_target: Reason | None
    missing: Reason | None
    waited_for: str | None = None
    messages: Messages | None = None
    order_id: str | None = None
    batched_until: datetime | None = None
    capped_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done, why, what the ledger adds to the reason, and until when it waits if it does.

    What waits under the same name (``goes_with``) goes out as one.
    """

    do: Do
    reason: Reason
    detail: str = ""
    until: datetime | None = None
    goes_with: str | None = None


SENT = Ruling(Do.SEND, Reason.SENT)
_ENDS = frozenset({Do.SKIP, Do.CANCEL, Do.EXPIRE})
# Of a mail whose fate is unknown one more copy goes out; a push may repeat as often as need be.
_REPEATED = frozenset({Category.NEW_ORDER})


def decide(situation: Situation) -> Ruling:
    """Return what the first rule that has an objection says, or that it goes out."""
    ruling = _first_objection(situation)
    if ruling is None:
        return SENT
    if ruling.do in _ENDS and _may_have_arrived(situation):
        return _left(situation)
    return ruling


def may_repeat(category: Category, *, uncertain: bool) -> bool:
    """Tell whether a mail goes out again that may have arrived, once or (``uncertain``) twice."""
    return category in _REPEATED and not uncertain


def was_interrupted(situation: Situation) -> bool:
    """Tell whether a worker ended while it was handing over the mail."""
    return situation.sending and situation.channel is Channel.EMAIL


def _may_have_arrived(situation: Situation) -> bool:
    return was_interrupted(situation) or situation.uncertain


def _left(situation: Situation) -> Ruling:
    interrupted = was_interrupted(situation)
    return Ruling(Do.LEAVE, Reason.WORKER_LOST if interrupted else Reason.ANSWER_LOST)


def _first_objection(situation: Situation) -> Ruling | None:
    for rule in _RULES:
        ruling = rule(situation)
        if ruling is not None:
            return ruling
    return None


def _poisonous(situation: Situation) -> Ruling | None:
    if situation.crashes < MAX_CRASHES:
        return None
    return Ruling(Do.KILL, Reason.POISON)


def _doubtful(situation: Situation) -> Ruling | None:
    if not was_interrupted(situation) or may_repeat(
        situation.category, uncertain=situation.uncertain
    ):
        return None
    return _left(situation)


def _over(situation: Situation) -> Ruling | None:
    if situation.now < situation.expires_at:
        return None
    return Ruling(Do.EXPIRE, Reason.EXPIRED)


def _about_nothing(situation: Situation) -> Ruling | None:
    if situation.notified and situation.preferences is not None:
        return None
    return Ruling(Do.CANCEL, Reason.GONE)


def _overtaken(situation: Situation) -> Ruling | None:
    cancelled = situation.order_status is OrderStatus.CANCELLED
    if cancelled and situation.category in ENDED_BY_CANCELLATION:
        return Ruling(Do.CANCEL, Reason.ORDER_CANCELLED)
    return None


def _read(situation: Situation) -> Ruling | None:
    messages = situation.messages
    if messages is None:
        return Ruling(Do.CANCEL, Reason.READ) if situation.read else None
    if messages.unread:
        return None
    # What nobody has read, and is not there, was taken back.
    return Ruling(Do.CANCEL, Reason.READ if messages.seen else Reason.GONE)


def _overtaken_words(situation: Situation) -> Ruling | None:
    messages = situation.messages
    if messages is None or not messages.overtaken:
        return None
    return Ruling(Do.CANCEL, Reason.ORDER_CANCELLED)


def _unheard(situation: Situation) -> Ruling | None:
    messages = situation.messages
    if messages is None:
        return None
    if messages.blocked:
        return Ruling(Do.SKIP, Reason.BLOCKED)
    return Ruling(Do.SKIP, Reason.MUTED) if messages.muted else None


def _looked_at(situation: Situation) -> Ruling | None:
    """Hold back what its reader looks at, until it is sure that their connection is alive."""
    messages = situation.messages
    if messages is None or not messages.in_focus:
        return None
    if situation.channel is not Channel.PUSH and not messages.presses:
        return None
    if situation.waited_for == Reason.IN_FOCUS:
        return Ruling(Do.SKIP, Reason.IN_FOCUS)
    return Ruling(Do.WAIT, Reason.IN_FOCUS, until=situation.now + FOCUS_IS_PROVEN)


def _mailed_lately(situation: Situation) -> Ruling | None:
    messages = situation.messages
    if situation.channel is not Channel.EMAIL or messages is None or messages.presses:
        return None
    again_at = messages.mail_again_at
    if again_at is None or situation.now >= again_at:
        return None
    return Ruling(Do.WAIT, Reason.MAILED_LATELY, until=again_at)


def _unwanted(situation: Situation) -> Ruling | None:
    preferences = situation.preferences
    if preferences is None or preferences.wants(situation.category, situation.channel):
        return None
    return Ruling(Do.SKIP, Reason.PREFERENCE_OFF, f"{situation.category}.{situation.channel}")


def _disturbing(situation: Situation) -> Ruling | None:
    """Leave people alone while they want it; mails disturb nobody."""
    if situation.channel is not Channel.PUSH or situation.preferences is None:
        return None
    until = quiet_until(situation.preferences, situation.category, situation.now)
    return _in_company(Reason.QUIET_HOURS, until)


def _hasty(situation: Situation) -> Ruling | None:
    order = f":{situation.order_id}"
    return _in_company(Reason.BATCHED, situation.batched_until, order)


def _too_much(situation: Situation) -> Ruling | None:
    return _in_company(Reason.CAPPED, situation.capped_until)


def _in_company(reason: Reason, until: datetime | None, more: str = "") -> Ruling | None:
    if until is None:
        return None
    return Ruling(Do.WAIT, reason, until=until, goes_with=f"{reason}{more}")


def _nowhere(situation: Situation) -> Ruling | None:
    return Ruling(Do.SKIP, situation.no_target) if situation.no_target else None


def _unable(situation: Situation) -> Ruling | None:
    return Ruling(Do.WAIT, situation.missing) if situation.missing else None


# In the order in which they are asked; the first objection counts.
_RULES: tuple[Callable[[Situation], Ruling | None], ...] = (
    _poisonous,
    _doubtful,
    _over,
    _about_nothing,
    _overtaken,
    _read,
    _overtaken_words,
    _unwanted,
    _unheard,
    _nowhere,
    _looked_at,
    _disturbing,
    _mailed_lately,
    _hasty,
    _too_much,
    _unable,
)
