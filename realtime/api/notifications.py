"""``/v1/notifications``: the in-app feed and its traces."""

from typing import Annotated

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from realtime.api.answers import answer
from realtime.api.bodies import AccountId, Body, limit_of, path_id, read_body
from realtime.api.callers import Callers
from realtime.services.notifications import Notifications
from realtime.services.paging import decode_cursor


class ReadBody(Body, frozen=True):
    """Which notifications are read; without ids all of them."""

    ids: Annotated[list[AccountId], Meta(max_length=200)] | None = None


class NotificationRoutes:
    """Notifications over HTTP."""

    def __init__(self, *, notifications: Notifications, callers: Callers) -> None:
        self._notifications = notifications
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        path = "/v1/notifications"
        return [
            Route(path, self.page, methods=["GET"]),
            Route(f"{path}/read", self.read, methods=["POST"]),
            Route(f"{path}/{{notification_id}}/trace", self.trace, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """List the feed."""
        caller = await self._callers.account(request)
        cursor = request.query_params.get("cursor")
        after = decode_cursor(cursor, tuple[AccountId])[0] if cursor else None
        limit = limit_of(request)
        return answer(await self._notifications.page(caller, after=after, limit=limit))

    async def read(self, request: Request) -> Response:
        """Mark notifications as read."""
        caller = await self._callers.account(request)
        body = await read_body(request, ReadBody)
        return answer(await self._notifications.mark_read(caller, body.ids))

    async def trace(self, request: Request) -> Response:
        """Tell why each channel did or did not send."""
        caller = await self._callers.account(request)
        notification_id = path_id(request, "notification_id")
        return answer(await self._notifications.trace(caller, notification_id))
