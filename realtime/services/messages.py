"""Sending messages: checked at once, stored with whatever waits, answered after the commit."""

import asyncio
from collections.abc import Callable, Sequence
from zlib import crc32

from msgspec import Struct

from domain.contact_details import Detail
from domain.conversations import MAX_ATTACHMENTS, MAX_BODY, MAX_CLIENT_ID, MAX_SEQ
from domain.errors import Invalid, OrderwireError, TooLarge, TooMany
from domain.identity import is_id
from domain.texts import is_blank
from realtime.services.commit_queue import ANSWER_WITHIN, CommitFigures, CommitQueue, Store
from realtime.services.rates import AccountRates
from storage.engine import Database


class SendMessage(Struct, frozen=True):
    """A message as its sender gave it; ``client_id`` makes sending it twice harmless.

    ``details`` are the contact details in its text, once it was looked for them.
    """

    conversation_id: str
    sender_id: str
    client_id: str
    body: str
    reply_to: int | None = None
    attachments: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()


class Sent(Struct, frozen=True):
    """A stored message: its JSON as the thread publishes it, and whether this call stored it.

    ``contact_details`` is JSON of what was found in its text, or empty.
    """

    seq: int
    message: bytes
    created: bool
    contact_details: bytes = b""


def check(command: SendMessage) -> OrderwireError | None:
    """Name what is wrong with a message before it costs anything."""
    if not 1 <= len(command.client_id) <= MAX_CLIENT_ID or "\0" in command.client_id:
        return Invalid.field("client_id", f"has 1 to {MAX_CLIENT_ID} characters, none of them NUL")
    wrong_body = check_body(command.body)
    if wrong_body is not None:
        return wrong_body
    if command.reply_to is not None and not 1 <= command.reply_to <= MAX_SEQ:
        return Invalid.field("reply_to", "is the seq of a message, from 1 on")
    return check_attachments(command.attachments) if command.attachments else None


def check_attachments(attachment_ids: Sequence[str]) -> OrderwireError | None:
    """Name what is wrong with a list of attachments before anybody looks for them."""
    if len(attachment_ids) > MAX_ATTACHMENTS:
        return Invalid.field("attachments", f"are at most {MAX_ATTACHMENTS}")
    for index, attachment_id in enumerate(attachment_ids):
        if not is_id(attachment_id):
            return Invalid.field(f"attachments[{index}]", "there is no such attachment")
        if attachment_id in attachment_ids[:index]:
            return Invalid.field(f"attachments[{index}]", "is named twice")
    return None


def check_body(body: str) -> OrderwireError | None:
    """Name what is wrong with a text."""
    if len(body) > MAX_BODY:
        return TooLarge(f"has at most {MAX_BODY} characters", path="body")
    if "\0" in body:
        return Invalid.field("body", "contains the character U+0000, which is no text")
    if is_blank(body):
        return Invalid.field("body", "has nothing to see in it")
    return None


class Messages:
    """The one way for a message into a conversation, for the socket and for HTTP alike."""

    def __init__(
        self,
        *,
        database: Database,
        store: Store[SendMessage, Sent],
        rates: AccountRates,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self.figures = CommitFigures()
        self._queues = [
            CommitQueue[SendMessage, Sent](
                database=database, store=store, figures=self.figures, answer_within=answer_within
            )
            for _ in range(database.writers)
        ]
        self._rates = rates

    @property
    def waiting(self) -> int:
        """How many of them wait for the next commit."""
        return sum(map(len, self._queues))

    def send(self, command: SendMessage, done: Callable[[Sent | OrderwireError], None]) -> None:
        """Store a message with the next group; ``done`` is called after the commit.

        Never raises: what is wrong is handed to ``done``, at once or later.
        """
        wrong = check(command)
        if wrong is None and not self._rates.take(command.sender_id):
            wrong = TooMany("too many messages; send it again in a moment")
        if wrong is not None:
            done(wrong)
        else:
            # What is said in one conversation stays in order.
            place = crc32(command.conversation_id.encode()) % len(self._queues)
            self._queues[place].submit(command, done)

    async def send_and_wait(self, command: SendMessage) -> Sent:
        """Store a message with the next group; raise what is wrong with it."""
        outcome: asyncio.Future[Sent | OrderwireError] = asyncio.get_running_loop().create_future()

        def done(result: Sent | OrderwireError) -> None:
            if not outcome.cancelled():
                outcome.set_result(result)

        self.send(command, done)
        result = await outcome
        if isinstance(result, OrderwireError):
            raise result
        return result

    async def settle(self) -> None:
        """Wait until everything sent so far is committed and answered."""
        for queue in self._queues:
            await queue.settle()
