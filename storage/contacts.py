"""Who has been in touch with whom: a row for each side of a pair, and grants of first contact."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.services import OFFERED
from storage.dialects import TEXT, among, batch, insert
from storage.rows import Record, fetch_all, fetch_optional
from storage.tables import accounts, blocks, contact_grants, contacts, services


async def meet(
    connection: AsyncConnection, one: str, other: str, conversation_id: str
) -> tuple[str, bool]:
    """Give a pair its direct conversation: (its id, whether it is the one proposed here).

    The row of the account that sorts first decides, so two who open at once get the same one.
    """
    first, second = sorted((one, other))
    found = await get(connection, first, second)
    if found is not None:
        return str(found.conversation_id), False
    statement = insert(connection, contacts).values(
        account_id=first, other_id=second, conversation_id=conversation_id
    )
    if not (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
        found = await get(connection, first, second)
        assert found is not None, "whoever was first has committed it"
        return str(found.conversation_id), False
    await connection.execute(
        contacts.insert().values(account_id=second, other_id=first, conversation_id=conversation_id)
    )
    return conversation_id, True


async def get(connection: AsyncConnection, account_id: str, other_id: str) -> Record | None:
    """Read what an account has had to do with another."""
    statement = select(contacts).where(
        contacts.c.account_id == account_id, contacts.c.other_id == other_id
    )
    return await fetch_optional(connection, statement)


# What a page of contacts can be sorted by, each with the direction that people expect.
SORTS: Mapping[str, tuple[Any, bool]] = {
    "last_order": (contacts.c.last_order_at, True),
    "name": (func.lower(accounts.c.name), False),
    "orders": (func.coalesce(contacts.c.completed["orders"].as_integer(), 0), True),
}


async def names(connection: AsyncConnection, account_id: str) -> Sequence[Record]:
    """Read (other_id, name) of all whom an account has had orders with."""
    statement = (
        select(contacts.c.other_id, accounts.c.name)
        .join(accounts, accounts.c.id == contacts.c.other_id)
        .where(*_had_orders(account_id))
    )
    return await fetch_all(connection, statement)


def _had_orders(account_id: str) -> tuple[ColumnElement[bool], ...]:
    return contacts.c.account_id == account_id, contacts.c.last_order_at.is_not(None)


async def page(
    connection: AsyncConnection,
    account_id: str,
    *,
    chosen: Collection[str] | None,
    sort: str,
    after: tuple[Any, str] | None,
    limit: int,
) -> Sequence[Record]:
    """Read whom an account has had orders with, each with a ``sort_key``; ``chosen`` alone."""
    column, falling = SORTS[sort]
    conditions = list(_had_orders(account_id))
    if chosen is not None:
        conditions.append(among(connection, contacts.c.other_id, chosen))
    if after is not None:
        value, other_id = after
        beyond = column < value if falling else column > value
        conditions.append(or_(beyond, and_(column == value, contacts.c.other_id > other_id)))
    statement = (
        select(contacts, column.label("sort_key"))
        .join(accounts, accounts.c.id == contacts.c.other_id)
        .where(*conditions)
        .order_by(column.desc() if falling else column, contacts.c.other_id)
        .limit(limit)
    )
    return await fetch_all(connection, statement)


async def note_order(connection: AsyncConnection, one: str, other: str, now: datetime) -> None:
    """Note on both sides that the two have an order together."""
    pair = or_(
        and_(contacts.c.account_id == one, contacts.c.other_id == other),
        and_(contacts.c.account_id == other, contacts.c.other_id == one),
    )
    await connection.execute(update(contacts).where(pair).values(last_order_at=now))


async def note_completed(
    connection: AsyncConnection, one: str, other: str, *, amount: int, currency: str
) -> None:
    """Add a completed order to what the two have done together, on both sides."""
    for account_id, other_id in sorted(((one, other), (other, one))):
        mine = (contacts.c.account_id == account_id, contacts.c.other_id == other_id)
        held = select(contacts.c.completed).where(*mine).with_for_update()
        before = await connection.scalar(held) or {"orders": 0, "amounts": {}}
        amounts = before["amounts"]
        after = {
            "orders": before["orders"] + 1,
            "amounts": amounts | {currency: amounts.get(currency, 0) + amount},
        }
        await connection.execute(update(contacts).where(*mine).values(completed=after))


async def note_first_words(
    connection: AsyncConnection, pairs: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Note who has written to whom, once."""
    for account_id, other_id in sorted(pairs):
        await connection.execute(
            update(contacts)
            .where(
                contacts.c.account_id == account_id,
                contacts.c.other_id == other_id,
                contacts.c.first_wrote_at.is_(None),
            )
            .values(first_wrote_at=now)
        )


async def grant(
    connection: AsyncConnection, account_id: str, other_id: str, until: datetime
) -> None:
    """Let an account write to another first, until a time; the last word counts."""
    statement = insert(connection, contact_grants).values(
        account_id=account_id, other_id=other_id, until=until
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "other_id"], set_={"until": until}
        )
    )


async def take_grant_back(connection: AsyncConnection, account_id: str, other_id: str) -> None:
    """End a grant, if there is one."""
    await connection.execute(
        delete(contact_grants).where(
            contact_grants.c.account_id == account_id, contact_grants.c.other_id == other_id
        )
    )


async def histories(
    connection: AsyncConnection, pairs: Collection[tuple[str, str]]
) -> Sequence[Record]:
    """Read what has been between (writer, other): all that decides whether one may write."""
    rows = [{"writer": writer, "other": other} for writer, other in pairs]
    return await fetch_all(connection, _histories(connection.dialect.name), {"rows": rows})


@lru_cache(maxsize=2)
def _histories(dialect: str) -> Select[Any]:
    pair = batch(dialect, writer=TEXT, other=TEXT)
    theirs, grant = contacts.alias("theirs"), contact_grants
    return (
        select(
            pair.c.writer,
            pair.c.other,
            theirs.c.first_wrote_at.is_not(None).label("other_wrote_first"),
            theirs.c.last_order_at.is_not(None).label("has_order"),
            exists()
            .where(services.c.seller_id == pair.c.other, services.c.status.in_(OFFERED))
            .label("other_offers_services"),
            grant.c.until.label("granted_until"),
            _blocks(pair.c.writer, pair.c.other).label("blocks_other"),
            _blocks(pair.c.other, pair.c.writer).label("blocked_by_other"),
        )
        .select_from(pair)
        .outerjoin(
            theirs,
            (theirs.c.account_id == pair.c.other) & (theirs.c.other_id == pair.c.writer),
        )
        .outerjoin(
            grant, (grant.c.account_id == pair.c.writer) & (grant.c.other_id == pair.c.other)
        )
    )


def _blocks(one: Any, other: Any) -> Any:
    return exists().where(blocks.c.account_id == one, blocks.c.other_id == other)
