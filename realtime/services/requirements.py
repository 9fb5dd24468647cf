"""What a seller asks and a buyer answers: read, drafted, handed in, and changed later."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.attachments import AttachmentUse
from domain.errors import Forbidden, Invalid, NotFound
from domain.identity import Identity
from domain.instants import rfc3339, rfc3339_or_none
from domain.lifecycle import Side
from domain.orders import ACTIVE, OrderStatus
from domain.requirements import (
    Answer,
    Question,
    QuestionKind,
    RequirementsStatus,
    check_answers,
    check_draft,
    files_in,
)
from realtime.clock import Clock
from realtime.services import attachment_uses, views
from realtime.services.attachment_uses import Purpose
from realtime.services.auditing import Audit
from realtime.services.order_views import OrderViews, may_see, side_of
from realtime.services.shapes import Attachment, Count, Id, Time
from realtime.services.shapes import Question as ShownQuestion
from storage import attachments, order_answers, orders
from storage.engine import Database, Transaction
from storage.rows import Record

Given = Mapping[str, Answer]


class AnswersVersion(TypedDict):
    """Answers as they were handed in: who, and when."""

    version: Count
    by: Id
    at: Time
    answers: Given


class OrderRequirements(TypedDict):
    """An order's questions with their answers, and each version of these."""

    questions: Sequence[ShownQuestion]
    answers: Given
    draft: Given | None
    # The files that answers and draft name by their ids.
    attachments: Sequence[Attachment]
    status: RequirementsStatus
    submitted_at: Time | None
    version: Count
    versions: Sequence[AnswersVersion]
    may_change: bool


def questions_of(order: Record) -> Sequence[Question]:
    """Return the questions of an order, as they were when it was placed."""
    return msgspec.convert(order.questions, list[Question])


def check_complete(order: Record, answers: Given) -> None:
    """Refuse answers with which work could not begin."""
    errors = check_answers(questions_of(order), answers, "answers")
    if errors:
        raise Invalid(*errors)


def answers_of(answers: Given, now: datetime) -> Mapping[str, Any]:
    """Write what an order keeps of answers that were handed in."""
    return {
        "answers": answers,
        "draft_answers": None,
        "requirements_submitted_at": now,
    }


async def keep_answers(
    tx: Transaction, order: Record, answers: Given, by: str, now: datetime
) -> None:
    """Keep answers as a version of their own: who said what, and when."""
    await order_answers.add(tx.connection, order.id, answers, by=by, at=now)


async def use_files(
    tx: Transaction,
    order: Record,
    answers: Given,
    used_as: AttachmentUse,
    now: datetime,
    *,
    path: str = "answers",
) -> None:
    """Make the buyer's files among checked answers part of the order; drop what a draft had."""
    questions = questions_of(order)
    if not any(question.kind is QuestionKind.FILE for question in questions):
        return
    named = files_in(questions, answers, path)
    purpose = Purpose(used_as=used_as, conversation_id=order.conversation_id, order_id=order.id)
    await attachment_uses.use(tx, order.buyer_id, named, purpose, now)
    await attachment_uses.release_drafts(tx, order, [*named], now)


async def files_of(
    connection: AsyncConnection, order: Record, versions: Sequence[Record], side: Side | None
) -> list[Attachment]:
    """Show the files that stand in answers, or in the draft of who looks."""
    draft = order.draft_answers if side is Side.BUYER else None
    given = [draft or {}, order.answers, *(row.answers for row in versions)]
    questions = questions_of(order)
    ids = {file for answers in given for file in files_in(questions, answers, "")}
    if not ids:
        return []
    rows = await attachments.of_account(connection, order.buyer_id, sorted(ids))
    return [views.attachment(row) for row in rows]


class Requirements:
    """Use cases around the requirements of an order; handing in is an action of the order."""

    def __init__(
        self, *, database: Database, order_views: OrderViews, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._views = order_views
        self._audit = audit
        self._clock = clock

    async def get(self, identity: Identity, order_id: str) -> OrderRequirements:
        """Show questions and answers to one of the two sides; a draft only to its buyer."""
        async with self._database.reading() as connection:
            order = await orders.get(connection, order_id)
            if order is None or not may_see(identity, order):
                raise NotFound("there is no such order")
            versions = await order_answers.of_order(connection, order_id)
            side = side_of(order, identity.account_id)
            files = await files_of(connection, order, versions, side)
        await self._audit.looked(identity, f"order:{order_id}")
        return shown(order, versions, files, side)

    async def save_draft(
        self, identity: Identity, order_id: str, answers: Given
    ) -> OrderRequirements:
        """Keep what the buyer has filled in so far, with gaps."""

        async def work(tx: Transaction) -> OrderRequirements:
            order = await orders.lock(tx.connection, order_id)
            if order is None or not may_see(identity, order):
                raise NotFound("there is no such order")
            if side_of(order, identity.account_id) is not Side.BUYER:
                raise Forbidden("the buyer answers")
            self._views.require_open(order, identity.account_id, "a draft of the answers")
            errors = check_draft(questions_of(order), answers, "answers")
            if errors:
                raise Invalid(*errors)
            await use_files(tx, order, answers, AttachmentUse.DRAFT, self._clock.now())
            values: dict[str, Any] = {"draft_answers": answers}
            if order.requirements_status == RequirementsStatus.PENDING:
                values["requirements_status"] = RequirementsStatus.DRAFT
            changed = await orders.change(tx.connection, order_id, values)
            files = await files_of(tx.connection, changed, (), Side.BUYER)
            return shown(changed, (), files, Side.BUYER)

        return await self._database.transaction(work)


def shown(
    order: Record,
    versions: Sequence[Record],
    files: Sequence[Attachment],
    side: Side | None,
) -> OrderRequirements:
    """Show the requirements of an order."""
    waits = order.status == OrderStatus.AWAITING_REQUIREMENTS
    draft = order.draft_answers if side is Side.BUYER else None
    return {
        "questions": order.questions,
        "answers": draft if draft is not None and waits else order.answers,
        "draft": draft,
        "attachments": files,
        "status": order.requirements_status,
        "submitted_at": rfc3339_or_none(order.requirements_submitted_at),
        "version": versions[-1].version if versions else 0,
        "versions": [
            {"version": row.version, "by": row.by, "at": rfc3339(row.at), "answers": row.answers}
            for row in versions
        ],
        "may_change": side is Side.BUYER and order.status in ACTIVE,
    }
