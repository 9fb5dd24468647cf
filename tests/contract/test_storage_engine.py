"""Transactions: whole or nothing, and the news only after the commit."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import Unavailable
from domain.publications import Publication
from storage.engine import Database, Transaction
from storage.tables import order_numbers
from tests.support.marketplace import Ear

NEWS = Publication("thread:t", b"{}", 1)


async def count(database: Database) -> int:
    """Count the rows of the table that these tests write to."""
    async with database.reading() as connection:
        statement = select(func.count()).select_from(order_numbers)
        return int(await connection.scalar(statement) or 0)


async def write(tx: Transaction, order_id: str = "o") -> None:
    """Store a row."""
    await tx.connection.execute(order_numbers.insert().values(order_id=order_id))


class Mistake(Exception):
    """Something that goes wrong in the middle."""


async def test_what_is_committed_stays_and_its_news_go_out(database: Database) -> None:
    ear = Ear()
    database.announce_to(ear)
    remembered: list[str] = []

    async def work(tx: Transaction) -> str:
        await write(tx)
        tx.publish(NEWS)
        tx.ring("bell")
        tx.remember(lambda: remembered.append("it"))
        assert (ear.news, ear.doorbells, remembered) == ([], [], []), "not before the commit"
        return "result"

    assert await database.transaction(work) == "result"
    assert await count(database) == 1
    assert (ear.news, ear.doorbells, remembered) == ([NEWS], ["bell"], ["it"])


async def test_what_fails_leaves_nothing_and_tells_nothing(database: Database) -> None:
    ear = Ear()
    database.announce_to(ear)
    remembered: list[str] = []

    async def work(tx: Transaction) -> None:
        await write(tx)
        tx.publish(NEWS)
        tx.remember(lambda: remembered.append("it"))
        raise Mistake

    with pytest.raises(Mistake):
        await database.transaction(work)

    assert await count(database) == 0
    assert (ear.news, remembered) == ([], [])


async def test_a_cancelled_transaction_leaves_nothing(database: Database) -> None:
    begun = asyncio.Event()

    async def work(tx: Transaction) -> None:
        await write(tx)
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(database.transaction(work))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count(database) == 0
    await database.transaction(write)
    assert await count(database) == 1, "and holds nobody up"


async def test_every_statement_of_a_read_sees_the_same_state(database: Database) -> None:
    await database.transaction(write)

    async with database.reading() as connection:
        counted = select(func.count()).select_from(order_numbers)
        before = await connection.scalar(counted)
        await database.transaction(write)
        after = await connection.scalar(counted)

    assert (before, after) == (1, 1)
    assert await count(database) == 2


async def test_writers_that_come_at_once_all_get_through(database: Database) -> None:
    await asyncio.gather(*(database.transaction(write) for _ in range(30)))

    assert await count(database) == 30


async def test_the_loser_of_a_deadlock_does_it_again(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    both_hold_one = asyncio.Barrier(2)
    tries: list[str] = []

    async def work(tx: Transaction, first: str, second: str) -> None:
        tries.append(first)
        await lock(tx, first)
        if len(tries) <= 2:
            await both_hold_one.wait()
        await lock(tx, second)

    await asyncio.gather(
        database.transaction(lambda tx: work(tx, "1", "2")),
        database.transaction(lambda tx: work(tx, "2", "1")),
    )

    assert len(tries) == 3
    await database.close()


async def lock(tx: Transaction, name: str) -> None:
    """Take a lock that ends with the transaction."""
    await tx.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({name})")


async def test_a_statement_that_is_refused_is_our_mistake(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.connection.exec_driver_sql("SELECT * FROM nothing_of_this_name")

    with pytest.raises(SQLAlchemyError):
        await database.transaction(work)


async def test_an_error_does_not_tell_what_people_wrote(database: Database) -> None:
    secret = "what nobody but the two may read"

    async def work(tx: Transaction) -> None:
        await tx.connection.execute(
            order_numbers.insert(), [{"number": 1, "order_id": secret} for _ in range(2)]
        )

    with pytest.raises(DBAPIError) as refused:
        await database.transaction(work)
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
        "sqlite+aiosqlite:////nowhere/at/all.db",
    ],
)
async def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    database = Database.open(url)

    with pytest.raises(Unavailable):
        await database.ping()
    with pytest.raises(Unavailable):
        await database.transaction(write)
    await database.close()


async def test_a_lost_connection_is_unavailable_once(postgresql_url: str) -> None:
    database = Database.open(postgresql_url, pool_size=1)

    async def work(tx: Transaction) -> None:
        own = (await tx.connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
        async with database.reading() as other:
            await other.exec_driver_sql(f"SELECT pg_terminate_backend({own}, 5000)")
        await write(tx)

    with pytest.raises(Unavailable):
        await database.transaction(work)
    await database.transaction(write)
    assert await count(database) == 1
    await database.close()
