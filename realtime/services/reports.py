"""Reports: what people find wrong, for operators to look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Invalid, NotFound, NotParticipant
from domain.identity import Identity
from domain.instants import rfc3339, rfc3339_or_none
from domain.reports import ReportReason
from domain.webhooks import REPORT_CREATED
from realtime.clock import Clock
from realtime.services.auditing import Audit
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.shapes import Id, Page, Person, Time
from realtime.services.webhook_events import WebhookEvent, WebhookEvents
from storage import accounts, entry_changes, inboxes, reports
from storage.engine import Database, Transaction
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Who is reported and why; ``seq`` is the message that it is about."""

    account_id: str
    reason: ReportReason
    comment: str = ""
    conversation_id: str | None = None
    seq: int | None = None


class Report(TypedDict):
    """What somebody found wrong, as operators see it."""

    id: Id
    reporter: Person
    account: Person
    conversation_id: Id | None
    seq: int | None
    quote: str | None
    reason: ReportReason
    comment: str
    status: Literal["open", "closed"]
    created_at: Time
    closed_at: Time | None
    closed_by: Id | None


class Reports:
    """Use cases of whoever reports, and of the operators who look at it."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        webhooks: WebhookEvents,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._people = people
        self._webhooks = webhooks
        self._audit = audit
        self._clock = clock
        self._new_id = new_id

    async def report(self, identity: Identity, complaint: Complaint) -> Report:
        """Report somebody; what they wrote is quoted as it stands now, come what may of it."""
        if complaint.account_id == identity.account_id:
            raise Invalid.field("account_id", "is yourself")
        if complaint.seq is not None and complaint.conversation_id is None:
            raise Invalid.field("conversation_id", "is required with a seq")

        async def work(tx: Transaction) -> Report:
            if await accounts.get(tx.connection, identity.account_id) is None:
                raise NotFound("the marketplace has not told us of this account")
            if await accounts.get(tx.connection, complaint.account_id) is None:
                raise Invalid.field("account_id", "there is no such account")
            row = await reports.add(
                tx.connection,
                {
                    "id": self._new_id(),
                    "reporter": identity.account_id,
                    "account_id": complaint.account_id,
                    "conversation_id": complaint.conversation_id,
                    "seq": complaint.seq,
                    "quote": await _quote(tx.connection, identity, complaint),
                    "reason": complaint.reason,
                    "comment": complaint.comment,
                    "created_at": self._clock.now(),
                },
            )
            await self._webhooks.tell(tx, [_told(row)])
            return await self._shown(tx.connection, row)

        return await self._database.transaction(work)

    async def page(self, *, chosen: str, after: str | None, limit: int) -> Page[Report]:
        """List reports, the latest first."""
        async with self._database.reading() as connection:
            rows = await reports.page(connection, chosen=chosen, after=after, limit=limit + 1)
            ids = {row.reporter for row in rows} | {row.account_id for row in rows}
            people = await self._people.get(connection, ids)
        return page_of(rows, limit, show=lambda row: _shown(row, people), key=lambda row: (row.id,))

    async def close(self, operator: Identity, report_id: str) -> Report:
        """Note that an operator has looked at a report; it says who."""

        async def work(tx: Transaction) -> Report:
            row = await reports.close(
                tx.connection, report_id, closed_by=operator.account_id, at=self._clock.now()
            )
            if row is None:
                raise NotFound("there is no such open report")
            await self._audit.note(tx, operator.account_id, "report.close", f"report:{report_id}")
            return await self._shown(tx.connection, row)

        return await self._database.transaction(work)

    async def _shown(self, connection: AsyncConnection, row: Record) -> Report:
        return _shown(row, await self._people.get(connection, {row.reporter, row.account_id}))


async def _quote(
    connection: AsyncConnection, identity: Identity, complaint: Complaint
) -> str | None:
    """Return what was written; only what the reporter can see, and the reported wrote."""
    if complaint.conversation_id is None:
        return None
    item = await inboxes.item(connection, identity.account_id, complaint.conversation_id)
    if item is None:
        raise NotParticipant("there is no such conversation")
    if item.with_id != complaint.account_id:
        raise Invalid.field("account_id", "has no part in this conversation")
    if complaint.seq is None:
        return None
    message = await entry_changes.message(connection, complaint.conversation_id, complaint.seq)
    if message is None or message.sender != complaint.account_id:
        raise Invalid.field("seq", "is no message of theirs")
    quoted: str = message.body
    return quoted


def _told(row: Record) -> WebhookEvent:
    """Write what the marketplace's endpoints are told: operators read the rest."""
    report = {
        "id": row.id,
        "reporter_id": row.reporter,
        "account_id": row.account_id,
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "reason": row.reason,
    }
    return WebhookEvent(REPORT_CREATED, row.reporter, {"report": report})


def _shown(row: Record, people: Mapping[str, Person]) -> Report:
    return {
        "id": row.id,
        "reporter": people[row.reporter],
        "account": people[row.account_id],
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "quote": row.quote,
        "reason": row.reason,
        "comment": row.comment,
        "status": "open" if row.closed_at is None else "closed",
        "created_at": rfc3339(row.created_at),
        "closed_at": rfc3339_or_none(row.closed_at),
        "closed_by": row.closed_by,
    }
