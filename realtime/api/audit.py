"""``/v1/ops/audit``: what operators did, and what they looked at."""

from typing import Annotated

from msgspec import Meta

from realtime.api.bodies import AccountId, Moment, PageQuery
from realtime.api.endpoint import OPERATOR, Resource, get
from realtime.services.auditing import Audit, AuditEntry
from realtime.services.shapes import Page


class AuditQuery(PageQuery, frozen=True):
    """Which part of the log: of one `actor`, or `about` one thing, as `order:o1`."""

    actor: AccountId | None = None
    about: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class AuditRoutes(Resource):
    """The log over HTTP."""

    def __init__(self, *, audit: Audit) -> None:
        self._audit = audit

    async def page(self, query: AuditQuery) -> Page[AuditEntry]:
        """List what operators did and looked at, the latest first."""
        return await self._audit.page(
            actor=query.actor,
            about=query.about,
            after=query.after(tuple[Moment, AccountId]),
            limit=query.limit,
        )

    title = "Audit"
    endpoints = (get("/v1/ops/audit", page, by=OPERATOR),)
