"""Messages that are held back: operators let them through, or take them away."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from domain.errors import NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.services.message_changes import MessageChanges
from realtime.services.message_shapes import FoundDetail, OneMessage
from realtime.services.paging import page_of
from realtime.services.people import People
from realtime.services.shapes import Count, Id, Page, Person, Time
from storage import audit, entry_changes, held_messages
from storage.audit import Deed
from storage.engine import Database, Transaction
from storage.held_messages import Place
from storage.rows import Record


class HeldMessage(TypedDict):
    """A message whose text nobody but operators sees, with what was found in it."""

    conversation_id: Id
    seq: Count
    sender: Person
    body: str
    found: list[FoundDetail]
    at: Time


class HeldMessages:
    """Use cases of the operators who look at them; what they decide is noted."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        changes: MessageChanges,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._people = people
        self._changes = changes
        self._clock = clock
        self._new_id = new_id

    async def page(self, *, after: Place | None, limit: int) -> Page[HeldMessage]:
        """List them, the oldest first."""
        async with self._database.reading() as connection:
            rows = await held_messages.page(connection, after=after, limit=limit + 1)
            people = await self._people.get(connection, {row.account_id for row in rows})
        return page_of(
            rows,
            limit,
            show=lambda row: _shown(row, people),
            key=lambda row: (row.at, row.conversation_id, row.seq),
        )

    async def release(self, operator: Identity, conversation_id: str, seq: int) -> OneMessage:
        """Show a text to both, as it was written; an edit tells whoever looks."""

        async def work(tx: Transaction) -> OneMessage:
            await entry_changes.hold(tx.connection, conversation_id)
            held = await self._taken(tx, operator, "message.release", conversation_id, seq)
            return await self._changes.let_through(tx, held)

        return await self._database.transaction(work)

    async def reject(self, operator: Identity, conversation_id: str, seq: int) -> OneMessage:
        """Take a message away for good, as its sender could."""

        async def work(tx: Transaction) -> OneMessage:
            await entry_changes.hold(tx.connection, conversation_id)
            held = await self._taken(tx, operator, "message.reject", conversation_id, seq)
            return await self._changes.take_away(tx, held)

        return await self._database.transaction(work)

    async def _taken(
        self, tx: Transaction, operator: Identity, action: str, conversation_id: str, seq: int
    ) -> Record:
        held = await held_messages.take(tx.connection, conversation_id, seq)
        if held is None:
            raise NotFound("there is no such message that is held back")
        deed = Deed(
            id=self._new_id(),
            at=self._clock.now(),
            actor=operator.account_id,
            action=action,
            about=f"message:{conversation_id}:{seq}",
            detail={"sender": held.account_id, "kinds": [each["kind"] for each in held.found]},
        )
        await audit.write(tx.connection, deed)
        return held


def _shown(row: Record, people: Mapping[str, Person]) -> HeldMessage:
    return {
        "conversation_id": row.conversation_id,
        "seq": row.seq,
        "sender": people[row.account_id],
        "body": row.body,
        "found": row.found,
        "at": rfc3339(row.at),
    }
