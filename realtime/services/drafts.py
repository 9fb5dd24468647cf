"""Drafts: what somebody has begun to write, on all of their devices.

Whoever writes last wins: each text takes the next version, and a device that knows a later one
leaves an earlier one alone. A message that is sent ends the draft of its conversation: that is seen
when the draft is read, so sending pays nothing for it.
"""

from typing import TypedDict

from msgspec import Struct

from domain.conversations import MAX_BODY
from domain.errors import Invalid, NotParticipant, TooLarge
from domain.identity import Identity
from domain.instants import rfc3339
from domain.publications import Publication, inbox_channel
from realtime.clock import Clock
from realtime.services.paging import page_of
from realtime.services.shapes import Count, Id, Page, Time
from realtime.services.views import encode
from storage import drafts, inboxes
from storage.engine import Database, Transaction
from storage.rows import Record


class Draft(TypedDict):
    """A text that is not sent yet; empty when there is none. Of two the higher version counts."""

    conversation_id: Id
    body: str
    version: Count
    updated_at: Time | None


class OneDraft(TypedDict):
    """A draft as it is stored now."""

    draft: Draft


class DraftNews(Struct, frozen=True):
    """What an account's own inbox is told; it has no position, for the draft can be read."""

    draft: Draft
    type: str = "draft"


class Drafts:
    """Use cases around one's own drafts."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, identity: Identity, conversation_id: str, body: str) -> OneDraft:
        """Keep a text in place of the one before, and tell the account's other devices."""
        _check(body)
        account_id = identity.account_id

        async def work(tx: Transaction) -> OneDraft:
            item = await inboxes.item(tx.connection, account_id, conversation_id)
            if item is None:
                raise NotParticipant("there is no such conversation")
            row = await drafts.put(
                tx.connection,
                {
                    "account_id": account_id,
                    "conversation_id": conversation_id,
                    "body": body,
                    "after_seq": item.last_seq,
                    "updated_at": self._clock.now(),
                },
            )
            shown = _shown(row)
            tx.publish(Publication(inbox_channel(account_id), encode(DraftNews(shown))))
            return {"draft": shown}

        return await self._database.transaction(work)

    async def get(self, identity: Identity, conversation_id: str) -> OneDraft:
        """Show the text that was begun in a conversation."""
        async with self._database.reading() as connection:
            item = await inboxes.item(connection, identity.account_id, conversation_id)
            if item is None:
                raise NotParticipant("there is no such conversation")
            row = await drafts.get(connection, identity.account_id, conversation_id)
        if row is None:
            return {"draft": _nothing(conversation_id)}
        shown = _shown(row)
        return {"draft": {**shown, "body": ""} if row.sent else shown}

    async def page(self, identity: Identity, *, after: str, limit: int) -> Page[Draft]:
        """List the conversations in which a text was begun."""
        async with self._database.reading() as connection:
            rows = await drafts.of_account(
                connection, identity.account_id, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=_shown, key=lambda row: (row.conversation_id,))


def _check(body: str) -> None:
    if len(body) > MAX_BODY:
        raise TooLarge(f"has at most {MAX_BODY} characters", path="body")
    if "\0" in body:
        raise Invalid.field("body", "contains the character U+0000, which is no text")


def _nothing(conversation_id: str) -> Draft:
    return {"conversation_id": conversation_id, "body": "", "version": 0, "updated_at": None}


def _shown(row: Record) -> Draft:
    return {
        "conversation_id": row.conversation_id,
        "body": row.body,
        "version": row.version,
        "updated_at": rfc3339(row.updated_at),
    }
