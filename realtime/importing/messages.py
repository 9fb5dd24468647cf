"""Messages from elsewhere: each the next of its conversation, at the time it was written."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.conversations import EntryKind, preview
from realtime.importing.batches import Numbered, Refused, Tally, Tools, note_in_inboxes
from realtime.importing.pairs import meet
from realtime.importing.shapes import MessageLine
from realtime.services.inbox_news import Kind
from storage import conversations, imports
from storage.conversations import Draft
from storage.engine import Transaction
from storage.rows import Record
from storage.tables import accounts

Key = tuple[str, str, str]
# A conversation, whom one writes to there, and since when, if that is outside of orders.
Place = tuple[Record, str, datetime | None]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line that may be stored, and where: ``other`` is whom it was written to."""

    number: int
    line: MessageLine
    thread: Record
    other: str
    # Since when it is known that these two write to each other outside of orders.
    first_wrote_at: datetime | None
    # What makes it unique.
    key: Key


@dataclass(slots=True)
class _View:
    """What one side sees of a conversation, as messages come in."""

    item: Record
    read_seq: int
    unread: int
    active_at: datetime

    def take(self, draft: Draft, *, read: bool) -> None:
        """Add one message."""
        self.active_at = max(self.active_at, draft.at)
        is_own = draft.sender == self.item.account_id
        if not is_own and not read:
            self.unread += 1
        elif not is_own or not self.unread:
            self.read_seq, self.unread = draft.seq, 0


class Messages:
    """Stores messages of orders, and of people who are here."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, tx: Transaction, lines: Sequence[Numbered[MessageLine]]) -> Tally:
        """Store those that are new."""
        tally = Tally()
        placed = await self._placed(tx, lines, tally)
        known = await imports.sequences(tx.connection, {each.key for each in placed})
        answered = await self._answered(tx, placed)
        new: dict[Key, _Placed] = {}
        for each in placed:
            if each.key in known or each.key in new:
                tally.present += 1
            elif _answers_nothing(each, new, answered):
                reason = f"reply_to: there is no message {each.line.reply_to} before it"
                tally.refused.append(Refused(each.number, reason))
            else:
                new[each.key] = each
        if new:
            tally.misplaced = await self._store(tx, list(new.values()), answered)
        tally.stored = len(new)
        return tally

    # --- where they belong --------------------------------------------------------------------

    async def _placed(
        self, tx: Transaction, lines: Sequence[Numbered[MessageLine]], tally: Tally
    ) -> list[_Placed]:
        threads = await self._threads(tx, lines, tally)
        latest = self._tools.latest()
        placed = []
        for each in lines:
            found = threads.get(each.number)
            if found is None:
                continue
            thread, other, first_wrote_at = found
            wrong = _wrong(each.line, thread, other, latest)
            if wrong is not None:
                tally.refused.append(Refused(each.number, wrong))
            else:
                key = (thread.id, each.line.sender, each.line.id)
                placed.append(_Placed(each.number, each.line, thread, other, first_wrote_at, key))
        return placed

    async def _threads(
        self, tx: Transaction, lines: Sequence[Numbered[MessageLine]], tally: Tally
    ) -> Mapping[int, Place]:
        """Find the place of each line; it was written to nobody, if it is not to be stored."""
        ordered = await imports.threads_of_orders(
            tx.connection, {each.line.order_id for each in lines if each.line.order_id}
        )
        found: dict[int, Place] = {}
        direct = []
        for each in lines:
            if each.line.order_id is None:
                direct.append(each)
            elif each.line.order_id in ordered:
                thread = ordered[each.line.order_id]
                found[each.number] = thread, _other_side(thread, each.line.sender), None
            else:
                reason = f"order_id: there is no order {each.line.order_id}; it comes first"
                tally.refused.append(Refused(each.number, reason))
        return found | await self._direct(tx, direct, tally)

    async def _direct(
        self, tx: Transaction, lines: Sequence[Numbered[MessageLine]], tally: Tally
    ) -> dict[int, Place]:
        named = {id_ for each in lines for id_ in (each.line.sender, each.line.to or "")}
        people = await imports.known(tx.connection, accounts, named, "erased_at")
        living = {id_ for id_, row in people.items() if row.erased_at is None}
        good = []
        for each in lines:
            names = (("sender", each.line.sender), ("to", each.line.to or ""))
            missing = next(((name, id_) for name, id_ in names if id_ not in living), None)
            if missing is None:
                good.append(each)
            else:
                name, account_id = missing
                reason = f"{name}: there is no account {account_id}; it comes first"
                tally.refused.append(Refused(each.number, reason))
        pairs = {(each.line.sender, each.line.to or "") for each in good}
        if not pairs:
            return {}
        met = await meet(tx, pairs, self._tools)
        threads = await imports.threads(
            tx.connection, {met[pair].conversation_id for pair in pairs}
        )
        contacts = ((each, met[each.line.sender, each.line.to or ""]) for each in good)
        return {
            each.number: (
                threads[contact.conversation_id],
                contact.other_id,
                contact.first_wrote_at,
            )
            for each, contact in contacts
        }

    async def _answered(self, tx: Transaction, placed: Sequence[_Placed]) -> Mapping[Key, int]:
        """Find the messages that are stored already and answered by these."""
        asked = {
            (each.thread.id, sender, each.line.reply_to)
            for each in placed
            if each.line.reply_to is not None
            for sender in (each.line.sender, each.other)
        }
        return await imports.sequences(tx.connection, asked) if asked else {}

    # --- storing them -------------------------------------------------------------------------

    async def _store(
        self, tx: Transaction, new: Sequence[_Placed], answered: Mapping[Key, int]
    ) -> int:
        drafts = [_draft(each) for each in new]
        rights = {each.thread.id: each.thread.rights for each in new}
        tops = {each.thread.id: each.thread.last_seq for each in new}
        sequences = dict(answered)
        for each, draft in zip(new, drafts, strict=True):
            tops[each.thread.id] += 1
            sequences[each.key] = tops[each.thread.id]
            draft.reply_to = _reply_to(each, sequences)
        await conversations.append(tx.connection, drafts, rights)
        edits = [
            (each.line.edited_at, each.thread.id, draft.seq)
            for each, draft in zip(new, drafts, strict=True)
            if each.line.edited_at is not None
        ]
        await imports.note_edits(tx.connection, edits)
        await self._note_first_words(tx, new)
        return await _show(tx, new, drafts)

    async def _note_first_words(self, tx: Transaction, new: Sequence[_Placed]) -> None:
        first: dict[tuple[str, str], datetime] = {}
        for each in new:
            if each.line.to is not None and _is_earlier(each.line.at, each.first_wrote_at):
                pair = (each.line.sender, each.line.to)
                first[pair] = min(first.get(pair, each.line.at), each.line.at)
        await imports.note_first_words(
            tx.connection, [(at, *pair) for pair, at in sorted(first.items())]
        )


def _wrong(line: MessageLine, thread: Record, other: str, latest: datetime) -> str | None:
    if not other:
        return f"sender: {line.sender} is neither the seller nor the buyer of this order"
    if thread.closed_at is not None:
        return "sender: one of the two was erased, and the conversation is closed"
    if line.at > latest:
        return "at: is in the future"
    is_future = line.edited_at is not None and line.edited_at > latest
    return "edited_at: is in the future" if is_future else None


def _is_earlier(at: datetime, known: datetime | None) -> bool:
    return known is None or at < known


def _other_side(order: Record, sender: str) -> str:
    if sender == order.seller_id:
        return str(order.buyer_id)
    return str(order.seller_id) if sender == order.buyer_id else ""


def _answers_nothing(each: _Placed, *before: Container[Key]) -> bool:
    """Tell whether a message answers one that is not before it."""
    return each.line.reply_to is not None and not any(
        key in some for key in _answers(each) for some in before
    )


def _answers(each: _Placed) -> list[Key]:
    """Name what a message may answer: one of either side."""
    return [
        (each.thread.id, sender, each.line.reply_to or "")
        for sender in (each.line.sender, each.other)
    ]


def _reply_to(each: _Placed, sequences: Mapping[Key, int]) -> int | None:
    if each.line.reply_to is None:
        return None
    return next(sequences[key] for key in _answers(each) if key in sequences)


def _draft(each: _Placed) -> Draft:
    return Draft(
        conversation_id=each.thread.id,
        id=each.line.id,
        kind=EntryKind.MESSAGE,
        sender=each.line.sender,
        at=each.line.at,
        client_id=each.line.id,
        body=each.line.body,
    )


async def _show(tx: Transaction, new: Sequence[_Placed], drafts: Sequence[Draft]) -> int:
    """Bring both sides' views up to date; return how many are older than what is before them."""
    keys = {(one, each.thread.id) for each in new for one in (each.line.sender, each.other)}
    views = {
        (item.account_id, item.conversation_id): _View(
            item, item.read_seq, item.unread, item.active_at
        )
        for item in await imports.items(tx.connection, keys)
    }
    newest: dict[str, Draft] = {}
    misplaced = 0
    for each, draft in zip(new, drafts, strict=True):
        mine, theirs = views[each.line.sender, each.thread.id], views[each.other, each.thread.id]
        misplaced += draft.at < mine.active_at
        newest[each.thread.id] = draft
        mine.take(draft, read=True)
        theirs.take(draft, read=each.line.read)
    last_words = {id_: (last, preview(last.body or "")) for id_, last in newest.items()}
    rows = [_row(view, *last_words[view.item.conversation_id]) for view in views.values()]
    await imports.change_items(tx.connection, rows)
    await imports.read_up_to(
        tx.connection,
        [
            (view.read_seq, view.item.account_id, view.item.conversation_id)
            for view in views.values()
            if view.read_seq != view.item.read_seq
        ],
    )
    await _note(tx, views)
    return misplaced


def _row(view: _View, last: Draft, shown: str) -> tuple[Any, ...]:
    """Write what a view is now, in the order of ``imports.CHANGED`` and ``imports.VIEW``."""
    return (
        last.seq,
        last.seq,
        last.sender,
        shown,
        last.at,
        view.read_seq,
        view.unread,
        True,
        view.active_at,
        view.item.account_id,
        view.item.conversation_id,
    )


async def _note(tx: Transaction, views: Mapping[tuple[str, str], _View]) -> None:
    changes: dict[str, list[tuple[Kind, str]]] = {}
    unread: dict[str, int] = {}
    for (account_id, thread), view in views.items():
        changes.setdefault(account_id, []).append((Kind.CONVERSATION, thread))
        moved = bool(view.unread) - bool(view.item.unread)
        unread[account_id] = unread.get(account_id, 0) + moved
    await note_in_inboxes(tx, changes, unread)
