"""Attachments become part of something: once, by whoever uploaded them, in its transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.attachments import AttachmentStatus, AttachmentUse
from domain.errors import FieldError, Invalid
from realtime.services import views
from realtime.services.attachment_uploads import UNSENT_FOR, is_there
from realtime.services.shapes import Attachment
from storage import attachments
from storage.engine import Transaction
from storage.rows import Record

_ANSWERS = frozenset({AttachmentUse.DRAFT, AttachmentUse.ANSWER})


class TakenMeanwhile(Exception):
    """Somebody else used one of them between our look and our grasp.

    Others may be in our hands by now, so the transaction has to end; ``refusal`` says why.
    """

    def __init__(self, refusal: Invalid) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What attachments are to be part of; who reads the conversation reads them, drafts apart."""

    used_as: AttachmentUse
    conversation_id: str
    order_id: str | None = None


async def use(
    tx: Transaction,
    account_id: str,
    named: Mapping[str, str],
    purpose: Purpose,
    now: datetime,
) -> list[Attachment]:
    """Make an account's own attachments part of something; return them as they are shown.

    ``named`` says for each id where it was named. Raises Invalid, which names each that cannot be;
    the transaction has to end.
    """
    try:
        return await try_to_use(tx, account_id, named, purpose, now)
    except TakenMeanwhile as taken:
        raise taken.refusal from taken


async def try_to_use(
    tx: Transaction,
    account_id: str,
    named: Mapping[str, str],
    purpose: Purpose,
    now: datetime,
) -> list[Attachment]:
    """Do the same in a transaction that goes on without them, unless TakenMeanwhile is raised."""
    rows = {
        row.id: row for row in await attachments.of_account(tx.connection, account_id, [*named])
    }
    errors = []
    for attachment_id, path in named.items():
        wrong = _wrong_with(rows.get(attachment_id), purpose, now)
        if wrong is not None:
            errors.append(FieldError(path, wrong))
    if errors:
        raise Invalid(*errors)
    values = {
        "used_as": purpose.used_as,
        "conversation_id": purpose.conversation_id,
        "order_id": purpose.order_id,
    }
    fresh = [id_ for id_ in named if not _stays(rows[id_], purpose)]
    if await attachments.use(tx.connection, account_id, fresh, values) < len(fresh):
        refusal = Invalid(*(FieldError(path, "is used already") for path in named.values()))
        raise TakenMeanwhile(refusal)
    return [views.attachment(rows[attachment_id]) for attachment_id in named]


async def release_drafts(
    tx: Transaction, order: Record, kept: Sequence[str], now: datetime
) -> None:
    """Let go of the files that a buyer has taken out of their draft again."""
    await attachments.release_drafts(tx.connection, order, kept, now + UNSENT_FOR)


def _wrong_with(row: Record | None, purpose: Purpose, now: datetime) -> str | None:
    if row is None or not is_there(row, now):
        return "there is no such attachment"
    if row.status == AttachmentStatus.INFECTED:
        return "has a virus in it"
    if row.status != AttachmentStatus.READY:
        return "is not uploaded yet"
    if row.used_as is not None and not _is_answer_of(row, purpose):
        return "is used already"
    return None


def _is_answer_of(row: Record, purpose: Purpose) -> bool:
    """Tell whether this is handed in again with the answers that it is part of."""
    same = purpose.order_id is not None and row.order_id == purpose.order_id
    return same and row.used_as in _ANSWERS and purpose.used_as in _ANSWERS


def _stays(row: Record, purpose: Purpose) -> bool:
    """Tell whether it is an answer already: a draft takes nothing back."""
    return bool(row.used_as == AttachmentUse.ANSWER and _is_answer_of(row, purpose))


def by_place(attachment_ids: Sequence[str], path: str) -> dict[str, str]:
    """Say of each where it was named; Invalid where one is named twice."""
    named: dict[str, str] = {}
    for index, attachment_id in enumerate(attachment_ids):
        place = f"{path}[{index}]"
        if named.setdefault(attachment_id, place) != place:
            raise Invalid.field(place, "is named twice")
    return named


def ids_of(shown: Sequence[Attachment]) -> list[str]:
    """Return the ids of attachments as they are shown."""
    return [each["id"] for each in shown]
