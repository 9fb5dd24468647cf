"""A delivery worker in a process of its own, that may be told where to die."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import msgspec

from domain.preferences import Channel
from realtime.clock import Clock
from realtime.delivery.carrier import Carrier
from realtime.delivery.company import Measure
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.lane import Pace
from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome
from realtime.delivery.push.sender import PushLimits
from realtime.delivery.push.vapid import VapidKey
from realtime.delivery.webhooks.poster import WebhookPoster
from realtime.delivery.worker import Webhooks, Worker
from realtime.ids import new_id
from storage.engine import Database, Transaction
from storage.rows import Record
from tests.support.delivery_world import mail_carrier, push_carrier
from tests.support.marketplace import Marketplace
from tests.support.shifted_clock import ShiftedClock

# What a push service holds back is waited for until this process is killed.
HELD_OPEN = PushLimits(timeout=60.0, patience=60.0)
# Forked from one that has imported everything: a test kills many.
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])


class Orders(msgspec.Struct, kw_only=True):
    """What the process is told.

    ``die`` is ``claimed``, ``decided``, ``begun`` or ``accepted``, ``after`` how many deliveries
    must have come so far, and ``poison`` the order that kills whoever puts it into words. ``ahead``
    is by how many seconds its clock is, ``few`` how much one account is sent in an hour, and
    ``hooks`` where webhooks may lead.
    """

    database: str
    smtp: str
    push: str
    vapid: str
    lease: float
    die: str | None = None
    after: int = 1
    poison: str | None = None
    ahead: float = 0.0
    few: int | None = None
    hooks: str | None = None


class Fate:
    """Kills the process when enough deliveries have come to the place it is told."""

    def __init__(self, orders: Orders) -> None:
        self._place = orders.die
        self._left = orders.after
        self._poison = orders.poison

    def tasted(self, order_id: str | None) -> None:
        """Die of poison."""
        if order_id is not None and order_id == self._poison:
            os.kill(os.getpid(), signal.SIGKILL)

    def reached(self, place: str) -> None:
        """Count one; with the last of them it is over, without a word to anybody."""
        if place == self._place:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    async def waits_at(self, place: str) -> None:
        """Hold those that came here until the last one comes, and with it the end."""
        if place == self._place:
            self.reached(place)
            await asyncio.Event().wait()


class MortalCarrier:
    """Carries as another does, and meets its fate on the way."""

    def __init__(self, carrier: Carrier, fate: Fate) -> None:
        self._carrier = carrier
        self._fate = fate

    def pack(self, moment: Moment) -> Any:
        """It is claimed, and nothing else has happened."""
        self._fate.tasted(moment.claim.order_id)
        self._fate.reached("claimed")
        return self._carrier.pack(moment)

    def place(self) -> AbstractAsyncContextManager[object]:
        """Wait as the other does."""
        return self._carrier.place()

    async def carry(self, parcel: Any) -> Outcome:
        """It is recorded to be sent before, and accepted afterwards, but not recorded."""
        await self._fate.waits_at("begun")
        outcome = await self._carrier.carry(parcel)
        await self._fate.waits_at("accepted")
        return outcome

    async def settle(self, moment: Moment, outcome: Outcome) -> Outcome:
        """Forget a target."""
        return await self._carrier.settle(moment, outcome)

    async def close(self) -> None:
        """Close every connection."""
        await self._carrier.close()


class MortalPoster(WebhookPoster):
    """Posts, and meets its fate on the way."""

    def __init__(self, origin: str, clock: Clock, fate: Fate) -> None:
        super().__init__(guard=EndpointGuard([origin]), clock=clock)
        self._fate = fate

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """It is recorded to be posted before, and taken afterwards, but not recorded."""
        await self._fate.waits_at("begun")
        outcome = await super().post(url, body, headers)
        await self._fate.waits_at("accepted")
        return outcome


def started(orders: Orders) -> BaseProcess:
    """Start a worker; the caller waits for its end."""
    process = _FORKING.Process(target=_work_until_killed, args=(msgspec.json.encode(orders),))
    process.start()
    return process


def _work_until_killed(orders: bytes) -> None:
    asyncio.run(_work(msgspec.json.decode(orders, type=Orders)))


async def _work(orders: Orders) -> None:
    """Run until killed."""
    database, clock, fate = Database.open(orders.database), ShiftedClock(), Fate(orders)
    clock.advance(timedelta(seconds=orders.ahead))
    key = VapidKey.parse(orders.vapid)
    carriers: dict[Channel, Carrier] = {
        Channel.PUSH: push_carrier(database, clock, orders.push, key=key, limits=HELD_OPEN),
        Channel.EMAIL: mail_carrier(clock, orders.smtp, Marketplace(database).suppressions),
    }
    await Worker(
        database=database,
        carriers={channel: MortalCarrier(each, fate) for channel, each in carriers.items()},
        clock=clock,
        new_id=new_id,
        pace=Pace(lease=orders.lease, poll=0.1),
        watch=lambda _decided: fate.reached("decided"),
        measure=Measure(pushes=orders.few, mails=orders.few) if orders.few else None,
        webhooks=_webhooks(orders.hooks, clock, fate) if orders.hooks else None,
    ).run()


def _webhooks(origin: str, clock: Clock, fate: Fate) -> Webhooks:
    return Webhooks(poster=MortalPoster(origin, clock, fate), on_disabled=_nobody_is_told)


async def _nobody_is_told(_tx: Transaction, _webhook: Record) -> None:
    """Leave it at that."""
