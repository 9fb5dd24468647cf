"""``/v1/quick-replies``: texts that an account sends often."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.conversations import MAX_BODY
from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, Name
from realtime.api.endpoint import ACCOUNT, Created, Resource, delete, get, patch, post
from realtime.api.forms import SEEN_FORM
from realtime.services.quick_replies import QuickReplies, QuickReply
from realtime.services.shapes import Page

ONE = "/v1/quick-replies/{quick_reply_id}"
Text = Annotated[str, Meta(min_length=1, max_length=MAX_BODY, pattern=SEEN_FORM)]


class QuickReplyBody(Body, frozen=True):
    """A text with ``{name}`` and ``{order}``."""

    title: Name
    body: Text


class QuickReplyPatch(Body, frozen=True):
    """What of it changes."""

    title: Name | UnsetType = UNSET
    body: Text | UnsetType = UNSET


class QuickReplyRoutes(Resource):
    """Quick replies over HTTP."""

    def __init__(self, *, quick_replies: QuickReplies) -> None:
        self._quick_replies = quick_replies

    async def all(self, caller: Identity) -> Page[QuickReply]:
        """List the caller's own, oldest first."""
        return {"items": list(await self._quick_replies.all(caller)), "next_cursor": None}

    async def add(self, caller: Identity, body: QuickReplyBody) -> Created[QuickReply]:
        """Keep a text."""
        return Created(await self._quick_replies.add(caller, body.title, body.body))

    async def change(
        self, caller: Identity, quick_reply_id: AccountId, body: QuickReplyPatch
    ) -> QuickReply:
        """Change a text."""
        changes = msgspec.to_builtins(body)
        return await self._quick_replies.change(caller, quick_reply_id, changes)

    async def drop(self, caller: Identity, quick_reply_id: AccountId) -> None:
        """Delete a text."""
        await self._quick_replies.drop(caller, quick_reply_id)

    title = "Quick replies"
    endpoints = (
        get("/v1/quick-replies", all, by=ACCOUNT),
        post(
            "/v1/quick-replies",
            add,
            by=ACCOUNT,
            refuses=("not_found", "too_many_quick_replies"),
        ),
        patch(ONE, change, by=ACCOUNT, refuses=("not_found",)),
        delete(ONE, drop, by=ACCOUNT, refuses=("not_found",)),
    )
