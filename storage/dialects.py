"""Where SQLite and PostgreSQL are asked in different words; the index of words has its own."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Executable,
    FromClause,
    String,
    Table,
    bindparam,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger, TypeEngine
from sqlalchemy.types import Text as TextType

from storage.columns import Json
from storage.prepared import fetch, run_each, run_many
from storage.rows import Record, Values

TEXT = TextType()
INT = BigInteger()
MOST = 2**63 - 1
# What parameters of a row begin with: columns have their names for themselves.
GIVEN = "given_"


@lru_cache(maxsize=256)
def batch(dialect: str, /, **columns: TypeEngine[Any]) -> FromClause:
    """Read the one parameter ``rows``, a JSON list of objects, as a table named ``batch``.

    So a statement over 1 or 500 rows is the same text, compiled and prepared once.
    """
    rows = bindparam("rows", type_=Json)
    if dialect == "postgresql":
        typed = [column(name, kind) for name, kind in columns.items()]
        return (
            func.jsonb_to_recordset(rows)
            .table_valued(*typed)
            .render_derived(name="batch", with_types=True)
        )
    each = func.json_each(rows).table_valued("value")
    return select(
        *(
            each.c.value.op("->>", return_type=kind)(name).label(name)
            for name, kind in columns.items()
        )
    ).subquery("batch")


def given(dialect: str, /, **columns: TypeEngine[Any]) -> Any:
    """Name what a change is made of, row for row: a ``batch`` on PostgreSQL.

    On SQLite, which makes it for one row after the other, parameters.
    """
    if dialect == "postgresql":
        return batch(dialect, **columns).c
    return SimpleNamespace(
        **{name: bindparam(GIVEN + name, type_=kind) for name, kind in columns.items()}
    )


def returning(dialect: str, change: Any, table: Table) -> Executable:
    """Have a change return the rows as they then are, where ``changed`` does not read them."""
    made: Executable = change.returning(table) if dialect == "postgresql" else change
    return made


async def changed(
    connection: AsyncConnection,
    change: Executable,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    values: Values,
    *,
    read: Callable[[], Awaitable[Sequence[Record]]],
) -> Sequence[Record]:
    """Make a change for rows of the values of ``names``; return the rows as they then are.

    To return many rows costs SQLite four times what the change does: it reads them afterwards.
    """
    if connection.dialect.name == "postgresql":
        named = [dict(zip(names, row, strict=True)) for row in rows]
        return await fetch(connection, change, {"rows": named, **values})
    run_each(connection, change, [GIVEN + name for name in names], rows, values)
    return await read()


def instant_text(dialect: str, value: datetime) -> str:
    """Write an instant for a ``batch``, as a column of type Instant keeps it."""
    utc = value.astimezone(UTC)
    if dialect == "sqlite":
        utc = utc.replace(tzinfo=None)
    return utc.isoformat(" ", "microseconds")


def among(
    connection: AsyncConnection, wanted: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """Match a column that has one of these values: one statement for any number of them."""
    listed = list(values)
    if connection.dialect.name == "postgresql":
        return wanted == func.any(literal(listed, ARRAY(String)))
    each = func.json_each(literal(listed, Json)).table_valued("value")
    return wanted.in_(select(each.c.value))


def last_of(table: Table, key: str, place: str, given: Any) -> ColumnElement[int]:
    """Find the place up to which there are ``skip`` rows and one behind ``given.since``.

    To be compared with in a join: so many rows of each key are read, however many there are. All
    of them where there are fewer.
    """
    rows = table.alias()
    found = (
        select(rows.c[place])
        .where(rows.c[key] == given[key], rows.c[place] > given.since)
        .order_by(rows.c[place])
        .limit(1)
        .offset(bindparam("skip", type_=INT))
        .correlate(given[key].table)
        .scalar_subquery()
    )
    return func.coalesce(found, literal(MOST, INT))


async def insert_rows(
    connection: AsyncConnection,
    table: Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Store many rows, each with its values in the order of ``names``.

    SQLite runs one prepared statement for row after row; PostgreSQL, for which each would be a
    message there, takes them all as one ``batch``.
    """
    if connection.dialect.name == "postgresql":
        named = [dict(zip(names, row, strict=True)) for row in rows]
        await fetch(connection, _inserting(table, tuple(names)), {"rows": named})
        return
    statement, bindings = _inserting_one(connection.dialect, table, tuple(names))
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    bound = [
        columns[name] if processor is None else map(processor, columns[name])
        for name, processor in bindings
    ]
    run_many(connection, statement, list(zip(*bound, strict=True)))


@lru_cache(maxsize=16)
def _inserting(table: Table, names: tuple[str, ...]) -> Executable:
    rows = batch("postgresql", **{name: table.c[name].type for name in names})
    made: Executable = table.insert().from_select(names, select(*rows.c))
    return made


@lru_cache(maxsize=16)
def _inserting_one(
    dialect: Dialect, table: Table, names: tuple[str, ...]
) -> tuple[str, list[tuple[str, Any]]]:
    """Write the statement for one row, and name its values with what makes them SQLite's."""
    statement = table.insert().compile(dialect=dialect, column_keys=names)
    kinds = {name: table.c[name].type.dialect_impl(dialect) for name in statement.params}
    return str(statement), [(name, kind.bind_processor(dialect)) for name, kind in kinds.items()]


async def change_rows(
    connection: AsyncConnection,
    table: Table,
    key: Sequence[str],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Change many rows, each given as the values of ``names``, then those of its ``key``.

    As ``insert_rows`` does, each database in the way that costs it least.
    """
    if not rows:
        return
    given = (*names, *key)
    if connection.dialect.name == "postgresql":
        named = [dict(zip(given, row, strict=True)) for row in rows]
        statement = _changing(table, tuple(key), tuple(names))
        await fetch(connection, statement, {"rows": named})
        return
    written, processors = _changing_one(connection.dialect, table, tuple(key), tuple(names))
    bound = [
        values if processor is None else map(processor, values)
        for processor, values in zip(processors, zip(*rows, strict=True), strict=True)
    ]
    run_many(connection, written, list(zip(*bound, strict=True)))


@lru_cache(maxsize=16)
def _changing(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    rows = batch("postgresql", **{name: table.c[name].type for name in (*names, *key)})
    made: Executable = (
        table.update()
        .where(*(table.c[name] == rows.c[name] for name in key))
        .values({name: rows.c[name] for name in names})
    )
    return made


@lru_cache(maxsize=16)
def _changing_one(
    dialect: Dialect, table: Table, key: tuple[str, ...], names: tuple[str, ...]
) -> tuple[str, list[Any]]:
    """Write the statement for one row, and what makes each of its values SQLite's."""
    changed = ", ".join(f"{name} = ?" for name in names)
    found = " AND ".join(f"{name} = ?" for name in key)
    kinds = (table.c[name].type.dialect_impl(dialect) for name in (*names, *key))
    written = f"UPDATE {table.name} SET {changed} WHERE {found}"  # noqa: S608 - our own names
    return written, [kind.bind_processor(dialect) for kind in kinds]


def insert(connection: AsyncConnection, table: Table) -> Any:
    """Begin an INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return insert_on(connection.dialect.name, table)


def insert_on(dialect: str, table: Table) -> Any:
    """Begin the same for a statement that is made once and kept."""
    module: Any = postgresql if dialect == "postgresql" else sqlite
    return module.insert(table)


def least(connection: AsyncConnection, *values: Any) -> Any:
    """The smallest of ``values``."""
    return (func.least if connection.dialect.name == "postgresql" else func.min)(*values)


def greatest(connection: AsyncConnection, *values: Any) -> Any:
    """The largest of ``values``."""
    return (func.greatest if connection.dialect.name == "postgresql" else func.max)(*values)
