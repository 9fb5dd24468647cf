"""Workers are killed at every state of what is held back and told as one, and of webhooks.

Quiet hours, more than an hour's mails, several mails of one order, events for an endpoint: one
world, in which each state's news come to people of its own, so that a worker always gets as far.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from domain.identity import Identity
from domain.preferences import Category
from realtime.clock import SystemClock
from realtime.delivery.planner import Notice, Planner
from realtime.ids import new_id
from realtime.services.webhook_events import WebhookEvent
from storage import ledger
from storage.deliveries import BUCKET, Status
from storage.engine import Transaction
from storage.rows import Record
from tests.acceptance.test_delivery_kill import ENDS, LEASE, PATIENCE, Stage, stage
from tests.support.webhook_receiver import WebhookReceiver

__all__ = ("stage",)

# Of each state: where a worker dies, and with the how manyth that comes there.
STATES = {"claimed": 1, "decided": 4, "begun": 3, "accepted": 3}
LATER = ("decided", "accepted")
IN_THE_MORNING = 4
SERVICES = ("logo", "site", "card", "shirt")
EVENTS = ("delivered", "plan_sent", "plan_approved")
FEW = 2  # mails an account and hour
A_MOMENT = LEASE + 1  # whoever died has lost its lease
HOUR = timedelta(hours=1)
AN_HOUR = HOUR.total_seconds()
BY_MORNING = 3 * AN_HOUR
COUNTED = {Status.ACCEPTED: "accepted", Status.UNCERTAIN: "uncertain", Status.SKIPPED: "skipped"}


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    endpoint = WebhookReceiver()
    async with endpoint.running():
        yield endpoint


class Night:
    """Sellers who sleep and buyers who do not; news come to both."""

    def __init__(self, stage: Stage, receiver: WebhookReceiver) -> None:
        self._stage = stage
        self._market = stage.world.marketplace
        self._receiver = receiver
        self._planner = Planner(clock=stage.world.clock, new_id=new_id)
        self._ahead = 0.0

    async def begins(self) -> None:
        """Have one order that there is news of, and an endpoint for events."""
        await self._market.order(id="o1")
        await self._stage.world.forget_all()
        hook = {"url": f"{self._receiver.origin}/hook", "events": ["order.created"]}
        await self._market.webhooks.add(hook | {"description": ""})

    async def news(self, name: str) -> None:
        """Have four pieces for a seller, three of one order for a buyer, two for the endpoint."""
        now = self._stage.world.clock.now()
        seller = await self._market.account(f"seller-{name}")
        quiet = {"start": f"{now - HOUR:%H:%M}", "end": f"{now + 2 * HOUR:%H:%M}"}
        await self._market.accounts.change_preferences(seller, {"quiet_hours": quiet})
        await self._stage.world.device(seller, seller.account_id)
        buyer = await self._market.account(f"buyer-{name}")
        await self._stage.world.database.transaction(partial(self._tell, seller, buyer))

    async def _tell(self, seller: Identity, buyer: Identity, tx: Transaction) -> None:
        for service in SERVICES:
            await self._planner.plan(tx, _approved(seller, service))
        for event in EVENTS:
            await self._planner.plan(tx, _changed(buyer, event))
        happened = WebhookEvent("order.created", seller.account_id, {"order": {"id": "o1"}})
        await self._market.webhook_events.tell(tx, [happened, happened])

    async def dies(self, die: str, after: int) -> None:
        """Let a worker die; time passes until the next one may have what it had."""
        await self._stage.dies(die=die, after=after, **self._given())
        self._ahead += A_MOMENT

    def passes(self, seconds: float) -> None:
        """Let the next worker's clock be so much later."""
        self._ahead += seconds

    async def works(self) -> list[Record]:
        """Let a worker do what is due, and return everything."""
        async with self._stage.worker(**self._given()), asyncio.timeout(PATIENCE):
            while True:
                rows = await self._stage.world.deliveries()
                soon = SystemClock().now() + timedelta(seconds=self._ahead + 2 * LEASE)
                if not any(row.ready_at and row.ready_at < soon for row in rows):
                    return rows

    def _given(self) -> dict[str, Any]:
        return {"ahead": self._ahead, "few": FEW, "hooks": self._receiver.origin}

    def copies(self, row: Record) -> int:
        """Count how often an alert reached who takes it."""
        if row.channel == "push":
            return self._stage.pushes_of(row)
        if row.channel == "email":
            return self._stage.mails_of(row)
        posted = [each.headers["webhook-id"] for each in self._receiver.posted]
        return posted.count(row.notification_id)


def _approved(seller: Identity, service: str) -> Notice:
    return Notice(
        account_id=seller.account_id,
        category=Category.SERVICE,
        template="service_approved",
        cause=service,
        link=f"/services/{service}",
        facts={"service": service},
    )


def _changed(buyer: Identity, event: str) -> Notice:
    return Notice(
        account_id=buyer.account_id,
        category=Category.ORDER_UPDATE,
        template="order_changed",
        cause=f"o1:{event}",
        link="/orders/o1",
        facts={"event": event, "number": "FO-1", "service": "A logo", "person": "Sam"},
        order_id="o1",
    )


async def test_what_is_held_back_and_what_goes_to_webhooks_survives_every_death(
    stage: Stage, receiver: WebhookReceiver
) -> None:
    night = Night(stage, receiver)
    await night.begins()
    for state, after in STATES.items():
        await night.news(state)
        await night.dies(state, after)
        if state in LATER:  # a third death in a row would be poison
            await night.works()
    night.passes(BY_MORNING)
    for state in ("begun", "accepted"):
        await night.dies(state, IN_THE_MORNING)
    await night.works()
    night.passes(AN_HOUR)
    rows = [row for row in await night.works() if row.reason != "no_subscription"]
    assert Counter(row.channel for row in rows) == {
        "push": len(STATES) * len(SERVICES),
        "email": len(STATES) * (len(SERVICES) + len(EVENTS)),
        "webhook": len(STATES) * 2,
    }
    leaders = {row.id: row for row in rows if row.status in ENDS}
    for row in rows:
        told = leaders[row.joined_to] if row.status == Status.SKIPPED else row
        _arrived(told, night.copies(told))
    _told_together(rows)
    await _explained(stage, rows, night)


def _arrived(row: Record, copies: int) -> None:
    """It was accepted, once; a push and an event may repeat, a mail in doubt may be lost."""
    if row.channel != "email":
        assert (row.status, copies >= 1) == (Status.ACCEPTED, True)
    elif row.status == Status.UNCERTAIN:
        assert copies <= 1
    else:
        assert (row.status, row.uncertain, copies) == (Status.ACCEPTED, False, 1)


def _told_together(rows: list[Record]) -> None:
    """Each seller was woken once, for all of it; too many mails, and those of an order, are one."""
    pushed = Counter(row.account_id for row in rows if row.channel == "push" and not row.joined_to)
    assert set(pushed.values()) == {1}
    joined = [row for row in rows if row.channel == "email" and row.joined_to]
    assert {row.category for row in joined} == {Category.SERVICE, Category.ORDER_UPDATE}


async def _explained(stage: Stage, rows: list[Record], night: Night) -> None:
    """The ledger begins with a plan and ends with the end; each copy is an attempt of its own."""
    lost = 0
    async with stage.world.database.reading() as connection:
        for row in rows:
            lines = await ledger.of_delivery(connection, BUCKET, row.id)
            assert (lines[0].decision, lines[-1].decision) == ("planned", COUNTED[row.status])
            assert lines[-1].reason == row.reason
            tries = await ledger.attempts_at(connection, BUCKET, [row.notification_id])
            mine = [each for each in tries if each.delivery_id == row.id]
            assert len(mine) == row.attempts >= night.copies(row)
            lost += sum(each.reason == "worker_lost" for each in mine)
    assert lost >= STATES["begun"] + STATES["accepted"] + 2 * IN_THE_MORNING
