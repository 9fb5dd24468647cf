"""What became of notifications on each channel: decisions and attempts, in the order of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.instants import rfc3339
from domain.preferences import effective
from realtime.services import views
from realtime.services.shapes import Id, Notification, Time
from storage import accounts
from storage.rows import Record

PLANNED, ATTEMPTED = "planned", "attempted"


class Told(TypedDict):
    """A decision or an attempt on one channel."""

    at: Time
    channel: str
    target: str
    decision: str
    reason: str
    detail: str


class TraceStep(Told):
    """A decision or an attempt on one channel, and why, in the account's language."""

    explanation: str


class Trace(TypedDict):
    """Everything that was decided about one notification, in order."""

    notification: Notification
    account: Id
    steps: list[TraceStep]


class Explain(Protocol):
    """Says a step of a trace in words; ``attempt`` is its number, if it is one."""

    def __call__(
        self, step: Mapping[str, Any], *, category: str, locale: str, attempt: int
    ) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A decision or an attempt; ``attempt`` is its number, if it is one."""

    at: datetime
    channel: str
    target: str
    decision: str
    reason: str
    detail: str
    attempt: int = 0


def steps(lines: Iterable[Record], tries: Iterable[Record]) -> Sequence[Step]:
    """Put the ledger's lines about a notification, and the attempts, into one order."""
    lines = list(lines)
    return sorted([*_decisions(lines), *_attempts(tries, lines)], key=_turn)


def steps_by_notification(
    lines: Iterable[Record], tries: Iterable[Record]
) -> Mapping[str, Sequence[Step]]:
    """Do the same for several notifications."""
    decided, tried = _by_notification(lines), _by_notification(tries)
    return {id_: steps(decided[id_], tried.get(id_, ())) for id_ in decided}


def told(step: Step) -> Told:
    """Show a step."""
    return {
        "at": rfc3339(step.at),
        "channel": step.channel,
        "target": step.target,
        "decision": step.decision,
        "reason": step.reason,
        "detail": step.detail,
    }


def trace(row: Record, taken: Iterable[Step], locale: str, explain: Explain) -> Trace:
    """Tell every decision about one notification, each in words of a language."""
    return {
        "notification": views.notification(row),
        "account": row.account_id,
        "steps": [_explained(step, row.category, locale, explain) for step in taken],
    }


def _explained(step: Step, category: str, locale: str, explain: Explain) -> TraceStep:
    shown: TraceStep = {**told(step), "explanation": ""}
    shown["explanation"] = explain(shown, category=category, locale=locale, attempt=step.attempt)
    return shown


async def locale_of(connection: AsyncConnection, account_id: str) -> str:
    """Read in which language somebody is spoken to."""
    account = await accounts.get(connection, account_id)
    said = await accounts.said_preferences(connection, account_id)
    profile = account.locale if account else ""
    return effective(said, locale=profile, timezone="UTC").locale


def _by_notification(rows: Iterable[Record]) -> Mapping[str, Sequence[Record]]:
    def notification(row: Record) -> str:
        return str(row.notification_id)

    return {
        id_: list(theirs) for id_, theirs in groupby(sorted(rows, key=notification), notification)
    }


def _decisions(lines: Iterable[Record]) -> list[Step]:
    return [
        Step(
            at=line.at,
            channel=line.channel,
            target=line.target,
            decision=line.decision,
            reason=line.reason,
            detail=line.detail,
        )
        for line in lines
    ]


def _attempts(tries: Iterable[Record], lines: Sequence[Record]) -> list[Step]:
    targets = {line.delivery_id: line.target for line in lines if line.target}
    return [
        Step(
            at=each.started_at,
            channel=each.channel,
            target=targets.get(each.delivery_id, ""),
            decision=ATTEMPTED,
            reason=each.reason,
            detail=f"{each.code} {each.detail}".strip(),
            attempt=each.n,
        )
        for each in tries
    ]


def _turn(step: Step) -> tuple[datetime, bool, bool]:
    """Sort by time; within a millisecond, what was planned comes first and then the attempt."""
    return step.at, step.decision != PLANNED, step.decision != ATTEMPTED
