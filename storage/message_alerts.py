"""Which alert of a conversation's unread messages waits: noted where its reader keeps it.

A message that comes while one waits goes with it. Whoever takes a delivery up says so here before
it reads what is unread, so that what is stored from then on plans a new one.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import CTE, ColumnElement, Executable, case, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Channel
from storage.deliveries import Claim
from storage.dialects import INT, TEXT, batch
from storage.rows import fetch_all
from storage.tables import inbox_items

MARKS = {Channel.PUSH: inbox_items.c.push_from, Channel.EMAIL: inbox_items.c.mail_from}


class Mark(Struct, frozen=True):
    """A delivery on ``channel`` about a conversation, which began with the message ``seq``."""

    account_id: str
    conversation_id: str
    channel: str
    seq: int

    @property
    def key(self) -> tuple[str, str]:
        """Whose view of which conversation it is."""
        return self.account_id, self.conversation_id


def mark_of(claim: Claim) -> Mark | None:
    """Return what a delivery about messages is noted as; None for any other."""
    if claim.conversation_id is None:
        return None
    return Mark(claim.account_id, claim.conversation_id, claim.channel, first_seq(claim.cause))


def first_seq(cause: str) -> int:
    """Return the message that a delivery began with: its cause ends with it."""
    return int(cause.rpartition(":")[2])


async def take_up(
    connection: AsyncConnection, marks: Collection[Mark], *, wait: bool
) -> set[tuple[str, str]]:
    """Note that these wait no longer; return the views that this was said of.

    Without ``wait`` those are left out that somebody else holds: whoever holds many rows must not
    wait for one.
    """
    statement = _taking_up(connection.dialect.name, wait=wait)
    rows = await fetch_all(connection, statement, {"rows": _rows(marks)})
    return {(row.account_id, row.conversation_id) for row in rows}


async def put_back(connection: AsyncConnection, marks: Collection[Mark]) -> None:
    """Note that these wait again, unless another does; those that somebody holds are left out."""
    await connection.execute(_putting_back(connection.dialect.name), {"rows": _rows(marks)})


async def forget(connection: AsyncConnection, account_id: str) -> None:
    """Have the next message of each conversation plan anew: there are other ways to tell it by."""
    await connection.execute(
        update(inbox_items)
        .where(
            inbox_items.c.account_id == account_id,
            inbox_items.c.push_from.is_not(None) | inbox_items.c.mail_from.is_not(None),
        )
        .values(push_from=null(), mail_from=null())
    )


def _rows(marks: Collection[Mark]) -> Sequence[dict[str, Any]]:
    """Fold the marks of a view into one row, for a statement meets each row once."""
    folded: dict[tuple[str, str], dict[str, Any]] = {}
    for mark in marks:
        row = folded.setdefault(
            mark.key,
            {"account_id": mark.account_id, "conversation_id": mark.conversation_id},
        )
        name = MARKS[Channel(mark.channel)].name
        row[name] = max(mark.seq, row.get(name, 0))
    return [folded[key] for key in sorted(folded)]


@lru_cache(maxsize=4)
def _taking_up(dialect: str, *, wait: bool) -> Executable:
    held = _held(dialect, wait=wait)
    return (
        update(inbox_items)
        .where(_same_view(held))
        .values(
            {
                mark: case((mark == held.c[f"the_{mark.name}"], null()), else_=mark)
                for mark in MARKS.values()
            }
        )
        .returning(inbox_items.c.account_id, inbox_items.c.conversation_id)
    )


@lru_cache(maxsize=2)
def _putting_back(dialect: str) -> Executable:
    held = _held(dialect, wait=False)
    return (
        update(inbox_items)
        .where(_same_view(held), inbox_items.c.unread > 0)
        .values({mark: func.coalesce(mark, held.c[f"the_{mark.name}"]) for mark in MARKS.values()})
    )


def _held(dialect: str, *, wait: bool) -> CTE:
    """Lock the views that a batch names, each with the marks that are given for it."""
    given = batch(
        dialect,
        account_id=TEXT,
        conversation_id=TEXT,
        **{mark.name: INT for mark in MARKS.values()},
    )
    return (
        select(
            inbox_items.c.account_id,
            inbox_items.c.conversation_id,
            *(given.c[mark.name].label(f"the_{mark.name}") for mark in MARKS.values()),
        )
        .join(
            given,
            (inbox_items.c.account_id == given.c.account_id)
            & (inbox_items.c.conversation_id == given.c.conversation_id),
        )
        .with_for_update(of=inbox_items, skip_locked=not wait)
        .cte("held")
        .prefix_with("MATERIALIZED")
    )


def _same_view(held: CTE) -> ColumnElement[bool]:
    return (inbox_items.c.account_id == held.c.account_id) & (
        inbox_items.c.conversation_id == held.c.conversation_id
    )
