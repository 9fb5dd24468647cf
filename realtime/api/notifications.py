"""``/v1/notifications``: the in-app feed and its traces."""

from typing import Annotated

from msgspec import Meta

from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, PageQuery
from realtime.api.endpoint import ACCOUNT, Resource, get, post
from realtime.services.notifications import MarkedRead, Notifications
from realtime.services.shapes import Notification, Page
from realtime.services.traces import Trace


class SeenBody(Body, frozen=True):
    """Which notifications are read; without ids all of them."""

    ids: Annotated[list[AccountId], Meta(max_length=200)] | None = None


class NotificationRoutes(Resource):
    """Notifications over HTTP."""

    def __init__(self, *, notifications: Notifications) -> None:
        self._notifications = notifications

    async def page(self, caller: Identity, query: PageQuery) -> Page[Notification]:
        """List the feed, newest first."""
        after = query.after(tuple[AccountId])
        return await self._notifications.page(
            caller, after=after[0] if after else None, limit=query.limit
        )

    async def read(self, caller: Identity, body: SeenBody) -> MarkedRead:
        """Mark notifications as read."""
        return await self._notifications.mark_read(caller, body.ids)

    async def trace(self, caller: Identity, notification_id: AccountId) -> Trace:
        """Tell why each channel did or did not send."""
        return await self._notifications.trace(caller, notification_id)

    title = "Notifications"
    endpoints = (
        get("/v1/notifications", page, by=ACCOUNT),
        post("/v1/notifications/read", read, by=ACCOUNT),
        get(
            "/v1/notifications/{notification_id}/trace",
            trace,
            by=ACCOUNT,
            refuses=("not_found",),
        ),
    )
