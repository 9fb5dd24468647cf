"""Planned in the transaction of its cause: all of it, or nothing."""

from typing import Any

import pytest
from sqlalchemy import func, select

from domain.preferences import Category
from realtime.delivery.planner import Notice, Planner
from realtime.ids import new_id
from storage.deliveries import CROWD, DOORBELL, Priority
from storage.engine import Database, Transaction
from storage.rows import fetch_all
from storage.tables import deliveries, ledger, notifications
from tests.support.clock import StillClock
from tests.support.marketplace import Ear, Marketplace

PLANNER = Planner(clock=StillClock(), new_id=new_id)


def a_notice(**changes: Any) -> Notice:
    fields: dict[str, Any] = {
        "account_id": "sam",
        "category": Category.SERVICE,
        "template": "service_approved",
        "cause": "service:s1:approved",
        "link": "/settings",
        "facts": {"service": "A logo"},
    }
    return Notice(**fields | changes)


@pytest.fixture
async def ear(database: Database) -> Ear:
    marketplace = Marketplace(database)
    await marketplace.account("sam")
    marketplace.ear.doorbells.clear()
    return marketplace.ear


async def count(database: Database, table: Any) -> int:
    async with database.reading() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_plan_rings_once_it_is_committed(database: Database, ear: Ear) -> None:
    planned = await database.transaction(lambda tx: PLANNER.plan(tx, a_notice()))
    assert planned is not None
    assert (planned.title, planned.link) == ("Your service is approved", "/settings")
    assert ear.doorbells == [DOORBELL]
    assert await count(database, deliveries) == await count(database, ledger) == 2


async def test_what_fails_leaves_neither_a_plan_nor_a_ring(database: Database, ear: Ear) -> None:
    async def work(tx: Transaction) -> None:
        await PLANNER.plan(tx, a_notice())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transaction(work)
    for table in (notifications, deliveries, ledger):
        assert await count(database, table) == 0
    assert ear.doorbells == []


async def test_a_cause_alerts_an_account_once(database: Database, ear: Ear) -> None:
    await database.transaction(lambda tx: PLANNER.plan(tx, a_notice()))
    again = a_notice(template="service_paused")
    assert await database.transaction(lambda tx: PLANNER.plan(tx, again)) is None
    assert await count(database, deliveries) == 2
    assert ear.doorbells == [DOORBELL]


async def test_nobody_is_told_of_what_nobody_is_there_for(database: Database) -> None:
    notice = a_notice(account_id="nobody")
    assert await database.transaction(lambda tx: PLANNER.plan(tx, notice)) is None
    assert await count(database, notifications) == 0


async def test_who_has_many_alerts_waiting_stands_behind_the_others(
    database: Database, ear: Ear
) -> None:
    """Even with new orders; a new order of somebody else is always first."""
    assert ear.doorbells == []

    async def work(tx: Transaction) -> None:
        for n in range(CROWD + 1):
            category = Category.NEW_ORDER if n in (0, CROWD) else Category.SERVICE
            await PLANNER.plan(tx, a_notice(cause=f"c{n}", category=category))

    await database.transaction(work)
    async with database.reading() as connection:
        mails = await fetch_all(
            connection,
            select(deliveries.c.priority)
            .where(deliveries.c.channel == "email")
            .order_by(deliveries.c.id),
        )
    assert [row.priority for row in mails] == [
        Priority.FIRST,
        *[Priority.NORMAL] * (CROWD - 1),
        Priority.CROWD,
    ]
