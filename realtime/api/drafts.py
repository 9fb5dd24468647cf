"""``/v1/drafts`` and each conversation's own: what is begun and not sent yet."""

from typing import Annotated

from msgspec import Meta

from domain.conversations import MAX_BODY
from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, PageQuery
from realtime.api.endpoint import ACCOUNT, Resource, get, put
from realtime.services.drafts import Draft, Drafts, OneDraft
from realtime.services.shapes import Page

ONE = "/v1/conversations/{conversation_id}/draft"
Text = Annotated[str, Meta(examples=["Hello, I"], extra_json_schema={"maxLength": MAX_BODY})]


class DraftBody(Body, frozen=True):
    """What is begun; an empty text ends it."""

    body: Text


class DraftRoutes(Resource):
    """Drafts over HTTP."""

    def __init__(self, *, drafts: Drafts) -> None:
        self._drafts = drafts

    async def page(self, caller: Identity, query: PageQuery) -> Page[Draft]:
        """List the texts that the caller has begun, of each conversation the one."""
        after = query.after(tuple[AccountId])
        return await self._drafts.page(caller, after=after[0] if after else "", limit=query.limit)

    async def one(self, caller: Identity, conversation_id: AccountId) -> OneDraft:
        """Show what the caller has begun to write in a conversation; sending ends it."""
        return await self._drafts.get(caller, conversation_id)

    async def save(self, caller: Identity, conversation_id: AccountId, body: DraftBody) -> OneDraft:
        """Keep what is begun, and tell the caller's other devices of it; the last one wins."""
        return await self._drafts.save(caller, conversation_id, body.body)

    title = "Drafts"
    endpoints = (
        get("/v1/drafts", page, by=ACCOUNT),
        get(ONE, one, by=ACCOUNT, refuses=("not_participant",)),
        put(ONE, save, by=ACCOUNT, refuses=("not_participant", "too_large")),
    )
