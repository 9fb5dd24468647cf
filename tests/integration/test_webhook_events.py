"""Who wants which events is known on every node, and costs nothing where nobody wants any."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from realtime.ids import new_id
from realtime.services.messages import SendMessage
from realtime.services.webhook_events import WebhookEvents
from storage.engine import Database
from tests.support.eventually import eventually
from tests.support.marketplace import Marketplace

FOREVER = 3_600.0
HOOK = {"url": "https://example.com/hooks", "events": ["message.created"], "description": ""}
GROUP = 20


def events_of(database: Database, market: Marketplace, *, look_every: float) -> WebhookEvents:
    return WebhookEvents(
        database=database,
        clock=market.clock,
        new_id=new_id,
        lifetime=timedelta(hours=72),
        look_every=look_every,
    )


@pytest.fixture
async def elsewhere(database: Database, market: Marketplace) -> AsyncIterator[WebhookEvents]:
    """What another node knows, which does not look by itself."""
    events = events_of(database, market, look_every=FOREVER)
    await events.start()
    yield events
    await events.close()


async def test_another_node_learns_of_an_endpoint_by_its_doorbell(
    market: Marketplace, elsewhere: WebhookEvents
) -> None:
    market.ear.rings(elsewhere.ring)
    hook = await market.webhooks.add(HOOK)
    await eventually(lambda: elsewhere.wanted("message.created"))
    assert not elsewhere.wanted("order.created")
    await market.webhooks.change(hook["id"], {}, enabled=False)
    await eventually(lambda: not elsewhere.wanted("message.created"))


async def test_a_doorbell_that_was_missed_is_made_up_for(
    market: Marketplace, elsewhere: WebhookEvents
) -> None:
    await market.webhooks.add(HOOK)
    elsewhere.ring("somebody else's")
    assert not elsewhere.wanted("message.created")
    elsewhere.unsure()
    await eventually(lambda: elsewhere.wanted("message.created"))


async def test_who_hears_nothing_looks(database: Database, market: Marketplace) -> None:
    events = events_of(database, market, look_every=0.01)
    await events.start()
    await market.webhooks.add(HOOK)
    await eventually(lambda: events.wanted("message.created"))
    await events.close()


async def test_a_node_starts_without_its_database(market: Marketplace, tmp_path: Path) -> None:
    away = Database.open(f"sqlite+aiosqlite:///{tmp_path}/nowhere/at-all.db")
    events = events_of(away, market, look_every=FOREVER)
    await events.start()
    assert not events.wanted("message.created")
    await events.close()
    await away.close()


async def test_a_group_of_messages_costs_no_statement_or_a_few(
    database: Database, market: Marketplace
) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)
    told: list[str] = []
    engine = database._writer.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def count(_c: object, _k: object, statement: str, *_more: object) -> None:
        told.append(statement)

    async def statements_of(size: int) -> int:
        told.clear()
        await market.send_all(
            [SendMessage(thread, bea.account_id, new_id(), "Hello") for _ in range(size)]
        )
        return len(told)

    unwanted = await statements_of(GROUP)
    assert not any("webhook" in statement for statement in told)
    await market.webhooks.add(HOOK)
    one, many = await statements_of(1), await statements_of(GROUP)
    # Those of the message itself go to SQLite's driver at once, and are not heard of here.
    assert any("webhook" in statement for statement in told)
    assert one == many <= unwanted + 3
