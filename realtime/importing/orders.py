"""Orders from elsewhere, as far as they came: thread, history, contacts and timers with them.

Nobody is told. A timer whose moment is over has fired, as far as we know; those to come fire.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.conversations import ConversationKind, EntryKind
from domain.errors import FieldError
from domain.orders import ACTIVE, CLOCK_RUNS, OrderStatus, order_number
from domain.requirements import Question, QuestionKind, RequirementsStatus, check_answers
from domain.timers import Course, timers_of
from realtime.importing.batches import Numbered, Refused, Tally, Tools, note_in_inboxes
from realtime.importing.pairs import Pair, add_conversations, meet
from realtime.importing.shapes import OrderLine
from realtime.services.inbox_news import Kind
from realtime.services.order_events import SYSTEM
from storage import imports, timers
from storage.engine import Transaction
from storage.rows import Record
from storage.tables import (
    accounts,
    entries,
    order_answers,
    order_timeline,
    orders,
    services,
)
from storage.tables import timers as timer_table
from storage.timers import TimerStatus

# What an order takes over from its service.
OFFER = ("seller_id", "title", "delivery_days", "questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """An order that is to be stored: its row, and its history as (event, actor, at, data)."""

    row: dict[str, Any]
    history: Sequence[tuple[str, str, datetime, Mapping[str, Any]]]

    @property
    def pair(self) -> tuple[str, str]:
        """Seller and buyer."""
        return self.row["seller_id"], self.row["buyer_id"]


class Orders:
    """Stores orders of services and buyers who are here."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, tx: Transaction, lines: Sequence[Numbered[OrderLine]]) -> Tally:
        """Store those that are new."""
        known = await imports.known(tx.connection, orders, {each.line.id for each in lines})
        offers = await imports.known(
            tx.connection, services, {each.line.service_id for each in lines}, *OFFER
        )
        people = await imports.known(
            tx.connection,
            accounts,
            {each.line.buyer_id for each in lines} | {offer.seller_id for offer in offers.values()},
            "erased_at",
        )
        tally = Tally()
        new: dict[str, _New] = {}
        for each in lines:
            if each.line.id in known or each.line.id in new:
                tally.present += 1
                continue
            offer = offers.get(each.line.service_id)
            wrong = self._wrong(each.line, offer, people)
            if wrong is not None or offer is None:
                tally.refused.append(Refused(each.number, wrong or ""))
            else:
                new[each.line.id] = self._new(each.line, offer)
        if new:
            await self._store(tx, list(new.values()))
        tally.stored = len(new)
        return tally

    # --- what is wrong ------------------------------------------------------------------------

    def _wrong(
        self, line: OrderLine, offer: Record | None, people: Mapping[str, Record]
    ) -> str | None:
        if offer is None:
            return f"service_id: there is no service {line.service_id}; it comes first"
        return (
            _wrong_people(line, offer, people)
            or self._wrong_times(line)
            or _wrong_answers(line, _questions(line, offer))
        )

    def _wrong_times(self, line: OrderLine) -> str | None:
        latest = self._tools.latest()
        for name in ("created_at", "delivered_at", "closed_at"):
            moment: datetime | None = getattr(line, name)
            if moment is not None and moment > latest:
                return f"{name}: is in the future"
        if line.review_ends_at is not None and line.review_ends_at <= self._tools.clock.now():
            return "review_ends_at: is over; such an order is completed"
        return None

    # --- what it becomes ----------------------------------------------------------------------

    def _new(self, line: OrderLine, offer: Record) -> _New:
        history = _history(line, offer)
        days = line.delivery_days or offer.delivery_days
        questions = _questions(line, offer)
        return _New(
            row={
                "id": line.id,
                "number": line.number,
                "service_id": offer.id,
                "service_title": line.title or offer.title,
                "seller_id": offer.seller_id,
                "buyer_id": line.buyer_id,
                "price_amount": line.price.amount,
                "price_currency": line.price.currency,
                "status": line.status,
                "active": line.status in ACTIVE,
                "delivery_days": days,
                "due_at": line.due_at or _due_at(line, days),
                "review_ends_at": self._review_ends_at(line),
                "conversation_id": self._tools.new_id(),
                "questions": msgspec.to_builtins(questions),
                "answers": line.answers or {},
                "requirements_status": _requirements_status(line, questions),
                "requirements_submitted_at": line.created_at if line.answers else None,
                "version": len(history),
                "created_at": line.created_at,
                "updated_at": history[-1][2],
            },
            history=history,
        )

    def _review_ends_at(self, line: OrderLine) -> datetime | None:
        if line.status is not OrderStatus.DELIVERED:
            return None
        return line.review_ends_at or self._tools.clock.now() + self._tools.periods.review

    # --- storing it ---------------------------------------------------------------------------

    async def _store(self, tx: Transaction, new: Sequence[_New]) -> None:
        uncounted = [each.row["id"] for each in new if each.row["number"] is None]
        counted = await imports.count_up(tx.connection, uncounted) if uncounted else {}
        for each in new:
            if each.row["id"] in counted:
                each.row["number"] = order_number(counted[each.row["id"]])
        rows = [each.row for each in new]
        pairs = {pair for each in new for pair in (each.pair, each.pair[::-1])}
        met = await meet(tx, pairs, self._tools)
        await imports.add(tx.connection, orders, rows)
        await self._open_threads(tx, new)
        await self._write_history(tx, new)
        await self._set_timers(tx, rows)
        await imports.note_orders(tx.connection, _together(rows, met))
        await _show(tx, new)

    async def _open_threads(self, tx: Transaction, new: Sequence[_New]) -> None:
        made = [
            {
                "id": each.row["conversation_id"],
                "kind": ConversationKind.ORDER,
                "order_id": each.row["id"],
                "epoch": self._tools.new_epoch(),
                "last_seq": 1,
                "rights": 0,
                "created_at": each.row["created_at"],
            }
            for each in new
        ]
        by_thread = {each.row["conversation_id"]: each for each in new}
        await add_conversations(
            tx,
            made,
            {thread: each.pair for thread, each in by_thread.items()},
            {thread: each.row["created_at"] for thread, each in by_thread.items()},
            {thread: each.row for thread, each in by_thread.items()},
        )
        first = [
            {
                "conversation_id": each.row["conversation_id"],
                "seq": 1,
                "id": self._tools.new_id(),
                "kind": EntryKind.ORDER,
                "sender": each.row["buyer_id"],
                "attachments": [],
                "data": {
                    "event": "created",
                    "order_id": each.row["id"],
                    "data": _named(each.row),
                },
                "at": each.row["created_at"],
            }
            for each in new
        ]
        await imports.add(tx.connection, entries, first)

    async def _write_history(self, tx: Transaction, new: Sequence[_New]) -> None:
        history = [
            {
                "order_id": each.row["id"],
                "seq": seq,
                "type": event,
                "actor": actor,
                "at": at,
                "data": _named(each.row) if event == "created" else data,
            }
            for each in new
            for seq, (event, actor, at, data) in enumerate(each.history, 1)
        ]
        await imports.add(tx.connection, order_timeline, history)
        answered = [
            {
                "order_id": each.row["id"],
                "version": 1,
                "answers": each.row["answers"],
                "by": each.row["buyer_id"],
                "at": each.row["created_at"],
            }
            for each in new
            if each.row["requirements_status"] == RequirementsStatus.SUBMITTED
        ]
        await imports.add(tx.connection, order_answers, answered)

    async def _set_timers(self, tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        now = self._tools.clock.now()
        due = [
            {
                "bucket": timers.BUCKET,
                "id": self._tools.new_id(),
                "order_id": row["id"],
                "kind": kind,
                "due_at": due_at,
                "status": TimerStatus.SCHEDULED if due_at > now else TimerStatus.FIRED,
                "created_at": now,
            }
            for row in rows
            for kind, due_at in timers_of(_course(row), self._tools.periods).items()
        ]
        await imports.add(tx.connection, timer_table, due)


def _wrong_people(line: OrderLine, offer: Record, people: Mapping[str, Record]) -> str | None:
    for name, account_id in (("buyer_id", line.buyer_id), ("service_id", offer.seller_id)):
        found = people.get(account_id)
        if found is None or found.erased_at is not None:
            return f"{name}: there is no account {account_id}; it comes first"
    if offer.seller_id == line.buyer_id:
        return "buyer_id: a seller cannot order their own service"
    return None


def _wrong_answers(line: OrderLine, questions: Sequence[Question]) -> str | None:
    if line.answers is None:
        return None
    errors = check_answers(questions, line.answers, "answers")
    errors += [
        FieldError(f"answers.{question.id}", "files are not imported")
        for question in questions
        if question.kind is QuestionKind.FILE and line.answers.get(question.id)
    ]
    return f"{errors[0].path}: {errors[0].message}" if errors else None


def _questions(line: OrderLine, offer: Record) -> list[Question]:
    """Return what was asked for, or else what the service asks for now."""
    if line.requirements is not None:
        return [each.question() for each in line.requirements]
    return msgspec.convert(offer.questions, list[Question])


def _requirements_status(line: OrderLine, questions: Sequence[Question]) -> RequirementsStatus:
    if not questions:
        return RequirementsStatus.NONE
    if line.answers is not None:
        return RequirementsStatus.SUBMITTED
    waits = line.status is OrderStatus.AWAITING_REQUIREMENTS
    return RequirementsStatus.PENDING if waits else RequirementsStatus.SKIPPED


def _due_at(line: OrderLine, days: int) -> datetime | None:
    """Return when it was to be delivered: counted from the order, if nobody says otherwise."""
    if line.status is OrderStatus.AWAITING_REQUIREMENTS:
        return None
    return line.created_at + timedelta(days=days)


def _history(
    line: OrderLine, offer: Record
) -> Sequence[tuple[str, str, datetime, Mapping[str, Any]]]:
    found: list[tuple[str, str, datetime, Mapping[str, Any]]] = [
        ("created", line.buyer_id, line.created_at, {})
    ]
    if line.delivered_at is not None:
        found.append(("delivered", offer.seller_id, line.delivered_at, {}))
    if line.closed_at is not None:
        actor = line.buyer_id if line.status is OrderStatus.COMPLETED else SYSTEM
        found.append((str(line.status), actor, line.closed_at, {}))
    return found


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": row["number"], "service_title": row["service_title"]}


def _course(row: Mapping[str, Any]) -> Course:
    return Course(
        status=row["status"],
        created_at=row["created_at"],
        due_at=row["due_at"] if row["status"] in CLOCK_RUNS else None,
        review_ends_at=row["review_ends_at"],
        updated_at=row["updated_at"],
    )


def _together(
    rows: Sequence[Mapping[str, Any]], met: Mapping[Pair, Record]
) -> list[tuple[datetime, Mapping[str, Any] | None, str, str]]:
    """Add orders to what both sides of each pair have done together."""
    noted: dict[Pair, tuple[datetime, Mapping[str, Any] | None]] = {}
    for row in rows:
        for pair in ((row["seller_id"], row["buyer_id"]), (row["buyer_id"], row["seller_id"])):
            before = met[pair]
            last, completed = noted.get(pair, (before.last_order_at, before.completed))
            if row["status"] is OrderStatus.COMPLETED:
                completed = _one_more(completed, row)
            noted[pair] = max(last or row["created_at"], row["created_at"]), completed
    return [(*done, *pair) for pair, done in sorted(noted.items())]


def _one_more(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> dict[str, Any]:
    done = before or {"orders": 0, "amounts": {}}
    currency = row["price_currency"]
    amount = done["amounts"].get(currency, 0) + row["price_amount"]
    return {"orders": done["orders"] + 1, "amounts": {**done["amounts"], currency: amount}}


async def _show(tx: Transaction, new: Sequence[_New]) -> None:
    changes: dict[str, list[tuple[Kind, str]]] = {}
    for each in new:
        for account_id in each.pair:
            changes.setdefault(account_id, []).extend(
                ((Kind.CONVERSATION, each.row["conversation_id"]), (Kind.ORDER, each.row["id"]))
            )
    await note_in_inboxes(tx, changes, {})
