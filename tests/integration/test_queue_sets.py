"""What operators do to many deliveries at once: counted first, then exactly those."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.identity import Identity
from domain.queue import DeliveryState, Filter
from realtime.delivery.backoff import LIFETIMES
from realtime.ids import new_id
from realtime.services.auditing import Audit
from realtime.services.replaying import MOST_PER_SECOND, Replays
from storage import frozen_sets
from storage.deliveries import WEBHOOK, Status
from storage.engine import Database, Transaction
from storage.queue_states import COUNTED
from storage.rows import fetch_all
from storage.tables import deliveries, frozen_deliveries
from tests.support.clock import NOON
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR, Marketplace
from tests.support.operators import DEAD, DELIVERIES, noted, told, wrong
from tests.support.queue import Queue, a_delivery

OTTO = Identity("otto", OPERATOR.role)


@pytest.fixture
def queue(api: HttpApi) -> Queue:
    return Queue(api.market.database)


# --- by filter ------------------------------------------------------------------------------------


async def test_what_goes_to_a_webhook_is_found_by_what_it_is_listed_for(
    api: HttpApi, queue: Queue
) -> None:
    to_it = {"account_id": "webhook:w1", "channel": WEBHOOK, "category": WEBHOOK}
    await queue.plan(a_delivery(id="d1", **to_it, **DEAD), a_delivery(**DEAD))
    [listed] = (await told(api, "GET", DELIVERIES, params={"account": "webhook:w1"}))["items"]
    assert (listed["id"], listed["account"]) == ("d1", "webhook:w1")
    counted = await told(api, "POST", f"{DELIVERIES}/retry", json={"account": listed["account"]})
    assert counted["count"] == 1


async def test_a_filter_is_counted_first_and_exactly_what_it_counted_goes_out(
    api: HttpApi, queue: Queue
) -> None:
    chosen = [f"d{n}" for n in range(3)]
    await queue.plan(
        *(a_delivery(id=id_, channel="email", **DEAD) for id_ in chosen),
        a_delivery(id="of-push", **DEAD),
        a_delivery(id="unsure", channel="email", status=Status.UNCERTAIN, ready_at=None),
    )
    counted = await told(
        api, "POST", f"{DELIVERIES}/retry", json={"channel": "email", "dry_run": True}
    )
    assert (counted["count"], counted["state"], counted["more"], counted["done"]) == (
        3,
        "counted",
        False,
        0,
    )
    assert counted["filter"] == {"status": "dead", "channel": "email"}
    await queue.plan(a_delivery(id="late", channel="email", **DEAD))
    await told(api, "POST", f"{DELIVERIES}/d0/discard")
    assert await queue.claim(channel="email") == [], "nothing is done yet"

    done = await told(
        api, "POST", f"{DELIVERIES}/retry", json={"set": counted["id"], "per_second": 2}
    )

    assert (done["state"], done["count"], done["done"], done["per_second"]) == ("done", 3, 2, 2)
    assert (done["created_by"], done["started_by"]) == ("olga", "olga")
    turns = {id_: (await queue.row(id_)).due_at - NOON for id_ in ("d1", "d2")}
    assert turns == {"d1": timedelta(seconds=0.5), "d2": timedelta(seconds=1)}
    statuses = [(await queue.row(id_)).status for id_ in ("d0", "of-push", "unsure", "late")]
    assert statuses == [Status.CANCELLED, Status.DEAD, Status.UNCERTAIN, Status.DEAD]
    about = f"set:{counted['id']}"
    assert set(await noted(api)) == {
        ("deliveries.retry.count", about),
        ("delivery.discard", "delivery:d0"),
        ("deliveries.retry", about),
    }


async def test_a_set_is_carried_out_once_and_for_what_it_was_counted(
    api: HttpApi, queue: Queue
) -> None:
    await queue.plan(a_delivery(**DEAD), a_delivery())
    counted = await told(api, "POST", f"{DELIVERIES}/discard", json={"status": "due"})
    chosen = {"set": counted["id"]}
    assert await wrong(api, "POST", f"{DELIVERIES}/retry", json=chosen) == (404, "not_found", [])
    done = await told(api, "POST", f"{DELIVERIES}/discard", json=chosen)
    assert (done["done"], done["per_second"]) == (1, None)
    for _ in range(2):
        again = await wrong(api, "POST", f"{DELIVERIES}/discard", json=chosen)
        assert again == (409, "set_started", [])
    page = await told(api, "GET", DELIVERIES)
    assert sorted(each["status"] for each in page["items"]) == ["cancelled", "dead"]


async def test_what_is_wrong_with_a_replay_is_told_by_its_name(api: HttpApi) -> None:
    cases: Sequence[tuple[Mapping[str, Any], str]] = [
        ({"dry_run": False}, "set"),
        ({"set": "s", "dry_run": True}, "dry_run"),
        ({"set": "s", "channel": "email"}, "channel"),
        ({"set": "s", "status": "dead"}, "status"),
        ({"status": "accepted"}, "status"),
        ({"status": "sending"}, "status"),
        ({"per_second": 5}, "per_second"),
        ({"set": "s", "per_second": 0}, "per_second"),
        ({"set": "s", "per_second": MOST_PER_SECOND + 1}, "per_second"),
        ({"colour": "red"}, "colour"),
    ]
    for body, path in cases:
        refused = await wrong(api, "POST", f"{DELIVERIES}/retry", json=body)
        assert refused == (400, "invalid", [path])
    assert await noted(api) == []


async def test_two_operators_replay_the_same_and_each_goes_out_once(
    api: HttpApi, queue: Queue
) -> None:
    """One set at the same moment, and two sets of the same deliveries."""
    ids = await queue.plan(*(a_delivery(**DEAD) for _ in range(20)))
    sets = [
        (await told(api, "POST", f"{DELIVERIES}/retry", json={}))["id"],
        (await told(api, "POST", f"{DELIVERIES}/retry", json={"channel": "push"}))["id"],
    ]

    async def carry_out(who: Identity, set_id: str) -> int:
        body = {"set": set_id, "per_second": 100}
        return (await api.call(who, "POST", f"{DELIVERIES}/retry", json=body)).status_code

    codes = await asyncio.gather(
        *(carry_out(who, set_id) for set_id in sets for who in (OPERATOR, OTTO))
    )

    assert sorted(codes) == [200, 200, 409, 409]
    for id_ in ids:
        shown = await told(api, "GET", f"{DELIVERIES}/{id_}")
        assert [line["reason"] for line in shown["ledger"]] == ["replayed"]
    async with api.market.database.reading() as connection:
        rows = [await frozen_sets.get(connection, set_id) for set_id in sets]
    assert sum(row.done for row in rows if row) == len(ids)


async def test_a_set_takes_no_more_than_it_may_and_says_so(
    database: Database,
) -> None:
    market, queue = Marketplace(database), Queue(database)
    replays = few(market, most=3)
    await queue.plan(*(a_delivery(id=f"d{n}", **DEAD) for n in range(4)))
    chosen = Filter(state=DeliveryState.DEAD)
    counted = await replays.freeze(OPERATOR, "discard", chosen)
    assert (counted["count"], counted["more"]) == (3, True)
    await replays.carry_out(OPERATOR, "discard", counted["id"], 1)
    counted = await replays.freeze(OPERATOR, "discard", chosen)
    assert (counted["count"], counted["more"]) == (1, False)


async def test_a_set_whose_process_ended_on_the_way_is_finished_by_another(
    database: Database,
) -> None:
    """What was done is not done again, and what went with the process is done by its turn."""
    market, queue = Marketplace(database), Queue(database)
    replays = few(market)
    await queue.plan(*(a_delivery(id=f"d{n}", **DEAD) for n in range(4)))
    counted = await replays.freeze(OPERATOR, "retry", Filter(state=DeliveryState.DEAD))
    started = {"state": "running", "started_at": NOON, "per_second": 1, "started_by": "olga"}

    async def begin(tx: Transaction) -> None:
        await frozen_sets.change(tx.connection, counted["id"], started, state="counted")
        await frozen_sets.take(tx.connection, 0, counted["id"], 2)

    await database.transaction(begin)
    market.clock.advance(timedelta(seconds=2.5))
    assert await replays.finish_what_was_begun() == 1
    assert await replays.finish_what_was_begun() == 0
    waits = {f"d{n}": (await queue.row(f"d{n}")).ready_at for n in range(4)}
    assert waits == {
        "d0": None,
        "d1": None,
        "d2": NOON + timedelta(seconds=2.5),
        "d3": NOON + timedelta(seconds=3),
    }


def few(market: Marketplace, most: int = 100) -> Replays:
    """Make what replays no more than a few at a time."""
    return Replays(
        database=market.database,
        audit=Audit(database=market.database, clock=market.clock, new_id=new_id),
        clock=market.clock,
        new_id=new_id,
        lifetimes=LIFETIMES,
        most=most,
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["push", "email", WEBHOOK]),
        st.sampled_from(
            [
                Status.SCHEDULED,
                Status.LEASED,
                Status.ACCEPTED,
                Status.CANCELLED,
                Status.EXPIRED,
                Status.UNCERTAIN,
                Status.DEAD,
            ]
        ),
        st.integers(0, 1),
        st.integers(-1, 1),
    ),
    max_size=12,
)


def modelled(status: Status, attempts: int, due: int) -> str:
    """Say by the plainest words there are how a delivery stands."""
    if status is Status.LEASED:
        return "sending"
    if status is not Status.SCHEDULED:
        return str(status)
    if attempts:
        return "retrying"
    return "due" if due <= 0 else "scheduled"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS, state=st.sampled_from(list(DeliveryState)), channel=st.sampled_from(["push", None])
)
async def test_figures_list_and_sets_agree_with_a_plain_model(
    database: Database, rows: Sequence[Any], state: DeliveryState, channel: str | None
) -> None:
    market, queue = Marketplace(database), Queue(database)
    await empty(database)
    made = []
    for number, (of_channel, status, attempts, due) in enumerate(rows):
        due_at = NOON + timedelta(minutes=due)
        open_ = status in (Status.SCHEDULED, Status.LEASED)
        row = a_delivery(
            id=f"d{number:02}",
            channel=of_channel,
            status=status,
            attempts=attempts,
            due_at=due_at,
            ready_at=due_at if open_ else None,
        )
        made.append((row["id"], of_channel, modelled(status, attempts, due)))
        await queue.plan(row)
    expected = [
        id_ for id_, of_channel, stands in made if stands == state and channel in (None, of_channel)
    ]

    chosen = Filter(state=state, channel=channel)
    page = await market.queue.page(chosen, after=None, limit=200)
    figures = await market.queue.figures()
    counted = await few(market).freeze(OPERATOR, "discard", chosen)

    assert [each["id"] for each in page["items"]] == expected[::-1]
    assert counted["count"] == len(expected)
    if state in COUNTED:
        counts = [each for each in figures["items"] if channel in (None, each["channel"])]
        assert sum(dict(each)[state.value] for each in counts) == len(expected)  # type: ignore[misc] # a number


async def empty(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        for table in (deliveries, frozen_deliveries):
            await tx.connection.execute(table.delete())

    await database.transaction(work)


async def test_a_set_that_nobody_carried_out_is_forgotten_after_a_day(database: Database) -> None:
    market, queue = Marketplace(database), Queue(database)
    await queue.plan(a_delivery(**DEAD))
    await few(market).freeze(OPERATOR, "retry", Filter(state=DeliveryState.DEAD))
    counted = timedelta(days=30)

    async def dropped(tx: Transaction) -> tuple[int, int]:
        before = market.clock.now() + counted
        return (
            await frozen_sets.count_old(tx.connection, before),
            await frozen_sets.drop_old(tx.connection, 0, before, 10),
        )

    assert await database.transaction(dropped) == (1, 1)
    async with database.reading() as connection:
        assert await fetch_all(connection, frozen_deliveries.select()) == []
