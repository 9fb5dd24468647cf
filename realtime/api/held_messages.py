"""``/v1/ops/held-messages``: texts with contact details that wait for an operator."""

from typing import Annotated

from msgspec import Meta

from domain.conversations import MAX_SEQ
from domain.identity import Identity
from realtime.api.bodies import AccountId, Moment, PageQuery
from realtime.api.endpoint import OPERATOR, Resource, get, post
from realtime.services.held_messages import HeldMessage, HeldMessages
from realtime.services.message_shapes import OneMessage
from realtime.services.shapes import Page

HELD = "/v1/ops/held-messages"
ONE = f"{HELD}/{{conversation_id}}/{{seq}}"
Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]


class HeldMessageRoutes(Resource):
    """Messages that are held back, over HTTP."""

    def __init__(self, *, held_messages: HeldMessages) -> None:
        self._held_messages = held_messages

    async def page(self, query: PageQuery) -> Page[HeldMessage]:
        """List the messages whose text is held back, the oldest first."""
        after = query.after(tuple[Moment, AccountId, Seq])
        return await self._held_messages.page(after=after, limit=query.limit)

    async def release(self, caller: Identity, conversation_id: AccountId, seq: Seq) -> OneMessage:
        """Show a text as it was written; it is noted who let it through."""
        return await self._held_messages.release(caller, conversation_id, seq)

    async def reject(self, caller: Identity, conversation_id: AccountId, seq: Seq) -> OneMessage:
        """Take a message away for good; it is noted who did."""
        return await self._held_messages.reject(caller, conversation_id, seq)

    title = "Held messages"
    endpoints = (
        get(HELD, page, by=OPERATOR),
        post(f"{ONE}/release", release, by=OPERATOR, refuses=("not_found",)),
        post(f"{ONE}/reject", reject, by=OPERATOR, refuses=("not_found",)),
    )
