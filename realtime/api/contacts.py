"""``/v1/contacts``, and ``/v1/contact-grants``: whom the marketplace lets write first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from realtime.api.answers import answer
from realtime.api.bodies import AccountId, Body, Moment, limit_of, query_choice, read_body
from realtime.api.callers import Callers
from realtime.services.contacts import Contacts
from realtime.services.paging import decode_cursor

# What each order of the list has in its cursor.
SORTS: Mapping[str, Any] = {
    "last_order": tuple[datetime, str],
    "name": tuple[str, str],
    "orders": tuple[int, str],
}
MAX_QUERY = 200


class GrantBody(Body, frozen=True):
    """Who may write to whom first; null for ``until`` takes it back."""

    seller_id: AccountId
    buyer_id: AccountId
    until: Moment | None


class ContactRoutes:
    """Contacts over HTTP."""

    def __init__(self, *, contacts: Contacts, callers: Callers) -> None:
        self._contacts = contacts
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/v1/contacts", self.page, methods=["GET"]),
            Route("/v1/contact-grants", self.grant, methods=["PUT"]),
        ]

    async def page(self, request: Request) -> Response:
        """List everyone the caller has had orders with."""
        caller = await self._callers.account(request)
        sort = query_choice(request, "sort", {name: name for name in SORTS}, "last_order")
        cursor = request.query_params.get("cursor")
        return answer(
            await self._contacts.page(
                caller,
                q=request.query_params.get("q", "")[:MAX_QUERY],
                sort=sort,
                after=decode_cursor(cursor, SORTS[sort]) if cursor else None,
                limit=limit_of(request),
            )
        )

    async def grant(self, request: Request) -> Response:
        """Let a seller write to a buyer first, until a time."""
        await self._callers.marketplace(request)
        body = await read_body(request, GrantBody)
        return answer(
            await self._contacts.grant(
                seller_id=body.seller_id, buyer_id=body.buyer_id, until=body.until
            )
        )
