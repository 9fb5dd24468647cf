"""``/v1/contact-grants``: whom the marketplace lets write first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from realtime.api.answers import answer
from realtime.api.bodies import AccountId, Body, Moment, read_body
from realtime.api.callers import Callers
from realtime.services.contacts import Contacts


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
        return [Route("/v1/contact-grants", self.grant, methods=["PUT"])]

    async def grant(self, request: Request) -> Response:
        """Let a seller write to a buyer first, until a time."""
        await self._callers.marketplace(request)
        body = await read_body(request, GrantBody)
        return answer(
            await self._contacts.grant(
                seller_id=body.seller_id, buyer_id=body.buyer_id, until=body.until
            )
        )
