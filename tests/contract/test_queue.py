"""The queue, on SQLite and PostgreSQL alike: who gets what, and in which order."""

import asyncio
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from realtime.delivery.reasons import Reason
from realtime.delivery.worker import LANES
from storage import deliveries, ledger, pauses, queue_states
from storage.deliveries import CROWD, Priority, Status
from storage.engine import Database, Transaction
from tests.support.clock import NOON
from tests.support.queue import EVERY, LEASE, Queue, a_change, a_delivery

SECOND = timedelta(seconds=1)


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)


async def test_what_is_due_is_claimed_once(queue: Queue) -> None:
    [due] = await queue.plan(a_delivery())
    await queue.plan(a_delivery(due_at=NOON + SECOND), a_delivery(channel="email"))
    assert [claim.id for claim in await queue.claim()] == [due]
    assert await queue.claim(token="b") == []


async def test_a_claim_brings_all_that_the_worker_must_know(queue: Queue) -> None:
    row = a_delivery(
        category="service", order_id="o1", attempts=2, uncertain=True, reason="timeout"
    )
    await queue.plan(row)
    [claim] = await queue.claim(token="mine")
    given = {name: getattr(claim, name) for name in row if hasattr(claim, name)}
    assert given == {name: row[name] for name in given}
    assert claim.token == "mine"


async def test_a_lease_that_ran_out_is_claimed_like_a_due_row_and_counted(queue: Queue) -> None:
    await queue.plan(a_delivery())
    [first] = await queue.claim(token="a")
    assert await queue.claim(token="b", now=NOON + LEASE - SECOND) == []
    [second] = await queue.claim(token="b", now=NOON + LEASE)
    assert (second.id, first.crashes, second.crashes) == (first.id, 0, 1)


async def test_only_the_first_crash_is_counted_by_who_claims(queue: Queue) -> None:
    """From then on it is counted by whoever handles it, so that bystanders are not."""
    await queue.plan(a_delivery())
    for times in range(4):
        [claim] = await queue.claim(token=str(times), now=NOON + times * LEASE)
        assert claim.crashes == min(times, 1)


async def test_an_attempt_that_had_begun_is_told_to_who_comes_next(queue: Queue) -> None:
    await queue.plan(a_delivery())
    [claim] = await queue.claim()
    began = NOON + SECOND
    begun = a_change(
        claim,
        status=Status.LEASED,
        ready_at=NOON + LEASE,
        sending=True,
        keeps_lease=True,
        at=began,
        line=None,
        attempt=None,
    )
    assert await queue.record(begun) == {claim.id}
    [again] = await queue.claim(token="b", now=NOON + LEASE)
    assert (again.sending, again.attempts, again.updated_at) == (True, 1, began)


async def test_the_token_of_a_lost_lease_changes_nothing(queue: Queue) -> None:
    """Neither the row nor the ledger, nor may it renew."""
    await queue.plan(a_delivery())
    [slept] = await queue.claim(token="a")
    [holder] = await queue.claim(token="b", now=NOON + LEASE)
    assert await queue.record(a_change(slept)) == set()
    assert await queue.renew([slept], NOON + 9 * LEASE) == set()
    row = await queue.row(slept.id)
    assert (row.status, row.lease_token) == (Status.LEASED, "b")
    assert await queue.record(a_change(holder)) == {holder.id}
    async with queue.database.reading() as connection:
        lines = await ledger.of_notification(connection, 0, holder.notification_id)
        tries = await ledger.attempts_of(connection, 0, holder.notification_id)
    assert ([line.decision for line in lines], [t.n for t in tries]) == (["accepted"], [1])


async def test_an_end_is_final(queue: Queue) -> None:
    await queue.plan(a_delivery())
    [claim] = await queue.claim()
    await queue.record(a_change(claim))
    assert await queue.record(a_change(claim, status=Status.DEAD)) == set()
    assert await queue.claim(now=NOON + 9 * LEASE) == []
    assert (await queue.row(claim.id)).status == Status.ACCEPTED


async def test_changes_of_one_group_are_each_their_own(queue: Queue) -> None:
    await queue.plan(*(a_delivery(id=f"d{n}") for n in range(3)))
    one, two, three = sorted(await queue.claim(), key=lambda claim: claim.id)
    later = NOON + timedelta(minutes=5, milliseconds=7)
    written = await queue.record(
        a_change(one),
        a_change(two, status=Status.SCHEDULED, due_at=later, ready_at=later, crashes=2),
        a_change(three, status=Status.DEAD, reason="poison", line=None, attempt=None),
    )
    assert written == {"d0", "d1", "d2"}
    rows = [await queue.row(id_) for id_ in ("d0", "d1", "d2")]
    assert [(row.status, row.ready_at, row.crashes, row.lease_token) for row in rows] == [
        (Status.ACCEPTED, None, 0, None),
        (Status.SCHEDULED, later, 2, None),
        (Status.DEAD, None, 0, None),
    ]
    assert await queue.next_ready() == later


async def test_renewed_leases_hold_for_longer(queue: Queue) -> None:
    await queue.plan(a_delivery(), a_delivery())
    claims = await queue.claim()
    ids = {claim.id for claim in claims}
    assert await queue.renew(claims, NOON + 2 * LEASE) == ids
    assert await queue.claim(token="b", now=NOON + LEASE) == []
    assert {c.id for c in await queue.claim(token="b", now=NOON + 2 * LEASE)} == ids


async def test_two_workers_never_hold_one_row(queue: Queue) -> None:
    """However their claims fall together; and none is left."""
    await queue.plan(*(a_delivery(id=f"d{n}", account_id=f"a{n}") for n in range(60)))

    async def worker(name: str) -> list[str]:
        taken = []
        while claims := await queue.claim(7, token=name):
            taken += [claim.id for claim in claims]
        return taken

    taken = await asyncio.gather(*(worker(f"w{n}") for n in range(4)))
    counts = Counter(id_ for ids in taken for id_ in ids)
    late = await queue.claim(60, token="late")
    counts.update(claim.id for claim in late)
    assert counts == Counter(f"d{n}" for n in range(60))


async def test_a_claim_takes_no_more_than_its_limit(queue: Queue) -> None:
    await queue.plan(*(a_delivery(priority=priority) for priority in EVERY for _ in range(5)))
    assert [len(await queue.claim(7, token=str(n))) for n in range(5)] == [7, 7, 7, 7, 2]


async def test_a_new_order_goes_before_all_else(queue: Queue) -> None:
    await queue.plan(*(a_delivery(due_at=NOON - n * SECOND) for n in range(9)))
    [order] = await queue.plan(a_delivery(priority=Priority.FIRST))
    assert [claim.id for claim in await queue.claim(1)] == [order]


async def test_the_longest_due_goes_first(queue: Queue) -> None:
    late, early = await queue.plan(a_delivery(), a_delivery(due_at=NOON - SECOND))
    assert [claim.id for claim in await queue.claim(1)] == [early]
    assert [claim.id for claim in await queue.claim(1)] == [late]


@pytest.mark.parametrize(
    ("firsts", "agains", "expected"),
    [
        (20, 20, {"first": 5, "again": 5}),
        (2, 20, {"first": 2, "again": 8}),
        (20, 3, {"first": 7, "again": 3}),
        (0, 20, {"again": 10}),
        (20, 0, {"first": 10}),
    ],
)
async def test_first_attempts_get_half_of_a_claim_and_what_the_others_leave(
    queue: Queue, firsts: int, agains: int, expected: dict[str, int]
) -> None:
    """However long those that failed before have been due."""
    early = NOON - timedelta(hours=1)
    rows = [a_delivery(category="first") for _ in range(firsts)]
    rows += [
        a_delivery(category="again", priority=Priority.AGAIN, due_at=early) for _ in range(agains)
    ]
    await queue.plan(*rows)
    assert Counter(claim.category for claim in await queue.claim(10)) == expected


async def test_a_lane_is_claimed_by_itself(queue: Queue) -> None:
    await queue.plan(a_delivery(priority=Priority.FIRST), a_delivery(priority=Priority.AGAIN_FIRST))
    rest = (Priority.NORMAL, Priority.CROWD, Priority.AGAIN)
    orders = (Priority.FIRST, Priority.AGAIN_FIRST)
    assert await queue.claim(priorities=rest) == []
    assert await queue.next_ready(rest) is None
    assert len(await queue.claim(priorities=orders)) == 2


@pytest.mark.parametrize("channel", ["push", "email"])
def test_each_delivery_of_an_account_is_in_one_lane(channel: str) -> None:
    lanes = [lane for lane in LANES if lane.channel == channel]
    assert sorted(each for lane in lanes for each in lane.priorities) == sorted(Priority)


def test_what_waits_for_others_is_a_digest_then_and_ever_after() -> None:
    for priority in Priority:
        gathering = priority.gathering()
        new_order = priority in (Priority.FIRST, Priority.AGAIN_FIRST)
        assert gathering is (priority if new_order else Priority.DIGEST)
        assert gathering.again() is (Priority.AGAIN_FIRST if new_order else Priority.DIGEST)


async def test_a_cause_alerts_once_on_each_target(queue: Queue) -> None:
    await queue.plan(a_delivery(id="d1", cause="order:1"))
    await queue.plan(
        a_delivery(id="d2", cause="order:1"),
        a_delivery(id="d3", cause="order:1", target="phone"),
        a_delivery(id="d4", cause="order:1", account_id="buyer"),
        a_delivery(id="d5", cause="order:2"),
    )
    assert {claim.id for claim in await queue.claim()} == {"d1", "d3", "d4", "d5"}


async def test_an_account_is_a_crowd_when_many_of_its_alerts_wait(queue: Queue) -> None:
    async def crowded(account_id: str, channel: str = "push") -> bool:
        async with queue.database.reading() as connection:
            return await deliveries.crowded(
                connection, bucket=0, account_id=account_id, channel=channel, until=NOON
            )

    later = [a_delivery(account_id="patient", due_at=NOON + SECOND) for _ in range(CROWD)]
    await queue.plan(*later, *(a_delivery(account_id="loud") for _ in range(CROWD - 1)))
    assert not await crowded("loud")
    await queue.plan(a_delivery(account_id="loud"))
    assert await crowded("loud")
    assert not await crowded("loud", "email")
    assert not await crowded("patient")
    await queue.record(*(a_change(claim) for claim in await queue.claim(2)))
    assert not await crowded("loud")


async def test_the_next_moment_is_that_of_the_earliest_row_or_lease(queue: Queue) -> None:
    assert await queue.next_ready() is None
    await queue.plan(a_delivery(due_at=NOON + timedelta(hours=1)), a_delivery())
    assert await queue.next_ready() == NOON
    await queue.claim()
    assert await queue.next_ready() == NOON + LEASE


async def test_what_waits_for_a_reason_can_be_hurried(queue: Queue) -> None:
    later = NOON + timedelta(minutes=5)
    [waits, _] = await queue.plan(
        a_delivery(channel="email", due_at=later, reason=Reason.NO_RELAY),
        a_delivery(channel="email", due_at=later, reason=Reason.TRY_LATER),
    )
    await queue.database.transaction(
        lambda tx: deliveries.hurry(
            tx.connection, bucket=0, channel="email", reason=Reason.NO_RELAY, now=NOON
        )
    )
    assert [claim.id for claim in await queue.claim(channel="email")] == [waits]


async def test_the_figures_tell_how_deep_the_queue_is(queue: Queue) -> None:
    old = NOON - timedelta(minutes=3)
    await queue.plan(
        a_delivery(due_at=NOON - SECOND),
        a_delivery(due_at=old),
        a_delivery(due_at=NOON + SECOND),
        a_delivery(channel="email", attempts=1, due_at=NOON + SECOND, priority=Priority.AGAIN),
        a_delivery(channel="email", category="service", status=Status.DEAD, ready_at=None),
        a_delivery(channel="email", category="service", status=Status.UNCERTAIN, ready_at=None),
        a_delivery(channel="email", status=Status.ACCEPTED, ready_at=None),
    )
    await queue.plan(a_delivery(priority=Priority.FIRST, due_at=old - SECOND))
    await queue.claim(1)
    async with queue.database.reading() as connection:
        rows = await queue_states.depths(connection, NOON)
        oldest = await deliveries.oldest_ready(connection, 0)
    assert {tuple(row) for row in rows} == {
        ("push", "new_order", "due", 2, old, 0),
        ("push", "new_order", "scheduled", 1, None, 0),
        ("push", "new_order", "sending", 1, None, 0),
        ("email", "new_order", "retrying", 1, None, 0),
        ("email", "service", "dead", 1, None, 0),
        ("email", "service", "uncertain", 1, None, 0),
    }
    assert oldest == old


async def test_nothing_is_claimed_of_a_channel_that_is_paused(queue: Queue) -> None:
    """Nor is it looked for; the others go on, and so does it when it is let."""
    [push] = await queue.plan(a_delivery())
    [mail] = await queue.plan(a_delivery(channel="email"))
    why = {"channel": "push", "paused_at": NOON, "paused_by": "olga", "why": "keys are changed"}

    async def pause(tx: Transaction) -> list[bool]:
        return [await pauses.pause(tx.connection, why) for _ in range(2)]

    assert await queue.database.transaction(pause) == [True, False]
    assert await queue.claim() == []
    assert await queue.next_ready() is None
    assert [claim.id for claim in await queue.claim(channel="email")] == [mail]
    async with queue.database.reading() as connection:
        assert [(row.channel, row.why) for row in await pauses.paused(connection)] == [
            ("push", "keys are changed")
        ]
    resume = partial(_resume, "push")
    assert [await queue.database.transaction(resume) for _ in range(2)] == [True, False]
    assert [claim.id for claim in await queue.claim()] == [push]


async def _resume(channel: str, tx: Transaction) -> bool:
    return await pauses.resume(tx.connection, channel)
