"""Which accounts were erased: heard at once, and found by looking where nobody was heard."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from realtime.services.erased_accounts import ErasedAccounts
from storage import accounts, erasures
from storage.engine import Database, Transaction
from tests.support.clock import NOON
from tests.support.eventually import eventually


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """A fresh database; what differs between databases is tested elsewhere."""
    opened = Database.open(sqlite_url)
    yield opened
    await opened.close()


async def erase(database: Database, account_id: str, at: timedelta = timedelta()) -> None:
    """Erase an account without telling anybody."""

    async def work(tx: Transaction) -> None:
        told = {"id": account_id, "name": account_id, "email": None, "locale": "en"}
        more = {"timezone": "UTC", "avatar_url": None, "created_at": NOON, "updated_at": NOON}
        await accounts.put(tx.connection, told | more, epoch="e")
        await erasures.begin(tx.connection, account_id, "nobody", NOON + at)

    await database.transaction(work)


async def test_what_was_erased_before_it_began_is_known(database: Database) -> None:
    await erase(database, "anna")
    erased = ErasedAccounts(database=database)

    await erased.start()

    assert "anna" in erased
    assert "bea" not in erased
    await erased.close()


async def test_a_doorbell_is_heard_at_once_and_each_is_told_once(database: Database) -> None:
    told: list[str] = []
    erased = ErasedAccounts(database=database)
    erased.watch(told.append)

    erased.ring("erased:anna")
    erased.ring("erased:anna")
    erased.ring("delivery")
    await erase(database, "anna")
    await erased.look()

    assert told == ["anna"]


async def test_what_nobody_rang_for_is_found(database: Database) -> None:
    erased = ErasedAccounts(database=database, look_every=0.01)
    await erased.start()

    await erase(database, "anna")

    await eventually(lambda: "anna" in erased)
    await erased.close()


async def test_it_looks_when_a_doorbell_may_have_been_missed(database: Database) -> None:
    erased = ErasedAccounts(database=database, look_every=3_600)
    await erased.start()
    await erase(database, "anna")

    erased.unsure()

    await eventually(lambda: "anna" in erased)
    await erased.close()


async def test_what_is_seen_late_is_not_passed_over(database: Database) -> None:
    """A slow transaction, or a clock that is behind: what comes later was erased earlier."""
    erased = ErasedAccounts(database=database)
    await erase(database, "anna")
    await erased.look()

    await erase(database, "bea", at=-timedelta(minutes=5))
    await erased.look()

    assert "bea" in erased


async def test_many_are_read_a_page_at_a_time(database: Database) -> None:
    erased = ErasedAccounts(database=database, page=2)
    for number in range(5):
        await erase(database, f"a{number}", at=timedelta(seconds=number // 2))

    await erased.look()

    assert all(f"a{number}" in erased for number in range(5))


async def test_a_database_that_does_not_answer_is_asked_again(sqlite_url: str) -> None:
    away = Database.open(sqlite_url.replace("orderwire.db", "no such folder/orderwire.db"))
    erased = ErasedAccounts(database=away, look_every=0.01)

    await erased.start()

    assert "anna" not in erased
    await erased.close()
    await away.close()
