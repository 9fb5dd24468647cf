"""``/v1/conversations`` with their messages, and ``/v1/can-message``."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.conversations import MAX_ATTACHMENTS, ConversationKind
from domain.errors import Invalid
from realtime.api.answers import answer, created_or_ok
from realtime.api.bodies import (
    AccountId,
    Body,
    Moment,
    limit_of,
    path_id,
    query_choice,
    query_int,
    read_body,
)
from realtime.api.callers import Callers
from realtime.services.conversations import Conversations
from realtime.services.messages import Messages, SendMessage
from realtime.services.paging import decode_cursor

FILTERS = {name: name for name in ("all", "unread", "starred", "archived")}
KINDS: Mapping[str, ConversationKind | None] = {kind: kind for kind in ConversationKind}


class OpenBody(Body, frozen=True):
    """Whom to talk to."""

    with_: AccountId = msgspec.field(name="with")


class FlagsBody(Body, frozen=True):
    """What a person does with their view of a conversation."""

    starred: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET


class MessageBody(Body, frozen=True):
    """A message; ``client_id`` is the sender's own, and makes sending twice harmless."""

    client_id: str
    body: str
    reply_to: int | None = None
    attachments: Annotated[tuple[AccountId, ...], Meta(max_length=MAX_ATTACHMENTS)] = ()


class ReadBody(Body, frozen=True):
    """How far the caller has read."""

    seq: Annotated[int, Meta(ge=0)]


class ConversationRoutes:
    """Conversations over HTTP."""

    def __init__(
        self, *, conversations: Conversations, messages: Messages, callers: Callers
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/v1/conversations/{conversation_id}"
        return [
            Route("/v1/conversations", self.page, methods=["GET"]),
            Route("/v1/conversations", self.open, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.change, methods=["PATCH"]),
            Route(f"{one}/messages", self.messages, methods=["GET"]),
            Route(f"{one}/messages", self.send, methods=["POST"]),
            Route(f"{one}/read", self.read, methods=["PUT"]),
            Route("/v1/can-message/{account_id}", self.can_message, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """List the caller's inbox."""
        caller = await self._callers.account(request)
        cursor = request.query_params.get("cursor")
        return answer(
            await self._conversations.page(
                caller,
                chosen=query_choice(request, "filter", FILTERS, "all"),
                kind=query_choice(request, "kind", KINDS, None),
                after=decode_cursor(cursor, tuple[Moment, AccountId]) if cursor else None,
                limit=limit_of(request),
            )
        )

    async def open(self, request: Request) -> Response:
        """Open a direct conversation, as first contact allows."""
        caller = await self._callers.account(request)
        body = await read_body(request, OpenBody)
        shown, created = await self._conversations.open_direct(caller, body.with_)
        return created_or_ok(shown, created=created)

    async def get(self, request: Request) -> Response:
        """Show one conversation."""
        caller = await self._callers.account(request)
        return answer(await self._conversations.get(caller, path_id(request, "conversation_id")))

    async def change(self, request: Request) -> Response:
        """Star, archive or mute."""
        caller = await self._callers.account(request)
        conversation_id = path_id(request, "conversation_id")
        body = await read_body(request, FlagsBody)
        flags: dict[str, bool] = msgspec.to_builtins(body)
        return answer(await self._conversations.change(caller, conversation_id, flags))

    async def messages(self, request: Request) -> Response:
        """Show a page of a conversation."""
        caller = await self._callers.reader(request)
        bounds = {name: query_int(request, name) for name in ("before", "after", "around")}
        if sum(bound is not None for bound in bounds.values()) > 1:
            raise Invalid.field("before", "only one of before, after and around")
        for name, bound in bounds.items():
            if bound is not None and bound < 0:
                raise Invalid.field(name, "is a seq, from 0 on")
        return answer(
            await self._conversations.messages(
                caller,
                path_id(request, "conversation_id"),
                before=bounds["before"],
                after=bounds["after"],
                around=bounds["around"],
                limit=limit_of(request),
            )
        )

    async def send(self, request: Request) -> Response:
        """Send a message: 201, or 200 for one that was sent before."""
        caller = await self._callers.account(request)
        conversation_id = path_id(request, "conversation_id")
        body = await read_body(request, MessageBody)
        sent = await self._messages.send_and_wait(
            SendMessage(
                conversation_id=conversation_id,
                sender_id=caller.account_id,
                client_id=body.client_id,
                body=body.body,
                reply_to=body.reply_to,
                attachments=body.attachments,
            )
        )
        return created_or_ok({"message": msgspec.Raw(sent.message)}, created=sent.created)

    async def read(self, request: Request) -> Response:
        """Note how far the caller has read."""
        caller = await self._callers.account(request)
        conversation_id = path_id(request, "conversation_id")
        body = await read_body(request, ReadBody)
        return answer(await self._conversations.mark_read(caller, conversation_id, body.seq))

    async def can_message(self, request: Request) -> Response:
        """Tell whether the caller may write to somebody, and what unlocks it."""
        caller = await self._callers.account(request)
        return answer(await self._conversations.can_message(caller, path_id(request, "account_id")))
