"""Quick replies: texts with ``{name}`` and ``{order}``, which whoever sends them fills in."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from domain.errors import Conflict, NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.services.shapes import Id, Time
from storage import accounts, quick_replies
from storage.engine import Database, Transaction
from storage.rows import Record

MOST = 200


class QuickReply(TypedDict):
    """A text that its owner sends often."""

    id: Id
    title: str
    body: str
    created_at: Time
    updated_at: Time


class QuickReplies:
    """Use cases around one's own quick replies."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def all(self, identity: Identity) -> Sequence[QuickReply]:
        """List the caller's own, oldest first."""
        async with self._database.reading() as connection:
            rows = await quick_replies.of_owner(connection, identity.account_id)
        return [_shown(row) for row in rows]

    async def add(self, identity: Identity, title: str, body: str) -> QuickReply:
        """Keep a text."""

        async def work(tx: Transaction) -> QuickReply:
            owner = identity.account_id
            if await accounts.hold(tx.connection, owner) is None:
                raise NotFound("the marketplace has not told us of this account")
            if len(await quick_replies.of_owner(tx.connection, owner)) >= MOST:
                raise Conflict(f"there are {MOST} of them already", code="too_many_quick_replies")
            now = self._clock.now()
            values = {
                "account_id": owner,
                "id": self._new_id(),
                "title": title,
                "body": body,
                "created_at": now,
                "updated_at": now,
            }
            return _shown(await quick_replies.add(tx.connection, values))

        return await self._database.transaction(work)

    async def change(
        self, identity: Identity, reply_id: str, changes: Mapping[str, str]
    ) -> QuickReply:
        """Change one's own."""

        async def work(tx: Transaction) -> QuickReply:
            values = {**changes, "updated_at": self._clock.now()}
            row = await quick_replies.change(tx.connection, identity.account_id, reply_id, values)
            if row is None:
                raise NotFound("there is no such quick reply")
            return _shown(row)

        return await self._database.transaction(work)

    async def drop(self, identity: Identity, reply_id: str) -> None:
        """Delete one's own."""

        async def work(tx: Transaction) -> bool:
            return await quick_replies.drop(tx.connection, identity.account_id, reply_id)

        if not await self._database.transaction(work):
            raise NotFound("there is no such quick reply")


def _shown(row: Record) -> QuickReply:
    return {
        "id": row.id,
        "title": row.title,
        "body": row.body,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }
