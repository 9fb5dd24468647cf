"""Decided at its moment: what changed between the order and the alert counts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from domain.identity import Identity
from storage.engine import Database, Transaction
from storage.tables import accounts, orders
from tests.support.delivery_world import World, a_world


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


async def placed(world: World, **sam: Any) -> Identity:
    """Place an order while no worker runs; Sam has a laptop and an address."""
    seller = await world.people(**sam)
    await world.device(seller)
    await world.marketplace.order(id="o1")
    return seller


async def then(world: World, count: int = 2) -> list[tuple[str, str, str]]:
    """Let a worker run; return what it decided."""
    async with world.worker():
        return await world.decisions(count)


async def change_order(world: World, **values: Any) -> None:
    async def work(tx: Transaction) -> None:
        await tx.connection.execute(update(orders).where(orders.c.id == "o1").values(**values))

    await world.database.transaction(work)


async def test_a_preference_that_was_switched_off_meanwhile_counts(world: World) -> None:
    sam = await placed(world)
    patch = {"categories": {"new_order": {"email": False}}}
    await world.marketplace.accounts.change_preferences(sam, patch)
    assert await then(world) == [
        ("email", "skipped", "preference_off"),
        ("push", "accepted", "sent"),
    ]
    assert world.mails.received == []
    steps = (await world.trace(sam))["steps"]
    [skipped] = [step for step in steps if step["decision"] == "skipped"]
    assert skipped["detail"] == "new_order.email"
    assert skipped["explanation"] == "“New order” is switched off for e-mail."


async def test_what_was_read_meanwhile_is_withdrawn(world: World) -> None:
    sam = await placed(world)
    await world.marketplace.notifications.mark_read(sam, None)
    assert await then(world) == [("email", "cancelled", "read"), ("push", "cancelled", "read")]
    assert (world.pushes.received, world.mails.received) == ([], [])


async def test_an_order_that_was_cancelled_meanwhile_alerts_nobody(world: World) -> None:
    await placed(world)
    await change_order(world, status="cancelled", active=False)
    assert await then(world) == [
        ("email", "cancelled", "order_cancelled"),
        ("push", "cancelled", "order_cancelled"),
    ]


async def test_it_is_told_as_things_are_now(world: World) -> None:
    """Names, address, language and due date may all have changed."""
    sam = await placed(world)
    await world.marketplace.account("sam", name="Sam S.", email="new@example.com", locale="de")
    await world.marketplace.account("bea", name="Bea Neumann")
    await change_order(world, due_at=world.clock.now() + timedelta(days=9))
    await then(world)
    [mail] = world.mails.received
    assert mail.recipient == "new@example.com"
    assert str(mail.message["Subject"]).endswith("von Bea N.")
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert "3. Dezember 2026" in body.get_content()
    assert world.pushes.received[0].payload["title"] == "Neuer Auftrag von Bea Neumann"
    mails = [step for step in (await world.trace(sam))["steps"] if step["channel"] == "email"]
    assert [step["target"] for step in mails] == ["s…@example.com", *["n…@example.com"] * 2]


async def test_an_address_that_was_taken_away_gets_nothing(world: World) -> None:
    await placed(world)
    await world.marketplace.account("sam", email=None)
    assert ("email", "skipped", "no_address") in await then(world)


async def test_a_device_that_was_forgotten_gets_nothing(world: World) -> None:
    sam = await world.people(email=None)
    laptop = await world.device(sam)
    await world.device(sam, "phone")
    await world.marketplace.order()
    await world.marketplace.accounts.unsubscribe_push(sam, laptop.endpoint)
    assert await then(world) == [
        ("push", "accepted", "sent"),
        ("push", "skipped", "subscription_gone"),
    ]
    assert [push.subscription for push in world.pushes.received] == ["phone"]


async def test_without_any_device_left_the_reason_is_that(world: World) -> None:
    sam = await world.people(email=None)
    laptop = await world.device(sam)
    await world.marketplace.order()
    await world.marketplace.accounts.unsubscribe_push(sam, laptop.endpoint)
    assert await then(world, 1) == [("push", "skipped", "no_subscription")]


async def test_a_push_does_not_outlive_its_day_and_a_mail_does(world: World) -> None:
    await placed(world)
    world.clock.advance(timedelta(hours=24))
    assert await then(world) == [("email", "accepted", "sent"), ("push", "dead", "expired")]
    rows = {row.channel: row for row in await world.deliveries()}
    assert (rows["push"].status, rows["push"].attempts) == ("expired", 0)


async def test_a_push_waits_no_longer_than_what_is_left_of_its_life(world: World) -> None:
    await placed(world)
    world.clock.advance(timedelta(hours=23))
    await then(world)
    assert world.pushes.received[0].headers["ttl"] == "3600"


async def test_an_account_that_was_erased_is_not_written_to(world: World) -> None:
    await placed(world)

    async def erase(tx: Transaction) -> None:
        await tx.connection.execute(delete(accounts).where(accounts.c.id == "sam"))

    await world.database.transaction(erase)
    assert await then(world) == [("email", "cancelled", "gone"), ("push", "cancelled", "gone")]
