"""Replies by mail: whose thread an address belongs to, and posting what they wrote there."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import Identity
from domain.suppression import address_key
from realtime.clock import Clock
from realtime.services.messages import Messages, SendMessage, Sent
from storage import accounts, deliveries, notifications
from storage.deliveries import BUCKET
from storage.engine import Database
from storage.rows import Record

# How long after a mail its answer finds its thread.
HOLDS = timedelta(days=30)
_CLIENT_ID_LENGTH = 40


class Attachment(Protocol):
    """A file that came along."""

    @property
    def name(self) -> str: ...

    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReply:
    """What came: the delivery that it answers, who says to have written it, and what."""

    delivery_id: str
    sender: str
    message_id: str
    text: str
    attached: Sequence[Attachment] = ()


class MailReplies:
    """The way for a mail into a conversation: the same as for every other message."""

    def __init__(
        self,
        *,
        database: Database,
        messages: Messages,
        take_file: Callable[[Identity, str, AsyncIterator[bytes]], Awaitable[Record]],
        clock: Clock,
    ) -> None:
        self._database = database
        self._messages = messages
        self._take_file = take_file
        self._clock = clock

    async def post(self, reply: MailReply) -> Sent:
        """Post a reply as a message of whoever the mail was sent to; twice is harmless."""
        conversation_id, account_id = await self._place(reply)
        if not reply.text and not reply.attached:
            raise Invalid.field("body", "has nothing new in it")
        identity = Identity(account_id)
        files = [await self._kept(identity, attachment) for attachment in reply.attached]
        return await self._messages.send_and_wait(
            SendMessage(
                conversation_id,
                account_id,
                _client_id(reply),
                reply.text or ", ".join(attachment.name for attachment in reply.attached),
                attachments=tuple(files),
            )
        )

    async def _kept(self, identity: Identity, attachment: Attachment) -> str:
        async def content() -> AsyncIterator[bytes]:
            yield attachment.content

        kept = await self._take_file(identity, attachment.name, content())
        file_id: str = kept.id
        return file_id

    async def _place(self, reply: MailReply) -> tuple[str, str]:
        async with self._database.reading() as connection:
            delivery = await deliveries.get(connection, BUCKET, reply.delivery_id)
            if delivery is None or delivery.created_at + HOLDS < self._clock.now():
                raise NotFound("this address holds no longer: answer in the app")
            account = await accounts.get(connection, delivery.account_id)
            told = await notifications.get(
                connection, delivery.account_id, delivery.notification_id
            )
        if account is None or told is None or told.conversation_id is None:
            raise NotFound("what this address belongs to is gone")
        if address_key(reply.sender) != address_key(account.email or ""):
            raise Forbidden("write from the address that the mail was sent to")
        return told.conversation_id, account.id


def _client_id(reply: MailReply) -> str:
    """Name a mail, so that its second copy is no second message."""
    named = reply.message_id or f"{reply.delivery_id}\n{reply.text}"
    digest = hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()
    return f"mail:{digest[:_CLIENT_ID_LENGTH]}"
