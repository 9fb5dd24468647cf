"""What others see of an account is remembered for a little while."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from realtime.services.people import REMEMBERED_SECONDS, People
from storage import accounts
from storage.engine import Database, Transaction
from storage.tables import accounts as account_table
from tests.support.clock import NOON


class Watch:
    """The seconds of the event loop, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    opened = Database.open(sqlite_url)
    await opened.transaction(tell_of_sam)
    yield opened
    await opened.close()


async def tell_of_sam(tx: Transaction) -> None:
    """Store an account."""
    told = {"id": "sam", "name": "Sam", "email": None, "locale": "en", "timezone": "UTC"}
    values = {**told, "avatar_url": None, "created_at": NOON, "updated_at": NOON}
    await accounts.put(tx.connection, values, epoch="e")


async def rename(tx: Transaction) -> None:
    """Give Sam another name behind everybody's back, as another node would."""
    await tx.connection.execute(update(account_table).values(name="Samuel"))


async def name(people: People, database: Database, account_id: str = "sam") -> str:
    """Return the name that is shown."""
    async with database.reading() as connection:
        shown = (await people.get(connection, [account_id]))[account_id]
    found: str = shown["name"]
    return found


async def test_a_new_name_shows_after_a_while_on_every_node(database: Database) -> None:
    watch = Watch()
    people = People(watch)
    assert await name(people, database) == "Sam"
    await database.transaction(rename)

    watch.seconds += REMEMBERED_SECONDS - 1
    assert await name(people, database) == "Sam"
    remembered = people.remembered("sam")
    assert remembered is not None
    assert remembered["name"] == "Sam"
    watch.seconds += 1
    assert people.remembered("sam") is None
    assert await name(people, database) == "Samuel"


async def test_the_node_that_is_told_shows_it_at_once(database: Database) -> None:
    people = People(Watch())
    assert await name(people, database) == "Sam"
    await database.transaction(rename)

    people.forget("sam")

    assert await name(people, database) == "Samuel"


async def test_nobody_known_is_shown_by_their_id(database: Database) -> None:
    people = People(Watch())

    assert await name(people, database, "nobody") == "nobody"
    assert people.remembered("nobody") is None, "they may be told of any moment"
