"""The methods of ``rpc``: decode, call a service, encode."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from domain.conversations import MAX_ATTACHMENTS
from domain.errors import Forbidden, Invalid, NotParticipant, OrderwireError
from domain.identity import Identity, Role, is_id
from domain.publications import thread_channel
from realtime.decoding import invalid, no_text_in
from realtime.gateway.typists import Typists
from realtime.protocol.codec import UNREADABLE
from realtime.services.contact_details import ContactDetails
from realtime.services.conversations import Conversations
from realtime.services.drafts import Drafts
from realtime.services.message_changes import MessageChanges
from realtime.services.messages import Messages, SendMessage, Sent

Seq = Annotated[int, Meta(ge=0)]
Outcome = Raw | OrderwireError


class Caller(Protocol):
    """A connection that calls."""

    identity: Identity
    focus: str | None

    def listens(self, channel: str) -> bool:
        """Tell whether it has this channel open."""
        ...


class Asked(Struct, frozen=True, kw_only=True):
    """What each method has: the conversation that it is about."""

    conversation: str | None


class Send(Asked, frozen=True, kw_only=True):
    """``message.send``."""

    conversation: str
    client_id: str
    body: str
    reply_to: int | None = None
    attachments: Annotated[list[str], Meta(max_length=MAX_ATTACHMENTS)] = []


class Edit(Asked, frozen=True, kw_only=True):
    """``message.edit``."""

    conversation: str
    seq: Seq
    body: str


class Delete(Asked, frozen=True, kw_only=True):
    """``message.delete``."""

    conversation: str
    seq: Seq


class Draft(Asked, frozen=True, kw_only=True):
    """``draft.save``."""

    conversation: str
    body: str


class Check(Asked, frozen=True, kw_only=True):
    """``message.check``."""

    conversation: str
    body: str


class Receipt(Asked, frozen=True, kw_only=True):
    """``receipt.read``, ``receipt.delivered`` and ``receipt.unread``."""

    conversation: str
    seq: Seq


class Typing(Asked, frozen=True, kw_only=True):
    """``typing``."""

    conversation: str
    typing: bool = True


class Focus(Asked, frozen=True, kw_only=True):
    """``focus``: which thread this connection shows."""

    conversation: str | None = None


Handler = Callable[["Calls", Caller, Any], Awaitable[Any]]


class Calls:
    """Knows the methods."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        messages: Messages,
        changes: MessageChanges,
        details: ContactDetails,
        drafts: Drafts,
        typists: Typists,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._changes = changes
        self._details = details
        self._drafts = drafts
        self._typists = typists

    def send(self, caller: Caller, data: Raw, done: Callable[[Outcome], None]) -> None:
        """Store a message with the next group; ``done`` gets the answer after the commit."""
        try:
            asked = _read(data, Send)
            _require_account(caller)
        except OrderwireError as error:
            done(error)
            return
        command = SendMessage(
            conversation_id=asked.conversation,
            sender_id=caller.identity.account_id,
            client_id=asked.client_id,
            body=asked.body,
            reply_to=asked.reply_to,
            attachments=tuple(asked.attachments),
        )
        self._messages.send(command, lambda outcome: done(_sent(outcome)))

    def knows(self, method: str) -> bool:
        """Tell whether there is such a method."""
        return method in METHODS

    async def call(self, caller: Caller, method: str, data: Raw) -> Raw:
        """Call any other method; raises what its service refuses."""
        kind, handler = METHODS[method]
        asked = _read(data, kind)
        _require_account(caller)
        return Raw(msgspec.json.encode(await handler(self, caller, asked)))

    async def _edit(self, caller: Caller, asked: Edit) -> Any:
        return await self._changes.edit(caller.identity, asked.conversation, asked.seq, asked.body)

    async def _check(self, caller: Caller, asked: Check) -> Any:
        return await self._details.check(caller.identity, asked.conversation, asked.body)

    async def _draft(self, caller: Caller, asked: Draft) -> Any:
        return await self._drafts.save(caller.identity, asked.conversation, asked.body)

    async def _delete(self, caller: Caller, asked: Delete) -> Any:
        return await self._changes.delete(caller.identity, asked.conversation, asked.seq)

    async def _read(self, caller: Caller, asked: Receipt) -> Any:
        return await self._conversations.mark_read(caller.identity, asked.conversation, asked.seq)

    async def _delivered(self, caller: Caller, asked: Receipt) -> Any:
        return await self._conversations.mark_delivered(
            caller.identity, asked.conversation, asked.seq
        )

    async def _unread(self, caller: Caller, asked: Receipt) -> Any:
        return await self._conversations.mark_unread(caller.identity, asked.conversation, asked.seq)

    async def _typing(self, caller: Caller, asked: Typing) -> Any:
        channel = thread_channel(asked.conversation)
        if not caller.listens(channel):
            raise NotParticipant("typing is told to a thread that one has open")
        account = caller.identity.account_id
        self._typists.note(account, channel, typing=asked.typing, caller=caller)
        return {}

    async def _focus(self, caller: Caller, asked: Focus) -> Any:
        if asked.conversation and not caller.listens(thread_channel(asked.conversation)):
            raise NotParticipant("focus is on a thread that one has open")
        caller.focus = asked.conversation
        return {}


METHODS: Mapping[str, tuple[type[Asked], Handler]] = {
    "message.check": (Check, Calls._check),
    "draft.save": (Draft, Calls._draft),
    "message.edit": (Edit, Calls._edit),
    "message.delete": (Delete, Calls._delete),
    "receipt.read": (Receipt, Calls._read),
    "receipt.delivered": (Receipt, Calls._delivered),
    "receipt.unread": (Receipt, Calls._unread),
    "typing": (Typing, Calls._typing),
    "focus": (Focus, Calls._focus),
}
SEND = "message.send"

Kind = TypeVar("Kind", bound=Asked)


def _read(data: Raw, kind: type[Kind]) -> Kind:
    try:
        asked = msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error), whole="data") from None
    except UNREADABLE as error:
        raise no_text_in(bytes(data)) or Invalid.field("data", str(error)) from None
    if asked.conversation and not is_id(asked.conversation):
        raise NotParticipant("there is no such conversation")
    return asked


def _require_account(caller: Caller) -> None:
    if caller.identity.role is not Role.ACCOUNT:
        raise Forbidden("an operator reads, and writes nothing")


def _sent(outcome: Sent | OrderwireError) -> Outcome:
    if isinstance(outcome, OrderwireError):
        return outcome
    if outcome.contact_details:
        told = (outcome.message, outcome.contact_details)
        return Raw(b'{"message":%b,"contact_details":%b}' % told)
    return Raw(b'{"message":%b}' % outcome.message)
