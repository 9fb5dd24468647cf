"""``/v1/conversations`` with their messages, and ``/v1/can-message``."""

from typing import Annotated, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.contact import Refusal
from domain.conversations import (
    MAX_ATTACHMENTS,
    MAX_BODY,
    MAX_CLIENT_ID,
    MAX_SEQ,
    ConversationKind,
)
from domain.errors import Invalid
from domain.identity import Identity
from realtime.api.bodies import DEFAULT_LIMIT, AccountId, Body, Limit, Moment, PageQuery, Query
from realtime.api.endpoint import ACCOUNT, READER, Resource, Stored, get, patch, post, put
from realtime.api.forms import SEEN_FORM
from realtime.services.contact_details import ContactDetails
from realtime.services.conversations import Conversations
from realtime.services.message_shapes import CheckedMessage, OneMessage
from realtime.services.message_shapes import ContactDetails as FoundDetails
from realtime.services.messages import Messages, SendMessage
from realtime.services.shapes import (
    Conversation,
    MayWrite,
    Message,
    MessagePage,
    Page,
    Receipt,
)

ONE = "/v1/conversations/{conversation_id}"
ClientId = Annotated[str, Meta(min_length=1, max_length=MAX_CLIENT_ID, examples=["1f0a-7"])]
# How long it may be is said here and checked where it is said for the socket, too.
Text = Annotated[
    str, Meta(pattern=SEEN_FORM, examples=["Hello"], extra_json_schema={"maxLength": MAX_BODY})
]
Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ)]


class InboxQuery(PageQuery, frozen=True):
    """Which conversations."""

    filter: Literal["all", "unread", "starred", "archived"] = "all"
    kind: ConversationKind | None = None


class MessagesQuery(Query, frozen=True):
    """Which part of a conversation: at most one of the bounds, each of them a `seq`."""

    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Limit = DEFAULT_LIMIT


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

    client_id: ClientId
    body: Text
    reply_to: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None
    attachments: Annotated[tuple[AccountId, ...], Meta(max_length=MAX_ATTACHMENTS)] = ()


class CheckBody(Body, frozen=True):
    """A text that is yet to be sent."""

    body: Text


class ReadBody(Body, frozen=True):
    """How far the caller has read."""

    seq: Seq


class ConversationRoutes(Resource):
    """Conversations over HTTP."""

    def __init__(
        self, *, conversations: Conversations, messages: Messages, details: ContactDetails
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._details = details

    async def page(self, caller: Identity, query: InboxQuery) -> Page[Conversation]:
        """List the caller's inbox, what was written in last comes first."""
        return await self._conversations.page(
            caller,
            chosen=query.filter,
            kind=query.kind,
            after=query.after(tuple[Moment, AccountId]),
            limit=query.limit,
        )

    async def open(self, caller: Identity, body: OpenBody) -> Stored[Conversation]:
        """Open the direct conversation with somebody, as first contact allows."""
        return Stored(*await self._conversations.open_direct(caller, body.with_))

    async def get_one(self, caller: Identity, conversation_id: AccountId) -> Conversation:
        """Show one conversation."""
        return await self._conversations.get(caller, conversation_id)

    async def change(
        self, caller: Identity, conversation_id: AccountId, body: FlagsBody
    ) -> Conversation:
        """Star, archive or mute a conversation."""
        flags: dict[str, bool] = msgspec.to_builtins(body)
        return await self._conversations.change(caller, conversation_id, flags)

    async def page_of_messages(
        self, caller: Identity, conversation_id: AccountId, query: MessagesQuery
    ) -> MessagePage:
        """Show a page of a conversation, ascending; without a bound the newest."""
        if sum(bound is not None for bound in (query.before, query.after, query.around)) > 1:
            raise Invalid.field("before", "only one of before, after and around")
        return await self._conversations.messages(
            caller,
            conversation_id,
            before=query.before,
            after=query.after,
            around=query.around,
            limit=query.limit,
        )

    async def send(
        self, caller: Identity, conversation_id: AccountId, body: MessageBody
    ) -> Stored[OneMessage]:
        """Send a message; the same `client_id` again answers with the first one, and sends none."""
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
        shown: OneMessage = {"message": cast("Message", msgspec.Raw(sent.message))}
        if sent.contact_details:
            told = msgspec.Raw(sent.contact_details)
            shown["contact_details"] = cast("FoundDetails", told)
        return Stored(shown, sent.created)

    async def check(
        self, caller: Identity, conversation_id: AccountId, body: CheckBody
    ) -> CheckedMessage:
        """Tell what would become of a text, before it is sent.

        Contact details are exchanged once there is an order: until then they are found here, and
        in the answer to a message that is sent all the same.
        """
        return await self._details.check(caller, conversation_id, body.body)

    async def read(self, caller: Identity, conversation_id: AccountId, body: ReadBody) -> Receipt:
        """Note how far the caller has read; it never moves backwards."""
        return await self._conversations.mark_read(caller, conversation_id, body.seq)

    async def can_message(self, caller: Identity, account_id: AccountId) -> MayWrite:
        """Tell whether the caller may write to somebody, and if not what unlocks it."""
        return await self._conversations.can_message(caller, account_id)

    title = "Conversations"
    endpoints = (
        get("/v1/conversations", page, by=ACCOUNT),
        post("/v1/conversations", open, by=ACCOUNT, refuses=("not_found", *Refusal)),
        get(ONE, get_one, by=ACCOUNT, refuses=("not_participant",)),
        patch(ONE, change, by=ACCOUNT, refuses=("not_participant",)),
        get(f"{ONE}/messages", page_of_messages, by=READER, refuses=("not_participant",)),
        post(
            f"{ONE}/messages",
            send,
            by=ACCOUNT,
            refuses=("not_participant", *Refusal, "too_large", "too_many_requests"),
        ),
        post(f"{ONE}/messages/check", check, by=ACCOUNT, refuses=("not_participant", "too_large")),
        put(f"{ONE}/read", read, by=ACCOUNT, refuses=("not_participant",)),
        get("/v1/can-message/{account_id}", can_message, by=ACCOUNT, refuses=("not_found",)),
    )
