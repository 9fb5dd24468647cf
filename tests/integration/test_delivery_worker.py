"""The worker itself: bells, leases, crashes, lanes, and a clean end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Unavailable
from domain.preferences import Channel
from realtime.clock import SystemClock
from realtime.delivery.lane import Lane, Pace
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.delivery.worker import LANES, Worker
from realtime.ids import new_id
from storage.deliveries import CROWD, Priority, Status
from storage.engine import Database
from storage.rows import Record
from tests.support.carriers import TAKEN, ToldCarrier
from tests.support.delivery_world import World, a_world
from tests.support.eventually import eventually

LEASE = timedelta(seconds=30)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        await made.people(email=None)
        yield made


@pytest.fixture
def told() -> ToldCarrier:
    return ToldCarrier()


async def order_to_a_phone(world: World, **order: Any) -> Record:
    """Place an order; return the push that it causes."""
    await world.device(await world.marketplace.account("sam", email=None), "phone")
    await world.marketplace.order(**order)
    [push] = [row for row in await world.deliveries() if row.channel == "push"]
    return push


async def push_of(world: World) -> Record:
    [push] = [row for row in await world.deliveries() if row.channel == "push"]
    return push


async def test_it_looks_by_itself_when_nobody_rings(world: World, told: ToldCarrier) -> None:
    """The bell is for speed; the queue is the table."""
    await order_to_a_phone(world)
    quiet = Worker(
        database=world.database,
        carriers={Channel.PUSH: told},
        clock=world.clock,
        new_id=new_id,
        pace=Pace(poll=0.02),
    )
    running = asyncio.create_task(quiet.run())
    await eventually(lambda: len(told.carried) == 1)
    await world.marketplace.order()
    await eventually(lambda: len(told.carried) == 2)
    await quiet.stop()
    await running


async def test_it_knows_when_the_next_one_is_due(world: World, told: ToldCarrier) -> None:
    """Without a bell, and long before it would look by itself."""
    told.outcomes.append(Outcome(result=Result.RETRY, reason=Reason.TRY_LATER))
    worker = Worker(
        database=world.database,
        carriers={Channel.PUSH: told},
        clock=SystemClock(),
        new_id=new_id,
        pace=Pace(poll=3_600.0),
        random=lambda: 0.02,  # 0.1 s to the next attempt
    )
    world.clock.advance(SystemClock().now() - world.clock.now())
    await order_to_a_phone(world)
    running = asyncio.create_task(worker.run())
    await eventually(lambda: len(told.carried) == 2)
    await worker.stop()
    await running


async def test_what_is_under_way_when_it_stops_is_finished(world: World, told: ToldCarrier) -> None:
    told.door.clear()
    async with world.worker({Channel.PUSH: told}) as worker:
        await order_to_a_phone(world)
        await eventually(lambda: len(told.began) == 1)
        stopping = asyncio.create_task(worker.stop())
        told.door.set()
        await stopping
    assert (await push_of(world)).status == Status.ACCEPTED


class Held:
    """A database whose readers wait at the door."""

    def __init__(self, database: Database) -> None:
        self.door = asyncio.Event()
        self.transaction = database.transaction
        self._database = database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Wait, and read."""
        await self.door.wait()
        async with self._database.reading() as connection:
            yield connection


def a_held_worker(world: World, held: Held, told: ToldCarrier) -> Worker:
    """Make a worker that claims, and then does not come to look at what it claimed."""
    return Worker(
        database=held,  # type: ignore[arg-type]  # as much of one as it uses
        carriers={Channel.PUSH: told},
        clock=world.clock,
        new_id=new_id,
        pace=Pace(poll=3_600.0),
    )


async def leased(world: World) -> Record:
    """Wait until somebody has the push."""
    async with asyncio.timeout(10):
        while (push := await push_of(world)).status != Status.LEASED:
            pass
    return push


async def test_what_was_claimed_and_not_begun_is_given_back(
    world: World, told: ToldCarrier
) -> None:
    """As if it had never been taken: no attempt, no crash, due as before."""
    before = await order_to_a_phone(world)
    held = Held(world.database)
    worker = a_held_worker(world, held, told)
    running = asyncio.create_task(worker.run())
    await leased(world)
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    held.door.set()
    await stopping
    await running
    assert tuple(await push_of(world)) == tuple(before)
    assert told.began == []


async def test_whoever_slept_before_it_sent_sends_nothing(world: World, told: ToldCarrier) -> None:
    await order_to_a_phone(world)
    held = Held(world.database)
    worker = a_held_worker(world, held, told)
    running = asyncio.create_task(worker.run())
    await leased(world)
    world.clock.advance(LEASE)
    other = ToldCarrier()
    async with world.worker({Channel.PUSH: other}):
        await world.decisions(1)
    held.door.set()
    await worker.stop()
    await running
    assert (len(other.carried), told.began) == (1, [])


async def test_what_does_not_end_in_time_is_left_to_its_lease(
    world: World, told: ToldCarrier
) -> None:
    told.door.clear()
    async with world.worker({Channel.PUSH: told}, Pace(grace=0.05)) as worker:
        await order_to_a_phone(world)
        await eventually(lambda: len(told.began) == 1)
        await worker.stop()
    left = await push_of(world)
    assert (left.status, left.sending, left.attempts) == (Status.LEASED, True, 1)
    told.door.set()
    world.clock.advance(LEASE)
    async with world.worker({Channel.PUSH: told}):
        await world.decisions(1)
    assert (await push_of(world)).status == Status.ACCEPTED


async def test_a_worker_that_never_ran_stops_at_once(world: World) -> None:
    worker = Worker(database=world.database, carriers={}, clock=world.clock, new_id=new_id)
    await worker.stop()
    await worker.run()


async def test_one_that_is_cancelled_leaves_nothing_behind(world: World, told: ToldCarrier) -> None:
    told.door.clear()
    await order_to_a_phone(world)
    worker = Worker(
        database=world.database, carriers={Channel.PUSH: told}, clock=world.clock, new_id=new_id
    )
    running = asyncio.create_task(worker.run())
    await eventually(lambda: len(told.began) == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(asyncio.all_tasks()) == 1


async def test_a_worker_that_slept_through_its_lease_changes_nothing(world: World) -> None:
    """The push went out twice, and its tag folds it; the ledger tells one."""
    sleeper, other = ToldCarrier(), ToldCarrier()
    sleeper.door.clear()
    # With one hand, which is full: it does not take back what it lost.
    orders = Lane(name="push", channel=Channel.PUSH, priorities=tuple(Priority), at_once=1)
    async with world.worker({Channel.PUSH: sleeper}, lanes=(orders,)):
        await order_to_a_phone(world)
        await eventually(lambda: len(sleeper.began) == 1)
        world.clock.advance(LEASE)
        async with world.worker({Channel.PUSH: other}):
            assert await world.decisions(1) == [("push", "accepted", "sent")]
        sleeper.door.set()
        await eventually(lambda: len(sleeper.carried) == 1)
    assert len(world.decided) == 1
    push = await push_of(world)
    assert (push.status, push.attempts) == (Status.ACCEPTED, 2)
    tries = await world.attempts(push.notification_id)
    assert [(each.n, each.reason) for each in tries] == [(1, "worker_lost"), (2, "sent")]


async def test_leases_are_renewed_while_something_takes_long(
    world: World, told: ToldCarrier
) -> None:
    told.door.clear()
    pace = Pace(lease=0.3)
    async with world.worker({Channel.PUSH: told}, pace):
        await order_to_a_phone(world)
        await eventually(lambda: len(told.began) == 1)
        world.clock.advance(timedelta(seconds=0.2))
        until = world.clock.now() + timedelta(seconds=pace.lease)
        async with asyncio.timeout(10):
            while (await push_of(world)).ready_at != until:
                pass
        told.door.set()
        assert await world.decisions(1) == [("push", "accepted", "sent")]


async def test_what_crashes_three_times_is_poison_and_holds_up_nobody(
    world: World, told: ToldCarrier
) -> None:
    def explode(moment: Any) -> None:
        if moment.claim.order_id == "bad":
            raise ZeroDivisionError

    told.before_packing = explode
    async with world.worker({Channel.PUSH: told}) as worker:
        await order_to_a_phone(world, id="bad")
        for crashes in (1, 2, 3):
            await world.marketplace.order()
            assert len(await world.decisions(crashes)) == crashes
            world.clock.advance(LEASE)
            worker.wake()
        assert ("push", "dead", "poison") in await world.decisions(4)
    [bad] = [row for row in await world.deliveries() if row.order_id == "bad" and row.target]
    assert (bad.status, bad.attempts, bad.crashes) == (Status.DEAD, 0, 0)
    assert len(told.carried) == 3


async def test_a_carrier_that_fails_in_an_unknown_way_is_like_a_crash(world: World) -> None:
    told = ToldCarrier(ZeroDivisionError(), TAKEN)
    async with world.worker({Channel.PUSH: told}) as worker:
        await order_to_a_phone(world)
        await eventually(lambda: len(told.began) == 1)
        world.clock.advance(LEASE)
        worker.wake()
        await world.decisions(1)
    assert [
        each.reason for each in await world.attempts((await push_of(world)).notification_id)
    ] == [
        "worker_lost",
        "sent",
    ]


async def test_a_mail_in_the_hands_of_a_lost_worker_is_uncertain(world: World) -> None:
    """That of a service is left at that; that of a new order goes once more."""
    await world.marketplace.account("sam", email="sam@example.com")
    lost, told = ToldCarrier(), ToldCarrier()
    lost.door.clear()
    async with world.worker({Channel.EMAIL: lost}, Pace(grace=0.0)) as worker:
        await world.marketplace.order()
        await world.marketplace.service("sam", id="sam-site")
        await eventually(lambda: len(lost.began) == 2)
        await worker.stop()
    world.clock.advance(LEASE)
    async with world.worker({Channel.EMAIL: told}):
        assert await world.decisions(2) == [
            ("email", "accepted", "sent"),
            ("email", "uncertain", "worker_lost"),
        ]
    mails = {row.category: row for row in await world.deliveries() if row.channel == "email"}
    assert mails["new_order"].uncertain
    assert (mails["service"].status, mails["service"].attempts) == (Status.UNCERTAIN, 1)
    assert len(told.carried) == 1


async def test_one_lane_does_not_hold_up_another(world: World) -> None:
    await world.marketplace.account("sam", email="sam@example.com")
    stuck, told = ToldCarrier(), ToldCarrier()
    stuck.door.clear()
    async with world.worker({Channel.EMAIL: stuck, Channel.PUSH: told}):
        await world.device(await world.marketplace.account("sam"), "phone")
        for _ in range(3):
            await world.marketplace.order()
        await eventually(lambda: len(told.carried) == 3)
        stuck.door.set()
        await world.decisions(6)


async def test_a_lane_takes_no_more_at_once_than_it_may(world: World, told: ToldCarrier) -> None:
    told.door.clear()
    lanes = (Lane(name="push", channel=Channel.PUSH, priorities=tuple(Priority), at_once=2),)
    async with world.worker({Channel.PUSH: told}, lanes=lanes):
        await world.device(await world.marketplace.account("sam", email=None), "phone")
        for _ in range(5):
            await world.marketplace.order()
        await eventually(lambda: len(told.began) == 2)
        leased = [row for row in await world.deliveries() if row.status == Status.LEASED]
        assert len(leased) == 2
        told.door.set()
        await world.decisions(5)


async def test_a_flood_of_one_account_does_not_hold_up_the_others(
    world: World, told: ToldCarrier
) -> None:
    """One at a time goes out here: Bea's is not the last, though it came last."""
    await world.device(await world.marketplace.account("sam", email=None), "phone")
    for _ in range(3 * CROWD):
        await world.marketplace.order()
    await world.device(await world.marketplace.account("bea", email=None), "tablet")
    await world.marketplace.service("bea", id="bea-site")
    bea = next(row.id for row in await world.deliveries() if row.account_id == "bea" and row.target)
    lanes = (Lane(name="push", channel=Channel.PUSH, priorities=tuple(Priority), at_once=1),)
    async with world.worker({Channel.PUSH: told}, lanes=lanes):
        await world.decisions(3 * CROWD + 1)
    assert told.carried.index(bea) <= CROWD


async def test_a_channel_that_is_down_rests(world: World) -> None:
    """What waits is not taken out just to be put back."""
    down = Outcome(
        result=Result.PAUSED, reason=Reason.RELAYS_RESTING, retry_after=3_600.0, all_wait=True
    )
    told = ToldCarrier(down)
    await world.marketplace.account("sam", email="sam@example.com")
    async with world.worker({Channel.EMAIL: told}):
        await world.marketplace.order()
        assert await world.decisions(1) == [("email", "retried", "relays_resting")]
        await world.marketplace.order()
    assert len(told.began) == 1
    assert [row.attempts for row in await world.deliveries() if row.channel == "email"] == [0, 0]


async def test_a_database_that_was_away_is_waited_for(world: World, told: ToldCarrier) -> None:
    class Moody(Database):
        moods = 3

        async def transaction(self, work: Any) -> Any:
            if self.moods:
                Moody.moods -= 1
                raise Unavailable("the database does not answer; try again")
            return await world.database.transaction(work)

        def reading(self) -> Any:
            return world.database.reading()

    await order_to_a_phone(world)
    moody = Moody.__new__(Moody)
    worker = Worker(
        database=moody,
        carriers={Channel.PUSH: told},
        clock=world.clock,
        new_id=new_id,
        pace=Pace(poll=3_600.0, after_failure=0.01),
    )
    running = asyncio.create_task(worker.run())
    await eventually(lambda: len(told.carried) == 1)
    await worker.stop()
    await running
    assert (await push_of(world)).status == Status.ACCEPTED


def test_the_lanes_share_all_that_there_is() -> None:
    """Nothing falls between two of them, and nothing is in two."""
    for channel in Channel:
        lanes = [lane.priorities for lane in LANES if lane.channel is channel]
        assert sorted(priority for lane in lanes for priority in lane) == list(Priority)
