"""Groups of changes: together if they can be, each alone if one of them cannot be written."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from domain.errors import Unavailable
from realtime.delivery.recorder import Recorder
from realtime.delivery.succession import Succession
from realtime.ids import new_id
from storage.deliveries import Claim, Status
from storage.engine import Database
from storage.tables import deliveries
from tests.support.clock import NOON
from tests.support.queue import Queue, a_change, a_delivery


class Watched:
    """A database that counts transactions, and is away for the first few."""

    def __init__(self, database: Database, *, away: int = 0) -> None:
        self._database = database
        self.away = away
        self.transactions = 0

    async def transaction(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Run it, or be away."""
        self.transactions += 1
        if self.away:
            self.away -= 1
            raise Unavailable("the database does not answer; try again")
        return await self._database.transaction(work)


def a_recorder(database: Watched, *, give_up: float = 30.0) -> Recorder:
    return Recorder(
        database=database,  # type: ignore[arg-type]
        give_up=give_up,
        succession=Succession(new_id=new_id),
        patience=0.001,
    )


@pytest.fixture
async def claims(database: Database) -> list[Claim]:
    queue = Queue(database)
    await queue.plan(*(a_delivery(id=f"d{n}") for n in range(5)))
    return sorted(await queue.claim(), key=lambda claim: claim.id)


async def statuses(database: Database) -> list[str]:
    return [(await Queue(database).row(f"d{n}")).status for n in range(5)]


async def test_what_ends_at_one_time_shares_a_commit(
    database: Database, claims: list[Claim]
) -> None:
    watched = Watched(database)
    recorder = a_recorder(watched)
    written = await asyncio.gather(*(recorder.write(a_change(claim)) for claim in claims))
    assert written == [True] * 5
    assert watched.transactions == 1
    assert await statuses(database) == [Status.ACCEPTED] * 5


async def test_who_lost_the_lease_is_told(database: Database, claims: list[Claim]) -> None:
    recorder = a_recorder(Watched(database))
    assert await recorder.write(a_change(claims[0]))
    assert not await recorder.write(a_change(claims[0]))


async def test_nobody_joins_who_lost_the_lease(database: Database) -> None:
    """Another worker has it by now, and may be telling it alone."""
    queue = Queue(database)
    await queue.plan(*(a_delivery(id=f"d{n}") for n in range(3)))
    claims = sorted(await queue.claim(), key=lambda claim: claim.id)
    lost = deliveries.update().where(deliveries.c.id == "d0").values(lease_token="another")
    await database.transaction(lambda tx: tx.connection.execute(lost))
    later = NOON + timedelta(hours=1)
    held: dict[str, Any] = {"status": Status.SCHEDULED, "reason": "quiet_hours"}
    held |= {"due_at": later, "ready_at": later, "goes_with": "quiet_hours", "attempt": None}
    recorder = a_recorder(Watched(database))
    written = await asyncio.gather(*(recorder.write(a_change(claim, **held)) for claim in claims))
    assert written == [False, True, True]
    rows = [await queue.row(f"d{n}") for n in range(3)]
    assert [(row.status, row.joined_to) for row in rows] == [
        (Status.LEASED, None),
        (Status.SCHEDULED, None),
        (Status.SKIPPED, "d1"),
    ]


async def test_what_cannot_be_written_fails_alone(database: Database, claims: list[Claim]) -> None:
    """Its attempt is there already, say; its group goes on without it."""
    recorder = a_recorder(Watched(database))
    bad = a_change(claims[2])
    await recorder.write(a_change(claims[2], status=Status.LEASED, keeps_lease=True, line=None))
    changes = [bad if claim is claims[2] else a_change(claim) for claim in claims]
    written = await asyncio.gather(
        *(recorder.write(change) for change in changes), return_exceptions=True
    )
    assert isinstance(written.pop(2), IntegrityError)
    assert written == [True] * 4
    assert (await statuses(database))[2] == Status.LEASED


async def test_a_database_that_is_away_is_waited_for(
    database: Database, claims: list[Claim]
) -> None:
    """What was accepted outside should not go out again because it could not be written down."""
    watched = Watched(database, away=3)
    assert await a_recorder(watched).write(a_change(claims[0]))
    assert watched.transactions == 4


async def test_but_not_beyond_what_a_lease_lasts(database: Database, claims: list[Claim]) -> None:
    recorder = a_recorder(Watched(database, away=10**9), give_up=0.02)
    with pytest.raises(Unavailable):
        await recorder.write(a_change(claims[0]))


async def test_whoever_waits_when_it_closes_is_let_go(
    database: Database, claims: list[Claim]
) -> None:
    watched = Watched(database, away=10**9)
    recorder = a_recorder(watched)
    waiting = [asyncio.create_task(recorder.write(a_change(claim))) for claim in claims]
    await asyncio.sleep(0)
    await recorder.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
    await recorder.close()
