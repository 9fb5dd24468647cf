"""From an order to somebody's phone and mailbox: a worker with real senders."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.identity import Identity
from realtime.delivery.email.unsubscribe import Unsubscription
from storage.engine import Database
from tests.support.delivery_world import KEY, TOKENS, World, a_world
from tests.support.marketplace import QUESTION


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


async def switch(world: World, account: Identity, **switches: bool) -> None:
    """Switch channels of new orders."""
    patch: dict[str, Any] = {"categories": {"new_order": switches}}
    await world.marketplace.accounts.change_preferences(account, patch)


async def test_an_order_reaches_phone_and_mailbox_at_once(world: World) -> None:
    """The bell wakes the worker: it looks by itself once an hour here."""
    sam = await world.people()
    await world.device(sam)
    async with world.worker():
        order = await world.marketplace.order()
        assert await world.decisions(2) == [
            ("email", "accepted", "sent"),
            ("push", "accepted", "sent"),
        ]
    [push] = world.pushes.received
    assert push.payload == {
        "title": "New order from Bea Brandt",
        "body": "A logo · €120.50",
        "link": f"https://market.example/orders/{order['id']}",
        "tag": push.payload["id"],
        "category": "new_order",
        "id": push.payload["id"],
    }
    assert (push.headers["urgency"], push.headers["ttl"]) == ("high", "86400")
    assert push.claims["sub"] == "mailto:ops@market.example"
    assert KEY.public_text in push.headers["authorization"]
    [mail] = world.mails.received
    assert (mail.sender, mail.recipient) == ("no-reply@market.example", "sam@example.com")


async def test_a_mail_says_it_in_german_and_how_to_stop_it(world: World) -> None:
    await world.people(locale="de", timezone="Europe/Berlin")
    async with world.worker():
        order = await world.marketplace.order()
        await world.decisions(1)
    message = world.mails.received[0].message
    [row, _] = await world.deliveries()
    assert message["Subject"] == f"Neuer Auftrag {order['number']} von Bea B."
    assert message["Message-ID"] == f"<{row.id}@market.example>"
    assert message["References"] == f"<thread.{order['id']}@market.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = message["List-Unsubscribe"].strip("<>").removeprefix("https://market.example/u/")
    assert TOKENS.read(token) == Unsubscription("sam", "new_order", "email")
    body = message.get_body(("plain",))
    assert body is not None
    assert "Fr., 27. November 2026, 13:00 Uhr" in body.get_content()
    assert f"https://market.example/orders/{order['id']}" in body.get_content()


async def test_each_device_gets_it(world: World) -> None:
    sam = await world.people(email=None)
    await world.device(sam, "laptop")
    await world.device(sam, "phone")
    async with world.worker():
        await world.marketplace.order()
        await world.decisions(2)
    assert {push.subscription for push in world.pushes.received} == {"laptop", "phone"}


@pytest.mark.parametrize(
    ("switches", "pushes", "mails"),
    [
        ({"push": False}, 0, 1),
        ({"email": False}, 1, 0),
        ({"push": False, "email": False}, 0, 0),
    ],
)
async def test_what_is_switched_off_does_not_go_out(
    world: World, switches: dict[str, bool], pushes: int, mails: int
) -> None:
    sam = await world.people()
    await world.device(sam)
    await switch(world, sam, **switches)
    async with world.worker():
        await world.marketplace.order()
        await world.decisions(pushes + mails)
    assert (len(world.pushes.received), len(world.mails.received)) == (pushes, mails)
    skipped = {s["channel"]: s for s in (await world.trace(sam))["steps"] if s["reason"] != "sent"}
    for channel in switches:
        assert skipped[channel]["decision"] == "skipped"
        assert skipped[channel]["reason"] == "preference_off"


async def test_who_can_be_reached_nowhere_finds_it_in_the_ledger(world: World) -> None:
    sam = await world.people(email=None, locale="de")
    await world.marketplace.order()
    assert [
        (step["channel"], step["decision"], step["reason"], step["explanation"])
        for step in (await world.trace(sam))["steps"]
    ] == [
        ("push", "skipped", "no_subscription", "Kein Gerät nimmt Push-Nachrichten an."),
        ("email", "skipped", "no_address", "Es ist keine E-Mail-Adresse bekannt."),
    ]


async def test_the_ledger_tells_what_went_where_and_when(world: World) -> None:
    """Never the whole endpoint nor the whole address."""
    sam = await world.people(locale="de")
    device = await world.device(sam)
    async with world.worker():
        await world.marketplace.order()
        await world.decisions(2)
    trace = await world.trace(sam)
    assert trace["account"] == "sam"
    assert trace["notification"]["category"] == "new_order"
    told = {
        channel: [
            (step["decision"], step["reason"], step["detail"], step["explanation"])
            for step in trace["steps"]
            if step["channel"] == channel
        ]
        for channel in ("push", "email")
    }
    assert told == {
        "push": [
            (
                "planned",
                "at_once",
                "",
                "„Neuer Auftrag“ ist für Push eingeschaltet: Es geht sofort hinaus.",
            ),
            ("attempted", "sent", "201", "Versuch 1: Der Push-Dienst hat es angenommen."),
            ("accepted", "sent", "201", "Der Push-Dienst hat es angenommen."),
        ],
        "email": [
            (
                "planned",
                "at_once",
                "",
                "„Neuer Auftrag“ ist für E-Mail eingeschaltet: Es geht sofort hinaus.",
            ),
            (
                "attempted",
                "sent",
                "250 2.0.0 Ok: queued",
                "Versuch 1: Der Mailserver hat es angenommen.",
            ),
            ("accepted", "sent", "250 2.0.0 Ok: queued", "Der Mailserver hat es angenommen."),
        ],
    }
    targets = {step["target"] for step in trace["steps"]}
    assert "s…@example.com" in targets
    assert len(targets) == 2
    assert not any(device.endpoint in target or "sam@" in target for target in targets)


async def test_an_order_that_is_placed_again_alerts_once(world: World) -> None:
    await world.people()
    async with world.worker():
        for _ in range(2):
            await world.marketplace.order(key="the same")
        await world.decisions(1)
    assert len(await world.deliveries()) == 2
    assert len(world.mails.received) == 1


async def test_an_approved_service_reaches_its_seller(world: World) -> None:
    await world.people()
    async with world.worker():
        await world.marketplace.service("sam", id="sam-site", title="A site")
        await world.decisions(1)
    assert world.mails.received[0].message["Subject"] == "“A site” is approved"


async def test_what_was_planned_while_no_worker_ran_goes_out_when_one_starts(world: World) -> None:
    await world.people()
    await world.marketplace.order()
    async with world.worker():
        await world.decisions(1)
    assert len(world.mails.received) == 1


async def test_a_mail_tells_of_questions_that_are_open(world: World) -> None:
    await world.people()
    await world.marketplace.service("sam", id="asks", title="A site", questions=[QUESTION])
    await world.forget_all()
    async with world.worker():
        await world.marketplace.order("asks")
        await world.decisions(1)
    body = world.mails.received[-1].message.get_body(("plain",))
    assert body is not None
    assert "Requirements: 0 of 1 answered" in body.get_content()
