"""``/v1/reports``, and ``/v1/ops/reports`` for the operators who look at them."""

from typing import Annotated, Literal

from msgspec import Meta

from domain.conversations import MAX_SEQ
from domain.identity import Identity
from domain.reports import MAX_COMMENT, ReportReason
from realtime.api.bodies import AccountId, Body, PageQuery
from realtime.api.endpoint import ACCOUNT, OPERATOR, Created, Resource, get, post
from realtime.services.reports import Complaint, Report, Reports
from realtime.services.shapes import Page


class ReportQuery(PageQuery, frozen=True):
    """Which reports."""

    status: Literal["open", "closed", "all"] = "open"


class ReportBody(Body, frozen=True):
    """Who is reported and why; ``seq`` is the message that it is about."""

    account_id: AccountId
    reason: ReportReason
    comment: Annotated[str, Meta(max_length=MAX_COMMENT)] = ""
    conversation_id: AccountId | None = None
    seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None


class ReportRoutes(Resource):
    """Reports over HTTP."""

    def __init__(self, *, reports: Reports) -> None:
        self._reports = reports

    async def report(self, caller: Identity, body: ReportBody) -> Created[Report]:
        """Report somebody; a message that it is about is quoted as it stands now."""
        complaint = Complaint(
            account_id=body.account_id,
            reason=body.reason,
            comment=body.comment,
            conversation_id=body.conversation_id,
            seq=body.seq,
        )
        return Created(await self._reports.report(caller, complaint))

    async def page(self, query: ReportQuery) -> Page[Report]:
        """List reports, the latest first."""
        after = query.after(tuple[AccountId])
        return await self._reports.page(
            chosen=query.status, after=after[0] if after else None, limit=query.limit
        )

    async def close(self, caller: Identity, report_id: AccountId) -> Report:
        """Note that an operator has looked at a report."""
        return await self._reports.close(caller, report_id)

    title = "Reports"
    endpoints = (
        post("/v1/reports", report, by=ACCOUNT, refuses=("not_found", "not_participant")),
        get("/v1/ops/reports", page, by=OPERATOR),
        post("/v1/ops/reports/{report_id}/close", close, by=OPERATOR, refuses=("not_found",)),
    )
