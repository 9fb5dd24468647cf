"""What a group of messages does to the database, and what threads and inboxes are told of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from domain.conversations import ConversationKind, EntryKind, preview
from domain.errors import Invalid, NotParticipant, OrderwireError
from domain.publications import Publication, thread_channel
from realtime.clock import Clock
from realtime.services import contact_rule, inbox_news, views
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.messages import SendMessage, Sent
from realtime.services.people import People
from storage import conversations, inboxes
from storage.conversations import Draft
from storage.engine import Transaction
from storage.inboxes import Arrival

MAX_REMEMBERED = 50_000

Outcome = Sent | OrderwireError
Key = tuple[str, str, str]


@dataclass(slots=True)
class Membership:
    """Who is in a conversation, and who of them is known to be allowed to write.

    Only a yes is remembered: it is never taken back but by what drops the whole entry.
    """

    kind: ConversationKind
    members: tuple[str, ...]
    writers: set[str] = field(default_factory=set)
    # Whose first words in a direct conversation are noted.
    spoken: set[str] = field(default_factory=set)

    def other(self, account_id: str) -> str:
        """Return the counterpart."""
        return next(member for member in self.members if member != account_id)


@dataclass(slots=True)
class _Entry:
    """A stored draft as ``views`` reads it: the draft with its sequence number."""

    draft: Draft
    seq: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.draft, name)


class MessageStore:
    """Stores groups of messages; the second half of the commit queue."""

    def __init__(self, *, people: People, clock: Clock, new_id: Callable[[], str]) -> None:
        self._people = people
        self._clock = clock
        self._new_id = new_id
        self._memberships: dict[str, Membership] = {}

    async def __call__(
        self, tx: Transaction, commands: Sequence[SendMessage], *, repeated: bool
    ) -> list[Outcome]:
        """Store what may be stored; one outcome for each command, in order."""
        await self._load_memberships(tx, {command.conversation_id for command in commands})
        outcomes: dict[Key, Outcome] = {}
        if repeated:
            outcomes.update(await self._sent_before(tx, commands))
        fresh: dict[Key, SendMessage] = {}
        for command in commands:
            key = _key(command)
            if key in outcomes or key in fresh:
                continue
            refused = await self._refusal(tx, command)
            if refused is None:
                fresh[key] = command
            else:
                outcomes[key] = refused
        await self._drop_bad_replies(tx, fresh, outcomes)
        if fresh:
            outcomes.update(await self._append(tx, fresh))
        return [outcomes[_key(command)] for command in commands]

    async def _load_memberships(self, tx: Transaction, conversation_ids: set[str]) -> None:
        missing = [id_ for id_ in conversation_ids if id_ not in self._memberships]
        if not missing:
            return
        found: dict[str, Membership] = {}
        for row in await conversations.memberships(tx.connection, missing):
            known = found.get(row.id)
            members = (*known.members, row.account_id) if known else (row.account_id,)
            found[row.id] = Membership(ConversationKind(row.kind), members)
        while self._memberships and len(self._memberships) + len(found) > MAX_REMEMBERED:
            del self._memberships[next(iter(self._memberships))]
        self._memberships.update(found)

    async def _sent_before(
        self, tx: Transaction, commands: Sequence[SendMessage]
    ) -> dict[Key, Outcome]:
        # Nobody else may store the same ones between this look and our own insert.
        known = {c.conversation_id for c in commands if c.conversation_id in self._memberships}
        await conversations.lock(tx.connection, sorted(known))
        rows = await conversations.sent_before(tx.connection, [_key(c) for c in commands])
        return {
            (row.conversation_id, row.sender, row.client_id): Sent(
                row.seq, views.encode(views.entry(row)), created=False
            )
            for row in rows
        }

    async def _refusal(self, tx: Transaction, command: SendMessage) -> OrderwireError | None:
        membership = self._memberships.get(command.conversation_id)
        if membership is None or command.sender_id not in membership.members:
            return NotParticipant("you have no part in this conversation")
        if command.sender_id in membership.writers:
            return None
        if membership.kind is ConversationKind.DIRECT:
            other = membership.other(command.sender_id)
            reason = await contact_rule.refusal(tx.connection, command.sender_id, other)
            if reason is not None:
                return contact_rule.forbidden(reason)
        membership.writers.add(command.sender_id)
        return None

    async def _drop_bad_replies(
        self, tx: Transaction, fresh: dict[Key, SendMessage], outcomes: dict[Key, Outcome]
    ) -> None:
        replies = {
            key: (command.conversation_id, command.reply_to)
            for key, command in fresh.items()
            if command.reply_to is not None
        }
        if not replies:
            return
        standing = await conversations.existing_messages(tx.connection, list(replies.values()))
        for key, target in replies.items():
            if target not in standing:
                del fresh[key]
                outcomes[key] = Invalid.field("reply_to", "there is no such message")

    async def _append(self, tx: Transaction, fresh: dict[Key, SendMessage]) -> dict[Key, Outcome]:
        now = self._clock.now()
        drafts = [self._draft(command, now) for command in fresh.values()]
        sequences = await conversations.append(tx.connection, drafts)
        outcomes: dict[Key, Outcome] = {}
        for key, draft, seq in zip(fresh, drafts, sequences, strict=True):
            data = views.encode(views.entry(_Entry(draft, seq)))
            tx.publish(Publication(thread_channel(draft.conversation_id), data, seq))
            outcomes[key] = Sent(seq, data, created=True)
        await self._tell_inboxes(tx, list(zip(drafts, sequences, strict=True)), now)
        await self._note_first_words(tx, drafts, now)
        return outcomes

    def _draft(self, command: SendMessage, now: datetime) -> Draft:
        return Draft(
            conversation_id=command.conversation_id,
            id=self._new_id(),
            kind=EntryKind.MESSAGE,
            sender=command.sender_id,
            at=now,
            client_id=command.client_id,
            body=command.body,
            reply_to=command.reply_to,
            attachments=command.attachments,
        )

    async def _tell_inboxes(
        self, tx: Transaction, stored: Sequence[tuple[Draft, int]], now: datetime
    ) -> None:
        arrivals = self._arrivals(stored)
        rows = await inboxes.receive(tx.connection, list(arrivals.values()), now)
        people = await self._people.get(tx.connection, {row.with_id for row in rows})
        changes = [
            Change(
                row.account_id,
                Kind.CONVERSATION,
                row.conversation_id,
                views.conversation(row, people),
            )
            for row in rows
        ]
        newly_unread: dict[str, int] = {}
        for row in rows:
            added = arrivals[row.account_id, row.conversation_id].unread
            if added and row.unread == added:
                newly_unread[row.account_id] = newly_unread.get(row.account_id, 0) + 1
        counts = {id_: Counts(unread_conversations=n) for id_, n in newly_unread.items()}
        await inbox_news.announce(tx, changes, counts)

    def _arrivals(self, stored: Sequence[tuple[Draft, int]]) -> dict[tuple[str, str], Arrival]:
        """Fold a group into one arrival for each participant: the newest message, and how many."""
        newest: dict[str, tuple[Draft, int]] = {}
        unread: dict[tuple[str, str], int] = {}
        for draft, seq in stored:
            newest[draft.conversation_id] = (draft, seq)
            for member in self._memberships[draft.conversation_id].members:
                key = (member, draft.conversation_id)
                unread[key] = unread.get(key, 0) + (member != draft.sender)
        return {
            key: Arrival(
                key[0],
                key[1],
                newest[key[1]][1],
                newest[key[1]][0].sender,
                preview(newest[key[1]][0].body or ""),
                count,
            )
            for key, count in unread.items()
        }

    async def _note_first_words(
        self, tx: Transaction, drafts: Sequence[Draft], now: datetime
    ) -> None:
        pairs = set()
        for draft in drafts:
            membership = self._memberships[draft.conversation_id]
            direct = membership.kind is ConversationKind.DIRECT
            if direct and draft.sender not in membership.spoken:
                pairs.add((draft.sender, membership.other(draft.sender)))
                tx.remember(partial(membership.spoken.add, draft.sender))
        await conversations.note_first_words(tx.connection, sorted(pairs), now)


def _key(command: SendMessage) -> Key:
    return (command.conversation_id, command.sender_id, command.client_id)
