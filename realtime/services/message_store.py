"""What a group of messages does to the database, and what threads and inboxes are told of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from domain.contact import Refusal
from domain.conversations import ConversationKind, EntryKind, preview
from domain.errors import Invalid, NotParticipant, OrderwireError
from domain.publications import Publication, thread_channel
from domain.webhooks import MESSAGE_CREATED
from realtime.clock import Clock
from realtime.delivery.message_planner import MessagePlanner, Unread
from realtime.services import contact_rule, inbox_news, message_files, message_holds, views
from realtime.services.commit_queue import Again
from realtime.services.contact_details import ContactDetails, Noticed, Words
from realtime.services.inbox_news import Change, Counts, Kind
from realtime.services.message_files import Files, Key, Outcome
from realtime.services.messages import SendMessage, Sent
from realtime.services.people import People
from realtime.services.shapes import Attachment, Person
from realtime.services.webhook_events import WebhookEvent, WebhookEvents
from storage import contacts, conversations, inboxes
from storage.conversations import Draft, RightsChanged
from storage.engine import Transaction
from storage.inboxes import Arrival
from storage.rows import Record

MAX_REMEMBERED = 50_000


@dataclass(slots=True)
class Membership:
    """Who is in a conversation, and who of them is known to be allowed to write.

    Only a yes is remembered, with the time until which it holds. What takes it away before then
    counts ``rights`` up, which is looked at under the lock that a message takes anyway.
    """

    kind: ConversationKind
    rights: int
    members: tuple[str, ...]
    closed: bool
    writers: dict[str, datetime | None] = field(default_factory=dict)
    # Whose first words in a direct conversation are noted.
    spoken: set[str] = field(default_factory=set)

    def other(self, account_id: str) -> str:
        """Return the counterpart."""
        return next(member for member in self.members if member != account_id)

    def may_write(self, account_id: str, now: datetime) -> bool:
        """Tell whether this account is known to be allowed to write at ``now``."""
        if account_id not in self.writers:
            return False
        until = self.writers[account_id]
        return until is None or now < until


Memberships = dict[str, Membership]


class MessageStore:
    """Stores groups of messages; the second half of the commit queue."""

    def __init__(
        self,
        *,
        people: People,
        planner: MessagePlanner,
        webhooks: WebhookEvents,
        details: ContactDetails,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._people = people
        self._details = details
        self._planner = planner
        self._webhooks = webhooks
        self._clock = clock
        self._new_id = new_id
        self._memberships: Memberships = {}

    async def prepare(self, commands: Sequence[SendMessage]) -> Sequence[SendMessage]:
        """Look for contact details in what is said, or may be said, outside of orders."""
        bodies = ["" if self._is_of_order(command) else command.body for command in commands]
        found = await self._details.find(bodies)
        return [
            replace(command, details=details) if details else command
            for command, details in zip(commands, found, strict=True)
        ]

    def _is_of_order(self, command: SendMessage) -> bool:
        known = self._memberships.get(command.conversation_id)
        return known is not None and known.kind is ConversationKind.ORDER

    async def __call__(
        self, tx: Transaction, commands: Sequence[SendMessage], *, repeated: bool
    ) -> list[Outcome]:
        """Store what may be stored; one outcome for each command, in order."""
        memberships = await self._load(tx, {command.conversation_id for command in commands})
        try:
            return await self._stored(tx, memberships, commands, repeated=repeated)
        except RightsChanged as changed:
            for conversation_id in changed.conversation_ids:
                self._memberships.pop(conversation_id, None)
            raise Again from changed

    async def _stored(
        self,
        tx: Transaction,
        memberships: Memberships,
        commands: Sequence[SendMessage],
        *,
        repeated: bool,
    ) -> list[Outcome]:
        now = self._clock.now()
        outcomes: dict[Key, Outcome] = {}
        # Who sends a message again must not find its attachments used: by that very message.
        with_files = any(command.attachments for command in commands)
        if repeated or with_files:
            outcomes.update(await self._sent_before(tx, memberships, commands, now))
        fresh: dict[Key, SendMessage] = {}
        for command in commands:
            key = _key(command)
            if key in outcomes or key in fresh:
                continue
            refused = await self._refusal(tx, memberships, command, now)
            if refused is None:
                fresh[key] = command
            else:
                outcomes[key] = refused
        await self._drop_bad_replies(tx, fresh, outcomes)
        files = await message_files.use(tx, fresh, outcomes, now) if with_files else {}
        if fresh:
            outcomes.update(await self._append(tx, memberships, fresh, files, now))
        return [outcomes[_key(command)] for command in commands]

    async def _load(self, tx: Transaction, conversation_ids: set[str]) -> Memberships:
        """Return who is in these conversations; one that does not exist is missing."""
        known = {id_: found for id_ in conversation_ids if (found := self._memberships.get(id_))}
        missing = conversation_ids - known.keys()
        if not missing:
            return known
        members: dict[str, list[str]] = {}
        for row in await conversations.memberships(tx.connection, sorted(missing)):
            members.setdefault(row.id, []).append(row.account_id)
            known[row.id] = Membership(
                ConversationKind(row.kind),
                row.rights,
                tuple(members[row.id]),
                closed=row.closed_at is not None,
            )
        self._remember({id_: known[id_] for id_ in members})
        return known

    def _remember(self, found: Memberships) -> None:
        while self._memberships and len(self._memberships) + len(found) > MAX_REMEMBERED:
            del self._memberships[next(iter(self._memberships))]
        self._memberships.update(found)

    async def _sent_before(
        self,
        tx: Transaction,
        memberships: Memberships,
        commands: Sequence[SendMessage],
        now: datetime,
    ) -> dict[Key, Outcome]:
        # Nobody else may store the same ones between this look and our own insert.
        await conversations.hold(tx.connection, _rights(memberships), now)
        rows = await conversations.sent_before(tx.connection, [_key(c) for c in commands])
        return {
            (row.conversation_id, row.sender, row.client_id): Sent(
                row.seq, views.encode(views.entry(row)), created=False
            )
            for row in rows
        }

    async def _refusal(
        self, tx: Transaction, memberships: Memberships, command: SendMessage, now: datetime
    ) -> OrderwireError | None:
        membership = memberships.get(command.conversation_id)
        sender = command.sender_id
        if membership is None or sender not in membership.members:
            return NotParticipant("you have no part in this conversation")
        if membership.closed:
            return contact_rule.forbidden(Refusal.CONVERSATION_CLOSED)
        if membership.may_write(sender, now):
            return None
        until = None
        if membership.kind is ConversationKind.DIRECT:
            other = membership.other(sender)
            standing = await contact_rule.standing(tx.connection, sender, other, now)
            if standing.refusal is not None:
                return await _refused(tx, membership, command.conversation_id, standing.refusal)
            until = standing.until
        # What is read here was committed by others, so this holds if we roll back, too.
        membership.writers[sender] = until
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

    async def _append(
        self,
        tx: Transaction,
        memberships: Memberships,
        fresh: dict[Key, SendMessage],
        files: Files,
        now: datetime,
    ) -> dict[Key, Outcome]:
        noticed = await self._details.notice(tx.connection, _before_orders(memberships, fresh))
        drafts = [
            self._draft(command, files.get(key, ()), noticed.get(key), now)
            for key, command in fresh.items()
        ]
        await conversations.append(tx.connection, drafts, _rights(memberships))
        if noticed:
            await message_holds.hold(tx, list(fresh), drafts, noticed, files)
        outcomes: dict[Key, Outcome] = {}
        for key, draft in zip(fresh, drafts, strict=True):
            data = views.encode(views.entry(draft))
            tx.publish(Publication(thread_channel(draft.conversation_id), data, draft.seq))
            found = noticed.get(key)
            told = views.encode(found.shown()) if found else b""
            outcomes[key] = Sent(draft.seq, data, created=True, contact_details=told)
        # Contacts before inboxes, as everywhere: locks are taken in one order.
        await self._note_first_words(tx, memberships, drafts, now)
        arrivals = _arrivals(memberships, drafts)
        await self._tell_inboxes(tx, arrivals, now)
        if self._webhooks.wanted(MESSAGE_CREATED):
            await self._webhooks.tell(tx, [_created(draft) for draft in drafts])
        return outcomes

    def _draft(
        self,
        command: SendMessage,
        files: Sequence[Attachment],
        noticed: Noticed | None,
        now: datetime,
    ) -> Draft:
        held = noticed is not None and noticed.held
        return Draft(
            conversation_id=command.conversation_id,
            id=self._new_id(),
            kind=EntryKind.MESSAGE,
            sender=command.sender_id,
            at=now,
            client_id=command.client_id,
            body=noticed.stored if noticed else command.body,
            reply_to=command.reply_to,
            attachments=() if held else files,
            data={"held": True} if held else None,
        )

    async def _note_first_words(
        self, tx: Transaction, memberships: Memberships, drafts: Sequence[Draft], now: datetime
    ) -> None:
        pairs = set()
        for draft in drafts:
            membership = memberships[draft.conversation_id]
            direct = membership.kind is ConversationKind.DIRECT
            if direct and draft.sender not in membership.spoken:
                pairs.add((draft.sender, membership.other(draft.sender)))
                tx.remember(partial(membership.spoken.add, draft.sender))
        await contacts.note_first_words(tx.connection, sorted(pairs), now)

    async def _tell_inboxes(
        self, tx: Transaction, arrivals: Mapping[tuple[str, str], Arrival], now: datetime
    ) -> None:
        rows = await inboxes.receive(tx.connection, list(arrivals.values()), now)
        people = await self._people.get(tx.connection, {row.with_id for row in rows})
        changes = [
            Change(
                row.account_id,
                Kind.CONVERSATION,
                row.conversation_id,
                partial(views.conversation, row, people),
            )
            for row in rows
        ]
        newly_unread: Counter[str] = Counter()
        for row in rows:
            added = arrivals[row.account_id, row.conversation_id].unread
            newly_unread[row.account_id] += bool(added) and row.unread == added
        counts = {id_: Counts(unread_conversations=n) for id_, n in newly_unread.items() if n}
        await inbox_news.announce(tx, changes, counts)
        await self._planner.plan(tx, _unread(arrivals, rows, people))


async def _refused(
    tx: Transaction, membership: Membership, conversation_id: str, refusal: Refusal
) -> OrderwireError:
    """Refuse a message; a conversation that was closed meanwhile is refused as closed."""
    # What is remembered is compared with what is so when a message is stored: this one is not.
    membership.closed = await conversations.is_closed(tx.connection, conversation_id)
    return contact_rule.forbidden(Refusal.CONVERSATION_CLOSED if membership.closed else refusal)


def _before_orders(
    memberships: Memberships, fresh: Mapping[Key, SendMessage]
) -> Mapping[Key, Words]:
    """Choose what is written outside of orders."""
    told = {}
    for key, command in fresh.items():
        thread, writer = memberships[command.conversation_id], command.sender_id
        if thread.kind is ConversationKind.DIRECT:
            told[key] = Words(
                writer=writer,
                reader=thread.other(writer),
                body=command.body,
                details=command.details,
            )
    return told


def _unread(
    arrivals: Mapping[tuple[str, str], Arrival],
    rows: Sequence[Record],
    people: Mapping[str, Person],
) -> list[Unread]:
    """Tell of each reader's view, and of what is new in it."""
    told = ((row, arrivals[row.account_id, row.conversation_id]) for row in rows)
    return [
        Unread(
            item=row,
            sender=people[row.with_id]["name"],
            seq=arrival.last_seq,
            alert_id=arrival.alert_id,
        )
        for row, arrival in told
        if arrival.unread
    ]


def _created(draft: Draft) -> WebhookEvent:
    data = {"conversation_id": draft.conversation_id, "message": views.entry(draft)}
    return WebhookEvent(MESSAGE_CREATED, draft.sender, data)


def _arrivals(memberships: Memberships, drafts: Sequence[Draft]) -> dict[tuple[str, str], Arrival]:
    """Fold a group into one arrival for each participant: the newest message, and how many."""
    newest: dict[str, Draft] = {}
    unread: dict[tuple[str, str], int] = {}
    for draft in drafts:
        newest[draft.conversation_id] = draft
        for member in memberships[draft.conversation_id].members:
            key = (member, draft.conversation_id)
            unread[key] = unread.get(key, 0) + (member != draft.sender)
    return {
        (account_id, conversation_id): _arrival(account_id, newest[conversation_id], count)
        for (account_id, conversation_id), count in unread.items()
    }


def _arrival(account_id: str, newest: Draft, unread: int) -> Arrival:
    return Arrival(
        account_id,
        newest.conversation_id,
        newest.seq,
        newest.sender,
        preview(newest.body or ""),
        unread,
        newest.id,
    )


def _rights(memberships: Memberships) -> dict[str, int]:
    return {id_: membership.rights for id_, membership in memberships.items()}


def _key(command: SendMessage) -> Key:
    return (command.conversation_id, command.sender_id, command.client_id)
