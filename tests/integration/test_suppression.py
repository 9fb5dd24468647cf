"""Addresses whose mails come back are written to no more, and their owners are told."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.identity import Identity
from domain.mail_events import MailEvent, MailEventKind
from domain.suppression import Bounce, BounceKind
from storage import ledger
from storage.engine import Database
from storage.rows import Record, fetch_all
from storage.tables import audit_log, soft_bounces, suppressions
from tests.support.delivery_world import World, a_world
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR, Marketplace

HARD = "550 5.1.1 nobody of that name"
FULL = "452 4.2.2 mailbox full"
LIST = "/v1/ops/suppressions"


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


async def listed(database: Database) -> Sequence[Record]:
    async with database.reading() as connection:
        return await fetch_all(connection, suppressions.select())


async def newest(world: World, account: Identity) -> dict[str, Any]:
    page = await world.marketplace.notifications.page(account, after=None, limit=1)
    return dict(page["items"][0])


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
async def test_an_address_that_there_is_not_is_listed_and_its_owner_told_in_the_app(
    world: World, code: str
) -> None:
    sam = await world.people(email="Sam@Example.com")
    await world.device(sam)
    world.mails.tell("rcpt", f"550 {code} no such mailbox")
    async with world.worker():
        await world.marketplace.order()
        decided = await world.decisions(3)  # the order by mail and push, the news by push
        assert ("email", "dead", "hard_bounce") in decided
        told = await newest(world, sam)
        assert told["title"] == "Your e-mail address cannot be reached"
        assert "S\u2026@Example.com" in told["body"]
        [row] = await listed(world.database)
        assert (row.address, row.account_id, row.reason, row.until) == (
            "Sam@Example.com",
            "sam",
            "hard_bounce",
            None,
        )
    trace = await world.trace(sam)
    assert [
        (step["reason"], step["explanation"])
        for step in trace["steps"]
        if step["channel"] == "email"
    ] == [
        (
            "suppressed",
            "Mails to this address came back, or were complained about: none are sent there.",
        )
    ]


async def test_what_was_planned_before_is_skipped_at_its_moment(world: World) -> None:
    sam = await world.people()
    await world.marketplace.order(id="o1")
    await world.marketplace.suppressions.note(
        Bounce(
            account_id="sam",
            address="SAM@example.com",
            delivery_id="d1",
            kind=BounceKind.COMPLAINT,
        )
    )
    async with world.worker():
        assert await world.decisions(1) == [("email", "skipped", "suppressed")]
    assert world.mails.received == []
    assert (await newest(world, sam))["title"] == "You get no more e-mails"


@pytest.mark.parametrize("reply", [FULL, "552 5.2.2 over quota"])
async def test_five_mails_to_a_full_mailbox_suspend_it_for_two_weeks(
    world: World, reply: str
) -> None:
    """However often each of them is tried; and a new address is written to at once."""
    sam = await world.people()
    world.mails.tell("rcpt", *([reply] * 5))
    async with world.worker():
        for n in range(1, 5):
            await world.marketplace.order()
            assert await world.decisions(n) == [("email", "retried", "mailbox_full")] * n
        assert await listed(world.database) == []
        await world.marketplace.order()
        await world.decisions(5)
        [row] = await listed(world.database)
        assert (row.reason, row.until) == (
            "soft_bounces",
            world.clock.now() + timedelta(days=14),
        )
        assert (await newest(world, sam))["title"] == "Your mailbox is full"
        await world.marketplace.account("sam", name="Sam Seller", email="sam@elsewhere.example")
        await world.marketplace.order()
        await world.mails.wait_for(1)
    assert world.mails.received[0].recipient == "sam@elsewhere.example"


async def test_a_full_mailbox_counts_once_for_a_mail_and_no_longer_than_two_weeks(
    database: Database,
) -> None:
    market = Marketplace(database)
    await market.account("sam")

    async def full(delivery_id: str) -> None:
        await market.suppressions.note(a_bounce(BounceKind.SOFT, delivery_id))

    for delivery_id in ("d1", "d1", "d1", "d1", "d1", "d2", "d3", "d4"):
        await full(delivery_id)
    assert await listed(database) == []
    market.clock.advance(timedelta(days=14, seconds=1))
    await full("d5")
    async with database.reading() as connection:
        [counted] = await fetch_all(connection, soft_bounces.select())
    assert counted.delivery_id == "d5"
    assert await listed(database) == []


def a_bounce(kind: BounceKind, delivery_id: str = "d1") -> Bounce:
    return Bounce(account_id="sam", address="sam@example.com", delivery_id=delivery_id, kind=kind)


async def test_what_holds_for_ever_is_not_made_shorter(database: Database) -> None:
    market = Marketplace(database)
    await market.account("sam")
    for n in range(5):
        await market.suppressions.note(a_bounce(BounceKind.SOFT, f"d{n}"))
    assert [row.reason for row in await listed(database)] == ["soft_bounces"]
    market.ear.news.clear()
    await market.suppressions.note(a_bounce(BounceKind.HARD, "d5"))
    told = [change["type"] for change in market.ear.on("inbox:sam")]
    assert told == ["notification", "badge"]
    assert [row.reason for row in await listed(database)] == ["hard_bounce"]
    await market.suppressions.note(a_bounce(BounceKind.SOFT, "d6"))
    await market.suppressions.note(a_bounce(BounceKind.COMPLAINT, "d7"))
    assert [row.reason for row in await listed(database)] == ["hard_bounce"]


async def test_a_suspension_ends_by_itself(world: World) -> None:
    await world.people()
    for n in range(5):
        await world.marketplace.suppressions.note(a_bounce(BounceKind.SOFT, f"d{n}"))
    world.clock.advance(timedelta(days=14))
    async with world.worker():
        await world.marketplace.order()
        await world.mails.wait_for(1)


async def test_what_goes_wrong_by_our_own_doing_does_not_count_against_an_address(
    world: World,
) -> None:
    await world.people()
    world.mails.tell("rcpt", "550 5.7.1 blocked", "554 no")
    async with world.worker():
        for n in (1, 2):
            await world.marketplace.order()
            await world.decisions(n)
    assert await listed(world.database) == []


async def test_operators_see_the_list_and_take_addresses_off_it(api: HttpApi) -> None:
    await api.market.account("sam")
    await api.market.account("bea")
    await api.market.suppressions.note(a_bounce(BounceKind.HARD))
    api.market.clock.advance(timedelta(seconds=1))
    bea = Bounce(
        account_id="bea",
        address="bea@example.com",
        delivery_id="d2",
        kind=BounceKind.COMPLAINT,
        detail="abuse",
    )
    await api.market.suppressions.note(bea)

    first = (await api.call(OPERATOR, "GET", f"{LIST}?limit=1")).json()
    second = (
        await api.call(OPERATOR, "GET", f"{LIST}?limit=1&cursor={first['next_cursor']}")
    ).json()
    found = (await api.call(OPERATOR, "GET", f"{LIST}?address=SAM@example.com")).json()
    [sams] = found["items"]
    gone = await api.call(OPERATOR, "DELETE", f"{LIST}/{sams['id']}")
    again = await api.call(OPERATOR, "DELETE", f"{LIST}/{sams['id']}")

    assert [item["address"] for item in first["items"]] == ["bea@example.com"]
    assert [item["address"] for item in second["items"]] == ["sam@example.com"]
    assert second["next_cursor"] is None
    assert (sams["reason"], sams["until"], sams["account_id"]) == ("hard_bounce", None, "sam")
    assert (gone.status_code, again.status_code) == (204, 404)
    async with api.market.database.reading() as connection:
        [deed] = await fetch_all(connection, audit_log.select())
    assert (deed.actor, deed.action, deed.about) == (
        "olga",
        "suppression.remove",
        f"suppression:{sams['id']}",
    )
    assert deed.detail["before"]["reason"] == "hard_bounce"
    assert deed.detail["after"] is None
    assert "sam@example.com" not in str(deed.detail)


async def test_an_erased_account_leaves_no_address_behind(database: Database) -> None:
    market = Marketplace(database)
    await market.account("sam")
    await market.suppressions.note(a_bounce(BounceKind.SOFT))
    await market.suppressions.note(a_bounce(BounceKind.HARD))
    await market.erasing.erase("sam")
    assert await listed(database) == []
    async with database.reading() as connection:
        assert await fetch_all(connection, soft_bounces.select()) == []


async def test_a_mail_that_was_sent_again_may_come_back_again(world: World) -> None:
    """Each time it is noted once, however often it is told."""
    await world.people()

    async def comes_back() -> tuple[str, int]:
        [mail] = [row for row in await world.deliveries() if row.channel == "email"]
        bounce = MailEvent(
            message_id=f"<{mail.id}@market.example>", kind=MailEventKind.BOUNCE, status="5.7.1"
        )
        assert await world.marketplace.mail_events.note([bounce]) == 1
        assert await world.marketplace.mail_events.note([bounce]) == 1
        async with world.database.reading() as connection:
            lines = await ledger.of_delivery(connection, 0, mail.id)
        [mail] = [row for row in await world.deliveries() if row.channel == "email"]
        return mail.status, [line.reason for line in lines].count("policy_refused")

    async with world.worker():
        await world.marketplace.order()
        await world.decisions(1)
        assert await comes_back() == ("dead", 1)

        world.clock.advance(timedelta(minutes=5))
        [mail] = [row for row in await world.deliveries() if row.channel == "email"]
        await world.marketplace.replays.one(OPERATOR, "retry", mail.id)
        await world.decisions(2)
        world.clock.advance(timedelta(minutes=5))
        assert await comes_back() == ("dead", 2)
