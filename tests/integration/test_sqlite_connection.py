"""The connections to SQLite: who waits for whom, and what becomes of those who are cancelled."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from domain.errors import Unavailable
from storage.engine import Database, Transaction
from storage.sqlite_connection import ReadingConnection, WritingConnection
from storage.tables import order_numbers
from tests.support.virtual_time import run_virtually

FOR_EVER = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(begun(i)) FROM n"
)
PATIENCE = 30.0


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """The file of a database with the newest schema."""
    return Path(sqlite_url.removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """One thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """A database with one connection that reads."""
    opened = Database.open(sqlite_url, pool_size=1)
    yield opened
    await opened.close()


async def store(tx: Transaction) -> None:
    """Store a row."""
    await tx.connection.execute(order_numbers.insert().values(order_id="o"))


def stored(path: Path) -> int:
    """Count what others see."""
    with closing(sqlite3.connect(path)) as connection:
        counted: int = connection.execute("SELECT count(*) FROM order_numbers").fetchone()[0]
        return counted


def held_by_another(path: Path) -> sqlite3.Connection:
    """Begin to write, as another process does."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def test_a_writer_waits_for_another_process_and_holds_nobody_up(
    database: Database, path: Path
) -> None:
    with closing(held_by_another(path)) as another:
        async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE):
            group.create_task(database.transaction(store))
            async with database.reading() as reader:
                assert await reader.scalar(text("SELECT count(*) FROM order_numbers")) == 0
            another.execute("COMMIT")
    assert stored(path) == 1


def test_a_writer_does_not_wait_for_ever(sqlite_url: str, path: Path) -> None:
    async def write() -> None:
        database = Database.open(sqlite_url)
        try:
            with pytest.raises(Unavailable):
                await database.transaction(store)
        finally:
            await database.close()

    with closing(held_by_another(path)):
        run_virtually(write())
    assert stored(path) == 0


async def test_who_is_cancelled_while_reading_stops_the_statement(
    path: Path, threads: ThreadPoolExecutor
) -> None:
    begun = Event()
    connection = ReadingConnection(str(path), threads=threads)
    await connection.create_function("begun", 1, lambda _: begun.set())
    cursor = connection.cursor()
    reading = asyncio.ensure_future(cursor.execute(FOR_EVER))
    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(begun.wait, PATIENCE)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await cursor.execute("SELECT 1")
    assert await cursor.fetchall() == [(1,)]
    await connection.close()


async def test_who_is_cancelled_while_it_commits_has_committed(
    path: Path, threads: ThreadPoolExecutor
) -> None:
    connection = WritingConnection(str(path), threads=threads)
    cursor = connection.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    await cursor.execute("INSERT INTO order_numbers (order_id) VALUES ('o')")
    disk = Event()
    threads.submit(disk.wait, PATIENCE)
    committing = asyncio.ensure_future(connection.commit())
    await asyncio.sleep(0)
    committing.cancel()
    await asyncio.sleep(0)
    assert not committing.done()
    disk.set()
    with pytest.raises(asyncio.CancelledError):
        await committing
    assert stored(path) == 1
    await connection.close()
