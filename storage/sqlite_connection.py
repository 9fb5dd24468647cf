"""Connections to SQLite as SQLAlchemy's asyncio dialect wants them.

To hand a short statement to another thread, and its rows back, costs several times what the
statement does. So a writer runs its statements where they are called: they are short, and one
transaction comes after the other; only what waits for the disk, the commit, runs in a thread.
A reader may be asked for much (a search, a long history), so its statements run in threads.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")

# In seconds: how long a transaction waits while another process writes, and how often it looks.
BUSY_WITHIN = 10.0
BUSY_LOOK = 0.005
STATEMENTS_KEPT = 500
# A writer's statement that begins with this is not a short one.
IN_A_THREAD = "/* in a thread */ "


class SqliteConnection(ABC):
    """The awaitable methods that SQLAlchemy calls, for one task at a time."""

    begin: ClassVar[str]
    pragmas: ClassVar[tuple[str, ...]]

    def __init__(self, path: str, *, threads: Executor) -> None:
        # The driver begins nothing by itself: ``begin`` says which kind of transaction it is.
        self._connection = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )
        self._threads = threads
        for pragma in self.pragmas:
            self._connection.execute(f"PRAGMA {pragma}").close()

    @abstractmethod
    async def run(self, statement: str, step: Callable[[], T]) -> T:
        """Run a step of this statement where its like is run."""

    def cursor(self) -> "SqliteCursor":
        """Make a cursor."""
        return SqliteCursor(self, self._connection.cursor())

    async def commit(self) -> None:
        """Commit."""
        self._connection.commit()

    async def rollback(self) -> None:
        """Roll back."""
        self._connection.rollback()

    async def close(self) -> None:
        """Close."""
        self._connection.close()

    def stop(self) -> None:
        """Close where nobody can await it."""
        self._connection.close()

    async def create_function(self, *args: Any, **options: Any) -> None:
        """Have SQL call a function of Python's."""
        self._connection.create_function(*args, **options)

    async def _in_thread(self, step: Callable[[], T], if_cancelled: Callable[[], None]) -> T:
        """Run a step in a thread; the connection is nobody else's until it has ended."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, step)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if_cancelled()
            await asyncio.wait([running])
            running.exception()  # seen: whoever asked has left
            raise


class WritingConnection(SqliteConnection):
    """The one that writes: at once, and then waits for the disk."""

    begin = "BEGIN IMMEDIATE"
    pragmas: ClassVar[tuple[str, ...]] = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32768",
        "wal_autocheckpoint=4000",
        # Others are waited for in ``run``: SQLite's own waiting would hold everybody up.
        "busy_timeout=0",
    )

    async def run(self, statement: str, step: Callable[[], T]) -> T:
        """Run it here, if it is short; to begin may take until another process has written."""
        if statement.startswith(IN_A_THREAD):
            return await self._in_thread(step, if_cancelled=self._connection.interrupt)
        until = asyncio.get_running_loop().time() + BUSY_WITHIN
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                if statement != self.begin or not _is_busy(error):
                    raise
                if asyncio.get_running_loop().time() >= until:
                    raise
            await asyncio.sleep(BUSY_LOOK)

    def fetch(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a short statement of a transaction under way; return its rows."""
        return self._connection.execute(statement, parameters).fetchall()

    def run_many(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Run such a statement for each set of parameters."""
        self._connection.executemany(statement, parameters).close()

    async def commit(self) -> None:
        """Commit; it is on the disk then."""
        await self._in_thread(self._connection.commit, if_cancelled=_nothing)


class ReadingConnection(SqliteConnection):
    """One of those that read, beside the writer and each other."""

    begin = "BEGIN"
    pragmas = ("busy_timeout=10000", "query_only=ON")

    async def run(self, statement: str, step: Callable[[], T]) -> T:
        """Run it in a thread; whoever is cancelled stops it."""
        if statement == self.begin:
            return step()
        return await self._in_thread(step, if_cancelled=self._connection.interrupt)


class MigratingConnection(WritingConnection):
    """Changes the schema: a table that is rebuilt must not take others with it."""

    pragmas = ("busy_timeout=60000", "journal_mode=WAL", "foreign_keys=OFF")


class SqliteCursor:
    """A statement under way, and the rows that it has returned."""

    def __init__(self, connection: SqliteConnection, cursor: sqlite3.Cursor) -> None:
        self._connection = connection
        self._cursor = cursor
        self._rows: list[Any] = []

    async def __aenter__(self) -> "SqliteCursor":
        return self

    @property
    def description(self) -> Any:
        """Name the columns of what is returned; None where nothing is."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Count the rows that were changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Name the row that was inserted last."""
        return self._cursor.lastrowid

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        """Run a statement and fetch what it returns, in one step."""

        def step() -> None:
            self._cursor.execute(statement, parameters)
            self._rows = self._cursor.fetchall()

        await self._connection.run(statement, step)

    async def executemany(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run a statement for each set of parameters."""

        def step() -> None:
            self._cursor.executemany(statement, parameters)

        await self._connection.run(statement, step)

    async def fetchall(self) -> list[Any]:
        """Hand over the rows."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close()


def _is_busy(error: sqlite3.Error) -> bool:
    # Of SQLite's extended codes the last byte says what kind of error it is.
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _nothing() -> None:
    """Let a commit end: half of one there is none."""
