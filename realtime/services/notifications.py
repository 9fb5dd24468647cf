"""The in-app feed, and why each channel did or did not send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from domain.preferences import effective
from realtime.clock import Clock
from realtime.delivery.planner import BUCKET
from realtime.services import inbox_news, views
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.paging import page_of
from realtime.services.shapes import Count, Id, Notification, Page, Time
from storage import accounts, ledger, notifications
from storage.engine import Database, Transaction
from storage.rows import Record

PLANNED, ATTEMPTED = "planned", "attempted"


class MarkedRead(TypedDict):
    """How many notifications were marked as read."""

    read: Count


class TraceStep(TypedDict):
    """A decision or an attempt on one channel, and why, in the account's language."""

    at: Time
    channel: str
    target: str
    decision: str
    reason: str
    detail: str
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
class _Step:
    """A decision or an attempt."""

    at: datetime
    channel: str
    target: str
    decision: str
    reason: str
    detail: str
    attempt: int = 0


class Notifications:
    """Use cases around an account's notifications; ``explain`` knows the ledger's reasons."""

    def __init__(self, *, database: Database, clock: Clock, explain: Explain) -> None:
        self._database = database
        self._clock = clock
        self._explain = explain

    async def page(
        self, identity: Identity, *, after: str | None, limit: int
    ) -> Page[Notification]:
        """List the feed, newest first."""
        async with self._database.reading() as connection:
            rows = await notifications.page(
                connection, identity.account_id, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=views.notification, key=lambda row: (row.id,))

    async def mark_read(self, identity: Identity, ids: Sequence[str] | None) -> MarkedRead:
        """Mark these notifications as read, or all of them; return how many that were."""

        async def work(tx: Transaction) -> MarkedRead:
            rows = await notifications.mark_read(
                tx.connection, identity.account_id, ids, self._clock.now()
            )
            changes = [
                Change(
                    identity.account_id, Kind.NOTIFICATION, row.id, partial(views.notification, row)
                )
                for row in rows
            ]
            counts = {identity.account_id: Counts(unread_notifications=-len(rows))} if rows else {}
            await inbox_news.announce(tx, changes, counts)
            return {"read": len(rows)}

        return await self._database.transaction(work)

    async def trace(self, identity: Identity, notification_id: str) -> Trace:
        """Tell every decision about one notification, in order, in the account's language."""
        async with self._database.reading() as connection:
            row = await notifications.get(connection, identity.account_id, notification_id)
            if row is None:
                raise NotFound("there is no such notification")
            lines = await ledger.of_notification(connection, BUCKET, row.id)
            tries = await ledger.attempts_of(connection, BUCKET, row.id)
            locale = await self._locale(connection, identity.account_id)
        steps = [*_decisions(lines), *_attempts(tries, lines)]
        return {
            "notification": views.notification(row),
            "account": identity.account_id,
            "steps": [self._shown(step, row.category, locale) for step in sorted(steps, key=_turn)],
        }

    async def _locale(self, connection: AsyncConnection, account_id: str) -> str:
        account = await accounts.get(connection, account_id)
        said = await accounts.said_preferences(connection, account_id)
        profile = account.locale if account else ""
        return effective(said, locale=profile, timezone="UTC").locale

    def _shown(self, step: _Step, category: str, locale: str) -> TraceStep:
        told: TraceStep = {
            "at": rfc3339(step.at),
            "channel": step.channel,
            "target": step.target,
            "decision": step.decision,
            "reason": step.reason,
            "detail": step.detail,
            "explanation": "",
        }
        told["explanation"] = self._explain(
            told, category=category, locale=locale, attempt=step.attempt
        )
        return told


def _decisions(lines: Sequence[Record]) -> list[_Step]:
    return [
        _Step(
            at=line.at,
            channel=line.channel,
            target=line.target,
            decision=line.decision,
            reason=line.reason,
            detail=line.detail,
        )
        for line in lines
    ]


def _attempts(tries: Sequence[Record], lines: Sequence[Record]) -> list[_Step]:
    targets = {line.delivery_id: line.target for line in lines if line.target}
    return [
        _Step(
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


def _turn(step: _Step) -> tuple[datetime, bool, bool]:
    """Sort by time; within a millisecond, what was planned comes first and then the attempt."""
    return step.at, step.decision != PLANNED, step.decision != ATTEMPTED
