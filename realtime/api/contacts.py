"""``/v1/contacts``, and ``/v1/contact-grants``: whom the marketplace lets write first."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, Moment, PageQuery
from realtime.api.endpoint import ACCOUNT, MARKETPLACE, Resource, get, put
from realtime.services.contacts import Contact, Contacts, Grant
from realtime.services.shapes import Page

# What each order of the list has in its cursor.
SORTS: Mapping[str, Any] = {
    "last_order": tuple[Moment, str],
    "name": tuple[str, str],
    "orders": tuple[Annotated[int, Meta(ge=0, lt=2**31)], str],
}


class ContactQuery(PageQuery, frozen=True):
    """Which contacts, in which order; `q` is a part of a name."""

    q: Annotated[str, Meta(max_length=200)] = ""
    sort: Literal["last_order", "name", "orders"] = "last_order"


class GrantBody(Body, frozen=True):
    """Who may write to whom first; null for ``until`` takes it back."""

    seller_id: AccountId
    buyer_id: AccountId
    until: Moment | None


class ContactRoutes(Resource):
    """Contacts over HTTP."""

    def __init__(self, *, contacts: Contacts) -> None:
        self._contacts = contacts

    async def page(self, caller: Identity, query: ContactQuery) -> Page[Contact]:
        """List everyone the caller has had orders with."""
        return await self._contacts.page(
            caller,
            q=query.q,
            sort=query.sort,
            after=query.after(SORTS[query.sort]),
            limit=query.limit,
        )

    async def grant(self, body: GrantBody) -> Grant:
        """Let a seller write to a buyer first, until a time."""
        return await self._contacts.grant(
            seller_id=body.seller_id, buyer_id=body.buyer_id, until=body.until
        )

    title = "Contacts"
    endpoints = (
        get("/v1/contacts", page, by=ACCOUNT),
        put("/v1/contact-grants", grant, by=MARKETPLACE),
    )
