"""``/v1/reports``, and ``/v1/ops/reports`` for the operators who look at them."""

from typing import Annotated

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.conversations import MAX_SEQ
from domain.identity import Role
from domain.reports import MAX_COMMENT, ReportReason
from realtime.api.answers import answer, created_or_ok
from realtime.api.bodies import AccountId, Body, limit_of, path_id, query_choice, read_body
from realtime.api.callers import Callers
from realtime.services.paging import decode_cursor
from realtime.services.reports import Complaint, Reports

STATUSES = {name: name for name in ("open", "closed", "all")}


class ReportBody(Body, frozen=True):
    """Who is reported and why; ``seq`` is the message that it is about."""

    account_id: AccountId
    reason: ReportReason
    comment: Annotated[str, Meta(max_length=MAX_COMMENT)] = ""
    conversation_id: AccountId | None = None
    seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None


class ReportRoutes:
    """Reports over HTTP."""

    def __init__(self, *, reports: Reports, callers: Callers) -> None:
        self._reports = reports
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/v1/reports", self.report, methods=["POST"]),
            Route("/v1/ops/reports", self.page, methods=["GET"]),
            Route("/v1/ops/reports/{report_id}/close", self.close, methods=["POST"]),
        ]

    async def report(self, request: Request) -> Response:
        """Report somebody."""
        caller = await self._callers.account(request)
        body = await read_body(request, ReportBody)
        complaint = Complaint(
            account_id=body.account_id,
            reason=body.reason,
            comment=body.comment,
            conversation_id=body.conversation_id,
            seq=body.seq,
        )
        return created_or_ok(await self._reports.report(caller, complaint), created=True)

    async def page(self, request: Request) -> Response:
        """List reports for operators."""
        await self._callers.one_of(request, Role.OPERATOR)
        cursor = request.query_params.get("cursor")
        return answer(
            await self._reports.page(
                chosen=query_choice(request, "status", STATUSES, "open"),
                after=decode_cursor(cursor, tuple[AccountId])[0] if cursor else None,
                limit=limit_of(request),
            )
        )

    async def close(self, request: Request) -> Response:
        """Note that an operator has looked at a report."""
        operator = await self._callers.one_of(request, Role.OPERATOR)
        return answer(await self._reports.close(operator, path_id(request, "report_id")))
