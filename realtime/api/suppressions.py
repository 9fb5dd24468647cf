"""``/v1/ops/suppressions``: addresses that are written to no more."""

from typing import Annotated

from msgspec import Meta

from domain.identity import Identity
from realtime.api.bodies import AccountId, Moment, PageQuery
from realtime.api.endpoint import OPERATOR, Resource, delete, get
from realtime.services.shapes import Page
from realtime.services.suppressions import Suppression, Suppressions

ADDRESSES = "/v1/ops/suppressions"


class SuppressionQuery(PageQuery, frozen=True):
    """Which part of the list; `address` finds one, however it is spelled."""

    address: Annotated[str, Meta(min_length=1, max_length=254)] | None = None


class SuppressionRoutes(Resource):
    """The suppression list over HTTP."""

    def __init__(self, *, suppressions: Suppressions) -> None:
        self._suppressions = suppressions

    async def page(self, query: SuppressionQuery) -> Page[Suppression]:
        """List the addresses that are written to no more, the latest first."""
        return await self._suppressions.page(
            address=query.address,
            after=query.after(tuple[Moment, AccountId]),
            limit=query.limit,
        )

    async def remove(self, caller: Identity, suppression_id: AccountId) -> None:
        """Write to an address again; it is noted who said so."""
        await self._suppressions.remove(caller, suppression_id)

    title = "Suppression list"
    endpoints = (
        get(ADDRESSES, page, by=OPERATOR),
        delete(f"{ADDRESSES}/{{suppression_id}}", remove, by=OPERATOR, refuses=("not_found",)),
    )
