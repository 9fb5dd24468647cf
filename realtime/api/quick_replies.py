"""``/v1/quick-replies``: texts that an account sends often."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.conversations import MAX_BODY
from realtime.api.answers import answer, created_or_ok, nothing
from realtime.api.bodies import Body, Name, path_id, read_body
from realtime.api.callers import Callers
from realtime.api.forms import SEEN_FORM
from realtime.services.quick_replies import QuickReplies

Text = Annotated[str, Meta(min_length=1, max_length=MAX_BODY, pattern=SEEN_FORM)]


class QuickReplyBody(Body, frozen=True):
    """A text with ``{name}`` and ``{order}``."""

    title: Name
    body: Text


class QuickReplyPatch(Body, frozen=True):
    """What of it changes."""

    title: Name | UnsetType = UNSET
    body: Text | UnsetType = UNSET


class QuickReplyRoutes:
    """Quick replies over HTTP."""

    def __init__(self, *, quick_replies: QuickReplies, callers: Callers) -> None:
        self._quick_replies = quick_replies
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/v1/quick-replies/{quick_reply_id}"
        return [
            Route("/v1/quick-replies", self.all, methods=["GET"]),
            Route("/v1/quick-replies", self.add, methods=["POST"]),
            Route(one, self.change, methods=["PATCH"]),
            Route(one, self.drop, methods=["DELETE"]),
        ]

    async def all(self, request: Request) -> Response:
        """List the caller's own."""
        items = await self._quick_replies.all(await self._callers.account(request))
        return answer({"items": items, "next_cursor": None})

    async def add(self, request: Request) -> Response:
        """Keep a text."""
        caller = await self._callers.account(request)
        body = await read_body(request, QuickReplyBody)
        shown = await self._quick_replies.add(caller, body.title, body.body)
        return created_or_ok(shown, created=True)

    async def change(self, request: Request) -> Response:
        """Change a text."""
        caller = await self._callers.account(request)
        reply_id = path_id(request, "quick_reply_id")
        changes = msgspec.to_builtins(await read_body(request, QuickReplyPatch))
        return answer(await self._quick_replies.change(caller, reply_id, changes))

    async def drop(self, request: Request) -> Response:
        """Delete a text."""
        caller = await self._callers.account(request)
        await self._quick_replies.drop(caller, path_id(request, "quick_reply_id"))
        return nothing()
