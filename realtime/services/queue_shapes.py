"""What operators are shown of the delivery queue."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from domain.instants import rfc3339, rfc3339_or_none
from domain.queue import DeliveryState
from realtime.services.shapes import Count, Id, Page, Time
from storage.rows import Record

ChannelName = Literal["push", "email", "webhook"]


class Attempt(TypedDict):
    """One try: what came of it, and the beginning of what the other side said."""

    n: Count
    started_at: Time
    finished_at: Time | None
    result: str | None
    reason: str | None
    code: str | None
    detail: str | None


class Decision(TypedDict):
    """One row of the ledger."""

    at: Time
    decision: str
    reason: str
    target: str
    detail: str


class Delivery(TypedDict):
    """One notification on its way to one target; `target` is shortened.

    `next_attempt_at` is null once it has ended, and while a worker has it, until `leased_until`.
    """

    id: Id
    notification_id: Id
    account: Id
    order_id: Id | None
    conversation_id: Id | None
    category: str
    channel: str
    target: str
    status: DeliveryState
    reason: str | None
    created_at: Time
    due_at: Time
    expires_at: Time
    next_attempt_at: Time | None
    leased_until: Time | None
    updated_at: Time
    attempts: list[Attempt]


class WholeDelivery(Delivery):
    """A delivery with every decision about it."""

    ledger: list[Decision]


class PausedChannel(TypedDict):
    """Whether anything is taken of a channel; who paused it, and why."""

    channel: ChannelName
    paused: bool
    paused_at: Time | None
    paused_by: Id | None
    why: str


class QueueFigure(TypedDict):
    """How one category stands on one channel.

    `oldest_due_seconds` is the age of the oldest that is due; the rates are a second's, of the last
    minute: what was planned, what was taken outside, and what died.
    """

    channel: str
    category: str
    scheduled: Count
    due: Count
    retrying: Count
    sending: Count
    dead: Count
    uncertain: Count
    oldest_due_seconds: float
    rate_in: float
    rate_out: float
    rate_dead: float


class LeaseFigures(TypedDict):
    """What workers have: how much of it they hold, and what was left by workers that ended."""

    held: Count
    abandoned: Count


class Circuit(TypedDict):
    """A push service, mail server or recipient domain that nobody sends to until a moment."""

    kind: Literal["push", "relay", "domain"]
    name: str
    until: Time
    reason: str


class Queues(Page[QueueFigure]):
    """How the whole queue stands."""

    at: Time
    channels: list[PausedChannel]
    leases: LeaseFigures
    circuits: list[Circuit]


class FrozenSet(TypedDict):
    """Deliveries that a filter chose when they were counted; `more` tells that others match, too.

    Of a set that was carried out `done` is how many it was done to: the rest had changed meanwhile.
    """

    id: Id
    action: Literal["retry", "discard"]
    state: Literal["counted", "running", "done"]
    filter: dict[str, str]
    count: Count
    more: bool
    done: Count
    per_second: int | None
    created_by: Id
    created_at: Time
    started_by: Id | None
    started_at: Time | None
    finished_at: Time | None


def deliveries(
    rows: Iterable[Record], lines: Iterable[Record], tries: Iterable[Record]
) -> list[WholeDelivery]:
    """Show deliveries with their decisions and attempts."""
    decided, tried = _by_delivery(lines), _by_delivery(tries)
    return [_whole(row, decided.get(row.id, []), tried.get(row.id, [])) for row in rows]


def _by_delivery(rows: Iterable[Record]) -> Mapping[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row.delivery_id, []).append(row)
    return found


def _whole(row: Record, lines: list[Record], tries: list[Record]) -> WholeDelivery:
    sending = row.state == DeliveryState.SENDING
    ready_at = rfc3339_or_none(row.ready_at)
    return {
        "id": row.id,
        "notification_id": row.notification_id,
        "account": row.account_id,
        "order_id": row.order_id,
        "conversation_id": row.conversation_id,
        "category": row.category,
        "channel": row.channel,
        "target": next((line.target for line in reversed(lines) if line.target), ""),
        "status": DeliveryState(row.state),
        "reason": row.reason,
        "created_at": rfc3339(row.created_at),
        "due_at": rfc3339(row.due_at),
        "expires_at": rfc3339(row.expires_at),
        "next_attempt_at": None if sending else ready_at,
        "leased_until": ready_at if sending else None,
        "updated_at": rfc3339(row.updated_at),
        "attempts": [_attempt(each) for each in tries],
        "ledger": [_decision(line) for line in lines],
    }


def _attempt(row: Record) -> Attempt:
    return {
        "n": row.n,
        "started_at": rfc3339(row.started_at),
        "finished_at": rfc3339_or_none(row.finished_at),
        "result": row.result,
        "reason": row.reason,
        "code": row.code,
        "detail": row.detail,
    }


def _decision(row: Record) -> Decision:
    return {
        "at": rfc3339(row.at),
        "decision": row.decision,
        "reason": row.reason,
        "target": row.target,
        "detail": row.detail,
    }


def circuit(row: Record) -> Circuit:
    """Show what is shut."""
    return {
        "kind": row.kind,
        "name": row.name,
        "until": rfc3339(row.shut_until),
        "reason": row.reason,
    }


def frozen_set(row: Record) -> FrozenSet:
    """Show a set."""
    return {
        "id": row.id,
        "action": row.action,
        "state": row.state,
        "filter": row.filter,
        "count": row.size,
        "more": row.more,
        "done": row.done,
        "per_second": row.per_second,
        "created_by": row.created_by,
        "created_at": rfc3339(row.created_at),
        "started_by": row.started_by,
        "started_at": rfc3339_or_none(row.started_at),
        "finished_at": rfc3339_or_none(row.finished_at),
    }
