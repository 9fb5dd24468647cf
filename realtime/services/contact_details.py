"""Contact details before an order: what is found is told to the sender, masked, or held back."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact_details import Detail, DetailMode, find, masked
from domain.conversations import ConversationKind
from domain.errors import NotParticipant
from domain.identity import Identity
from realtime.services import message_shapes as shapes
from realtime.services.messages import check_body
from storage import contacts, inboxes
from storage.engine import Database

# What stands in a thread while an operator has yet to look at the text.
HELD = "[held back until it has been looked at]"

# So many characters are looked through before somebody else has a turn.
AT_ONCE = 20_000

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text on its way from one person to another, and what was found in it."""

    writer: str
    reader: str
    body: str
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What was found in a text that two people have no order for, and what becomes of it."""

    mode: DetailMode
    details: tuple[Detail, ...]
    body: str

    @property
    def held(self) -> bool:
        """Tell whether the text waits for an operator."""
        return self.mode is DetailMode.HOLD

    @property
    def stored(self) -> str:
        """What the thread gets."""
        if self.held:
            return HELD
        return masked(self.body, self.details) if self.mode is DetailMode.MASK else self.body

    def shown(self) -> shapes.ContactDetails:
        """Tell it to whoever wrote the text; places count Unicode's characters."""
        return {
            "mode": self.mode,
            "found": [
                {
                    "kind": each.kind,
                    "start": each.start,
                    "end": each.end,
                    "text": self.body[each.start : each.end],
                }
                for each in self.details
            ],
        }


class ContactDetails:
    """Knows what is done about them; the marketplace's own addresses are nobody's details."""

    def __init__(
        self, *, database: Database, mode: DetailMode, own_hosts: Collection[str] = ()
    ) -> None:
        self._database = database
        self._mode = mode
        self._own_hosts = own_hosts

    async def find(self, bodies: Sequence[str]) -> Sequence[tuple[Detail, ...]]:
        """Look through texts: what takes long for long ones, and so is done in no transaction."""
        found = []
        read = 0
        for body in bodies:
            found.append(find(body, own_hosts=self._own_hosts))
            read += len(body)
            if read >= AT_ONCE:
                read = 0
                await asyncio.sleep(0)
        return found

    async def notice(
        self, connection: AsyncConnection, told: Mapping[Key, Words]
    ) -> Mapping[Key, Noticed]:
        """Choose what somebody has to be told of; nothing is read unless something was found."""
        found = {key: words for key, words in told.items() if words.details}
        if not found:
            return {}
        pairs = {(words.writer, words.reader) for words in found.values()}
        rows = await contacts.histories(connection, pairs)
        ordered = {(row.writer, row.other) for row in rows if row.has_order}
        return {
            key: Noticed(mode=self._mode, details=words.details, body=words.body)
            for key, words in found.items()
            if (words.writer, words.reader) not in ordered
        }

    async def check(
        self, identity: Identity, conversation_id: str, body: str
    ) -> shapes.CheckedMessage:
        """Tell what would become of a text, before it is sent."""
        wrong = check_body(body)
        if wrong is not None:
            raise wrong
        (details,) = await self.find([body])
        async with self._database.reading() as connection:
            item = await inboxes.item(connection, identity.account_id, conversation_id)
            if item is None:
                raise NotParticipant("there is no such conversation")
            if item.kind != ConversationKind.DIRECT:
                return {"contact_details": None}
            words = Words(
                writer=identity.account_id, reader=item.with_id, body=body, details=details
            )
            noticed = await self.notice(connection, {conversation_id: words})
        told = noticed.get(conversation_id)
        return {"contact_details": told.shown() if told else None}
