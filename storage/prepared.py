"""The statements of the busiest transaction: compiled once, and handed to the driver as they are.

What SQLAlchemy does around an execution costs more than a small statement itself. Here it writes
the statement, and says what turns values into the driver's and back; all else is left out.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import repeat
from typing import Any, cast

from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.rows import Record, Values
from storage.sqlite_connection import WritingConnection

Processor = Callable[[Any], Any]


async def fetch(
    connection: AsyncConnection, statement: Executable, values: Values
) -> Sequence[Record]:
    """Return every row, as ``fetch_all`` does; ``statement`` is one that is made once and kept."""
    prepared = _prepared(connection.dialect, statement)
    parameters = prepared.parameters(values)
    writer = _writer(connection)
    if writer is None:
        result = await connection.exec_driver_sql(prepared.written, parameters)
        return prepared.records(result.all() if result.returns_rows else ())
    with _errors_of(prepared.written):
        return prepared.records(writer.fetch(prepared.written, parameters))


def run_each(
    connection: AsyncConnection,
    statement: Executable,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    values: Values,
) -> None:
    """Run such a statement, which returns nothing, for each row of the values of ``names``.

    ``values`` are the same for all.
    """
    prepared = _prepared(connection.dialect, statement)
    run_many(connection, prepared.written, prepared.many(names, rows, values))


def run_many(connection: AsyncConnection, written: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement in SQLite's words for each row of SQLite's values."""
    writer = _writer(connection)
    assert writer is not None, "for PostgreSQL each row would be a message there"
    with _errors_of(written):
        writer.run_many(written, rows)


class Prepared:
    """A statement in a driver's words, and the way of values there and back."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.written = str(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        # For each place: its name, what turns its value into the driver's, and the value it has
        # unless it is given one.
        self._places = [
            (name, kind.bind_processor(dialect), binds[name].value)
            for name in compiled.positiontup
            for kind in (binds[name].type.dialect_impl(dialect),)
        ]
        returned = list(getattr(statement, "exported_columns", ()))
        kinds = [column.type.dialect_impl(dialect) for column in returned]
        found = [(place, kind.result_processor(dialect, None)) for place, kind in enumerate(kinds)]
        self._results = [(place, result) for place, result in found if result is not None]
        names = " ".join(column.key for column in returned)
        record: type[Any] = namedtuple("record", names)  # type: ignore[misc] # as it returns them
        self._record = partial(tuple.__new__, record)

    def parameters(self, values: Values) -> tuple[Any, ...]:
        """Turn named values into those of the driver."""
        return tuple(
            value if processor is None else processor(value)
            for name, processor, default in self._places
            for value in (values.get(name, default),)
        )

    def many(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], values: Values
    ) -> list[tuple[Any, ...]]:
        """Turn rows of the values of ``names`` into those of the driver, column by column."""
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        same = self.parameters(values)
        every = [
            _processed(columns[name], processor) if name in columns else repeat(value, len(rows))
            for (name, processor, _), value in zip(self._places, same, strict=True)
        ]
        return list(zip(*every, strict=True))

    def records(self, rows: Iterable[Sequence[Any]]) -> Sequence[Record]:
        """Turn the driver's rows into records, column by column."""
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        if not columns:
            return []
        for place, processor in self._results:
            columns[place] = map(processor, columns[place])
        return cast("Sequence[Record]", list(map(self._record, zip(*columns, strict=True))))


def _processed(values: Iterable[Any], processor: Processor | None) -> Iterable[Any]:
    return values if processor is None else map(processor, values)


@lru_cache(maxsize=64)
def _prepared(dialect: Dialect, statement: Executable) -> Prepared:
    return Prepared(statement, dialect)


def _writer(connection: AsyncConnection) -> WritingConnection | None:
    """Return the connection that runs its statements where they are called, if this is one."""
    assert connection.sync_connection is not None, "a transaction is under way"
    driver = connection.sync_connection.connection.driver_connection
    return driver if isinstance(driver, WritingConnection) else None


@contextmanager
def _errors_of(written: str) -> Iterator[None]:
    """Raise SQLite's errors as SQLAlchemy does."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            written, None, error, sqlite3.Error, hide_parameters=True
        ) from error
