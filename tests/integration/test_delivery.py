"""From an order to somebody's phone and mailbox: a worker with real senders."""

from collections.abc import AsyncIterator

import pytest

from storage.engine import Database
from tests.support.delivery_world import World, a_world


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


async def test_an_order_reaches_phone_and_mailbox_at_once(world: World) -> None:
    """The bell wakes the worker: it polls once an hour here."""
    sam = await world.people()
    await world.device(sam)
    async with world.worker():
        order = await world.marketplace.order()
        assert await world.decisions(2) == [
            ("email", "accepted", "sent"),
            ("push", "accepted", "sent"),
        ]
    [push] = world.pushes.received
    assert push.payload["title"] == "New order from Bea Brandt"
    assert push.payload["link"] == f"https://market.example/orders/{order['id']}"
    [mail] = world.mails.received
    assert mail.recipient == "sam@example.com"
