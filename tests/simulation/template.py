"""A file of the real storage with everybody in it, to be copied for each world."""

import asyncio
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from realtime.delivery.message_planner import MessagePlanner
from realtime.services.accounts import Accounts
from realtime.services.auditing import Audit
from realtime.services.conversations import Conversations
from realtime.services.people import People
from storage import contacts
from storage.engine import Database, Transaction
from storage.migrate import upgrade
from tests.simulation.grounds import EVERYBODY, thread_members
from tests.support.clock import NOON, StillClock


@cache
def template() -> Path:
    """Make it, once a process."""
    return Path(_folder().name) / "template.db"


@cache
def _folder() -> TemporaryDirectory[str]:
    """Keep it for as long as the process lives."""
    folder = TemporaryDirectory(prefix="orderwire-template-")
    asyncio.run(_furnish(f"sqlite+aiosqlite:///{folder.name}/template.db"))
    return folder


async def _furnish(url: str) -> None:
    await upgrade(url)
    database = Database.open(url)
    people, clock = People(lambda: 0.0), StillClock()
    accounts = Accounts(
        database=database, people=people, clock=clock, new_id=_no_id, new_epoch=_epoch
    )
    for account in sorted(EVERYBODY):
        await accounts.put(account, {"name": account, "locale": "en", "timezone": "UTC"})
    for thread, one, other in thread_members():
        conversations = Conversations(
            database=database,
            people=people,
            planner=MessagePlanner(clock=clock, new_id=_no_id),
            audit=Audit(database=database, clock=clock, new_id=_no_id),
            clock=clock,
            new_id=partial(str, thread),
            new_epoch=_epoch,
        )
        await database.transaction(partial(_meet, conversations, one, other))
    await database.close()


async def _meet(conversations: Conversations, one: str, other: str, tx: Transaction) -> None:
    """Have both been written to by the other, so that both may write."""
    await conversations.between(tx, one, other)
    await contacts.note_first_words(tx.connection, [(one, other), (other, one)], NOON)


def _no_id() -> str:
    raise AssertionError("an account brings its id")


def _epoch() -> str:
    return "e"
