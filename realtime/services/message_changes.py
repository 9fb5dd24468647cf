"""Editing and deleting: a message changes, and everybody who has it is told in its thread."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.attachments import AttachmentUse
from domain.contact import Refusal
from domain.contact_details import Detail
from domain.conversations import MAX_SEQ, ConversationKind, EntryKind, preview
from domain.errors import Conflict, Forbidden, Invalid, NotFound, NotParticipant
from domain.identity import Identity
from domain.publications import Publication, thread_channel
from domain.webhooks import MESSAGE_DELETED, MESSAGE_EDITED
from realtime.clock import Clock
from realtime.services import attachment_removal, contact_rule, inbox_news, views
from realtime.services.attachment_uses import ids_of
from realtime.services.contact_details import ContactDetails, Noticed, Words
from realtime.services.conversations import summary
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.message_shapes import OneMessage
from realtime.services.messages import check_body
from realtime.services.people import People
from realtime.services.shapes import Attachment
from realtime.services.webhook_events import WebhookEvent, WebhookEvents
from storage import attachments, conversations, entry_changes, held_messages, inboxes
from storage.conversations import Draft
from storage.engine import Database, Transaction
from storage.rows import Record

# A conversation, and who takes part in it.
Thread = tuple[Record, Sequence[str]]


class MessageChanges:
    """Use cases of whoever wrote a message; ``edit_within`` is how long its text may change."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        webhooks: WebhookEvents,
        details: ContactDetails,
        clock: Clock,
        new_id: Callable[[], str],
        edit_within: timedelta,
    ) -> None:
        self._database = database
        self._people = people
        self._webhooks = webhooks
        self._details = details
        self._clock = clock
        self._new_id = new_id
        self._edit_within = edit_within

    async def edit(
        self, identity: Identity, conversation_id: str, seq: int, body: str
    ) -> OneMessage:
        """Give one's own message another text; return it as it then is.

        The same text again changes nothing, so that an edit can safely be sent twice.
        """
        _check_seq(seq)
        wrong = check_body(body)
        if wrong is not None:
            raise wrong
        (details,) = await self._details.find([body])

        async def work(tx: Transaction) -> OneMessage:
            now = self._clock.now()
            thread = await self._held(tx, identity, conversation_id)
            await self._may_still_write(tx, identity, thread, now)
            message = await _own(tx, identity, conversation_id, seq)
            if message.deleted_at is not None:
                raise NotFound("there is no such message")
            noticed = await self._noticed(tx, identity, thread, body, details)
            stored = noticed.stored if noticed else body
            if message.body == stored:
                return _shown(message, noticed)
            if now >= message.at + self._edit_within:
                raise Conflict("this message is too old to be edited", code="too_late")
            changed = await _edited(tx, message, stored, now)
            draft = self._draft(changed, EntryKind.EDIT, now, stored)
            await self._tell(tx, thread, changed, draft)
            return _shown(changed, noticed)

        return await self._database.transaction(work)

    async def delete(self, identity: Identity, conversation_id: str, seq: int) -> OneMessage:
        """Take back one's own message for good; doing it again changes nothing."""
        _check_seq(seq)

        async def work(tx: Transaction) -> OneMessage:
            now = self._clock.now()
            thread = await self._held(tx, identity, conversation_id)
            message = await _own(tx, identity, conversation_id, seq)
            if message.deleted_at is None:
                held = await _taken(tx, message)
                message = await self._erased(tx, thread, message, held, now)
            return {"message": views.message(message)}

        return await self._database.transaction(work)

    async def let_through(self, tx: Transaction, held: Record) -> OneMessage:
        """Show the text of a message that was held back; an edit tells it to whoever looks."""
        thread = await self._thread(tx, held.conversation_id)
        now = self._clock.now()
        message = await _let_through(tx, held, held.body, now)
        draft = self._draft(message, EntryKind.EDIT, now, held.body)
        await self._tell(tx, thread, message, draft)
        return {"message": views.message(message)}

    async def take_away(self, tx: Transaction, held: Record) -> OneMessage:
        """Delete a message that was held back."""
        thread = await self._thread(tx, held.conversation_id)
        message = await entry_changes.message(tx.connection, held.conversation_id, held.seq)
        assert message is not None, "it is held back as long as it stands"
        erased = await self._erased(tx, thread, message, held, self._clock.now())
        return {"message": views.message(erased)}

    async def _erased(
        self,
        tx: Transaction,
        thread: Thread,
        message: Record,
        held: Record | None,
        now: datetime,
    ) -> Record:
        await _remove_files(tx, message.sender, (held or message).attachments, now)
        erased = await entry_changes.erase(tx.connection, message.conversation_id, message.seq, now)
        await self._tell(tx, thread, erased, self._draft(erased, EntryKind.DELETE, now))
        return erased

    async def _noticed(
        self,
        tx: Transaction,
        identity: Identity,
        thread: Thread,
        body: str,
        details: tuple[Detail, ...],
    ) -> Noticed | None:
        """Tell of contact details; a text that would be held back is no edit."""
        conversation, members = thread
        if conversation.kind != ConversationKind.DIRECT:
            return None
        other = next(member for member in members if member != identity.account_id)
        words = Words(writer=identity.account_id, reader=other, body=body, details=details)
        noticed = (await self._details.notice(tx.connection, {other: words})).get(other)
        if noticed is not None and noticed.held:
            raise Conflict(
                "contact details can be exchanged once there is an order",
                path="body",
                code="contact_details",
            )
        return noticed

    async def _held(self, tx: Transaction, identity: Identity, conversation_id: str) -> Thread:
        """Hold a conversation that the caller takes part in; return it and who else does."""
        conversation, members = await self._thread(tx, conversation_id)
        if identity.account_id not in members:
            raise NotParticipant("there is no such conversation")
        return conversation, members

    async def _thread(self, tx: Transaction, conversation_id: str) -> Thread:
        conversation = await entry_changes.hold(tx.connection, conversation_id)
        if conversation is None:
            raise NotParticipant("there is no such conversation")
        receipts = await conversations.receipts_of(tx.connection, [conversation_id])
        return conversation, sorted(row.account_id for row in receipts)

    async def _may_still_write(
        self,
        tx: Transaction,
        identity: Identity,
        thread: Thread,
        now: datetime,
    ) -> None:
        """An edit says something, so it is for whoever may say something."""
        conversation, members = thread
        if conversation.closed_at is not None:
            raise contact_rule.forbidden(Refusal.CONVERSATION_CLOSED)
        if conversation.kind != ConversationKind.DIRECT:
            return
        other = next(member for member in members if member != identity.account_id)
        standing = await contact_rule.standing(tx.connection, identity.account_id, other, now)
        if standing.refusal is not None:
            raise contact_rule.forbidden(standing.refusal)

    def _draft(
        self, message: Record, kind: EntryKind, now: datetime, body: str | None = None
    ) -> Draft:
        return Draft(
            conversation_id=message.conversation_id,
            id=self._new_id(),
            kind=kind,
            sender=message.sender,
            at=now,
            body=body,
            target_seq=message.seq,
        )

    async def _tell(
        self,
        tx: Transaction,
        thread: Thread,
        message: Record,
        draft: Draft,
    ) -> None:
        """Write the change into the thread, and into the inboxes of those who have it there."""
        conversation, members = thread
        rights = {conversation.id: conversation.rights}
        await conversations.append(tx.connection, [draft], rights)
        data = views.encode(views.entry(draft))
        tx.publish(Publication(thread_channel(conversation.id), data, draft.seq))
        await self._webhooks.tell(tx, [_changed(draft)])
        newest = await entry_changes.newest_message(tx.connection, conversation.id)
        changes = []
        counts = {}
        for account_id in members:
            before = await inboxes.item(tx.connection, account_id, conversation.id, lock=True)
            if before is None:
                continue
            item = await self._changed_item(tx, before, message, newest, draft.seq)
            shown = await summary(tx.connection, item, self._people, draft.at)
            changes.append(Change(account_id, Kind.CONVERSATION, conversation.id, shown.copy))
            moved = bool(item.unread) - bool(before.unread)
            if moved:
                counts[account_id] = Counts(unread_conversations=moved)
        await inbox_news.announce(tx, changes, counts)

    async def _changed_item(
        self, tx: Transaction, item: Record, message: Record, newest: Record | None, seq: int
    ) -> Record:
        values: dict[str, Any] = {"last_seq": seq}
        if item.last_message_seq == message.seq:
            values |= last_message(newest)
        if message.deleted_at is not None and message.seq > item.read_seq:
            # Counted while the item is held: what is sent meanwhile waits, and counts itself.
            values["unread"] = await conversations.unread(
                tx.connection, item.conversation_id, item.account_id, item.read_seq
            )
        return await inboxes.change_item(
            tx.connection, item.account_id, item.conversation_id, values
        )


def _changed(draft: Draft) -> WebhookEvent:
    event = MESSAGE_EDITED if draft.kind is EntryKind.EDIT else MESSAGE_DELETED
    data = {"conversation_id": draft.conversation_id, "change": views.entry(draft)}
    return WebhookEvent(event, draft.sender, data)


def _shown(message: Record, noticed: Noticed | None) -> OneMessage:
    shown: OneMessage = {"message": views.message(message)}
    if noticed is not None:
        shown["contact_details"] = noticed.shown()
    return shown


async def _taken(tx: Transaction, message: Record) -> Record | None:
    """Return what is held back of a message, if anything, and hold it back no longer."""
    if message.data is None:
        return None
    return await held_messages.take(tx.connection, message.conversation_id, message.seq)


async def _edited(tx: Transaction, message: Record, body: str, now: datetime) -> Record:
    """Write another text; if the first was held back, the files that were with it are shown now."""
    held = await _taken(tx, message)
    if held is not None:
        return await _let_through(tx, held, body, now)
    place = message.conversation_id, message.seq
    return await entry_changes.edit(tx.connection, *place, body, now)


async def _let_through(tx: Transaction, held: Record, body: str, now: datetime) -> Record:
    if held.attachments:
        files = ids_of(held.attachments)
        await attachments.change_use(tx.connection, held.account_id, files, AttachmentUse.MESSAGE)
    return await entry_changes.let_through(tx.connection, held, body, now)


async def _remove_files(
    tx: Transaction, owner: str, files: Sequence[Attachment], now: datetime
) -> None:
    if files:
        await attachment_removal.remove(tx, owner, ids_of(files), now)


def last_message(message: Record | None) -> Mapping[str, Any]:
    """Write what an inbox item keeps of the newest message that stands, if there is one."""
    return {
        "last_message_seq": message and message.seq,
        "last_message_sender": message and message.sender,
        "last_message_preview": message and preview(message.body),
        "last_message_at": message and message.at,
    }


def _check_seq(seq: int) -> None:
    if not 1 <= seq <= MAX_SEQ:
        raise Invalid.field("seq", "is the seq of a message, from 1 on")


async def _own(tx: Transaction, identity: Identity, conversation_id: str, seq: int) -> Record:
    message = await entry_changes.message(tx.connection, conversation_id, seq)
    if message is None:
        raise NotFound("there is no such message")
    if message.sender != identity.account_id:
        raise Forbidden("only who wrote a message may change it", code="not_sender")
    return message
