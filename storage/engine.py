"""Connections: one writer and many readers on SQLite, a pool on PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import Unavailable
from domain.publications import Publication
from storage.sqlite_connection import ReadingConnection, SqliteConnection, WritingConnection

T = TypeVar("T")

# PostgreSQL: serialization_failure and deadlock_detected; the loser simply does it again.
RETRIED_STATES = frozenset({"40001", "40P01"})
MAX_TRIES = 5
# How long a caller waits for a free connection before it is told to come again.
POOL_SECONDS = 4.0
# SQLSTATEs, or the classes they begin with, that say nothing about the statement: connection lost,
# out of resources, shutting down, a replica where the primary was, ever the loser of a deadlock.
OUT_OF_REACH = ("08", "53", "57", "58", "25006", "55P03", *RETRIED_STATES)
SQLITE_OUT_OF_REACH = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
POSTGRESQL_OPTIONS = {
    "timeout": 5,
    "command_timeout": 30,
    "prepared_statement_cache_size": 500,
    # Statements are short: compiling them costs more than they do.
    "server_settings": {"application_name": "orderwire", "jit": "off"},
}


class Transaction:
    """One write transaction: its connection, and the news that go out once it is committed."""

    __slots__ = ("afterwards", "connection", "doorbells", "news")

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.news: list[Publication] = []
        self.doorbells: set[str] = set()
        self.afterwards: list[Callable[[], None]] = []

    def publish(self, *publications: Publication) -> None:
        """Have these handed to the bus after the commit, in this order."""
        self.news.extend(publications)

    def ring(self, doorbell: str) -> None:
        """Wake whoever waits on ``doorbell`` after the commit."""
        self.doorbells.add(doorbell)

    def remember(self, step: Callable[[], None]) -> None:
        """Do this once the commit has made it true: for what is remembered in this process."""
        self.afterwards.append(step)


class Herald(Protocol):
    """Where news go after a commit. It never raises: what it loses is found by position."""

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Carry publications and doorbells to every node."""
        ...


class Silence:
    """A herald with nobody to tell."""

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Tell nobody."""


class Database:
    """The one door to storage: transactions that are whole or nothing, and consistent reads."""

    def __init__(
        self, *, writer: AsyncEngine, reader: AsyncEngine, gate: asyncio.Semaphore | None
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._gate = gate
        self._herald: Herald = Silence()

    @classmethod
    def open(cls, url: str, *, pool_size: int = 10) -> "Database":
        """Make the engines for ``url``; connections are opened when first needed."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls._open_sqlite(parsed, pool_size)
        engine = create_async_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args=POSTGRESQL_OPTIONS,
            **_OPTIONS,
        )
        reader = engine.execution_options(isolation_level="REPEATABLE READ")
        return cls(writer=engine, reader=reader, gate=None)

    @classmethod
    def _open_sqlite(cls, url: URL, pool_size: int) -> "Database":
        writer = sqlite_engine(url, WritingConnection)
        reader = sqlite_engine(url, ReadingConnection, pool_size=pool_size)
        return cls(writer=writer, reader=reader, gate=asyncio.Semaphore(1))

    @property
    def dialect(self) -> str:
        """Return ``sqlite`` or ``postgresql``."""
        return self._writer.dialect.name

    @property
    def writers(self) -> int:
        """How many transactions that store messages are best under way at once.

        PostgreSQL has a group to store while the next one is being made.
        """
        return 2 if self._gate is None else 1

    def announce_to(self, herald: Herald) -> None:
        """Say where news go; said once, by the composition root."""
        self._herald = herald

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run ``work`` in one transaction, commit, then announce its news.

        A deadlock or a serialization failure is tried again, so ``work`` has no effects of its own.
        Raises Unavailable while the database does not answer.
        """
        with _answering():
            for tries_left in reversed(range(MAX_TRIES)):
                try:
                    tx, result = await self._attempt(work)
                    break
                except DBAPIError as error:
                    if not tries_left or sqlstate(error) not in RETRIED_STATES:
                        raise
        for step in tx.afterwards:
            step()
        if tx.news or tx.doorbells:
            await self._herald.announce(tx.news, tx.doorbells)
        return result

    async def _attempt(self, work: Callable[[Transaction], Awaitable[T]]) -> tuple[Transaction, T]:
        async with self._admitted(), self._writer.begin() as connection:
            tx = Transaction(connection)
            return tx, await work(tx)

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        """Wait in our own queue for SQLite's only writer, not in its busy handler."""
        if self._gate is None:
            yield
        else:
            async with self._gate:
                yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which every statement sees the same state.

        Raises Unavailable while the database does not answer.
        """
        with _answering():
            async with self._reader.connect() as connection:
                yield connection

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.reading() as connection:
            await connection.exec_driver_sql("SELECT 1")


@contextmanager
def _answering() -> Iterator[None]:
    """Tell a database that does not answer from one that refuses a statement."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if not _out_of_reach(error):
            raise
        raise Unavailable("the database does not answer; try again") from error


def _out_of_reach(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError | PoolTimeout)
    if error.connection_invalidated:
        return True
    # Of SQLite's extended codes the last byte says what kind of error it is.
    kind = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return kind in SQLITE_OUT_OF_REACH or (sqlstate(error) or "").startswith(OUT_OF_REACH)


def sqlstate(error: DBAPIError) -> str | None:
    """Return PostgreSQL's code for what happened."""
    return getattr(error.orig, "sqlstate", None)


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# Errors go to the log: what people wrote does not.
_OPTIONS: Mapping[str, Any] = {
    "json_serializer": _to_json,
    "json_deserializer": msgspec.json.decode,
    "hide_parameters": True,
    "pool_timeout": POOL_SECONDS,
}


def sqlite_engine(
    url: URL, connections: type[SqliteConnection], *, pool_size: int = 1
) -> AsyncEngine:
    """Make an engine with connections of this kind."""
    threads = ThreadPoolExecutor(pool_size, thread_name_prefix=connections.__name__)

    async def connect() -> SqliteConnection:
        return connections(url.database or ":memory:", threads=threads)

    engine = create_async_engine(
        url, async_creator=connect, pool_size=pool_size, max_overflow=0, **_OPTIONS
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(connections.begin)

    @event.listens_for(engine.sync_engine, "engine_disposed")
    def end_threads(_engine: Any) -> None:
        threads.shutdown(wait=False)

    return engine
