"""A marketplace whose events go to an endpoint on loopback, by a worker that is rung."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from realtime.bootstrap.webhooks import tell_of_dead, tell_of_disabled
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.lane import Pace
from realtime.delivery.recorder import Decided
from realtime.delivery.webhooks.poster import WebhookLimits, WebhookPoster
from realtime.delivery.worker import Webhooks, Worker
from realtime.ids import new_id
from storage.deliveries import DOORBELL
from storage.engine import Database, Transaction
from storage.rows import Record, fetch_all
from tests.support.clock import StillClock
from tests.support.delivery_world import NO_POLL
from tests.support.eventually import eventually
from tests.support.marketplace import Marketplace
from tests.support.webhook_receiver import WebhookReceiver


class World:
    """A marketplace, an endpoint of its own, and a worker between them."""

    def __init__(self, database: Database, receiver: WebhookReceiver) -> None:
        self.database = database
        self.receiver = receiver
        # Receivers look at the time.
        self.clock = StillClock(datetime.now(UTC))
        self.market = Marketplace(database, self.clock)
        self.decided: list[Decided] = []

    async def endpoint(self, *events: str, path: str = "/hook", **more: Any) -> dict[str, Any]:
        """Have events go to the receiver."""
        url = more.pop("url", f"{self.receiver.origin}{path}")
        values = {"url": url, "events": list(events), "description": ""}
        return dict(await self.market.webhooks.add(values))

    @asynccontextmanager
    async def worker(self, **limits: Any) -> AsyncIterator[None]:
        """Run a worker that is rung until the block is left."""
        events = self.market.webhook_events
        poster = WebhookPoster(
            guard=EndpointGuard([self.receiver.origin]),
            clock=self.clock,
            limits=WebhookLimits(**limits),
        )
        worker = Worker(
            database=self.database,
            carriers={},
            clock=self.clock,
            new_id=new_id,
            pace=replace(Pace(), poll=NO_POLL),
            watch=self.decided.append,
            tell=partial(tell_of_dead, events),
            webhooks=Webhooks(poster=poster, on_disabled=partial(tell_of_disabled, events)),
        )
        self.market.ear.rings(lambda bell: worker.wake() if bell == DOORBELL else None)
        running = asyncio.create_task(worker.run())
        self.wake = worker.wake
        try:
            yield
        finally:
            await worker.stop()
            await running
            await poster.close()

    async def decisions(self, count: int) -> list[tuple[str, str]]:
        """Wait until so much is decided of webhooks; return (decision, reason) of all of it."""

        def mine() -> list[tuple[str, str]]:
            return [(one.decision, one.reason) for one in self.decided if one.channel == "webhook"]

        await eventually(lambda: len(mine()) >= count)
        return mine()

    async def rows(self, table: Any) -> list[Record]:
        """Read a table in the order of its keys, of which newer ones sort behind older ones."""
        async with self.database.reading() as connection:
            return list(await fetch_all(connection, table.select().order_by(*table.primary_key)))

    async def change(self, statement: Any) -> None:
        """Change what is stored behind everybody's back."""

        async def work(tx: Transaction) -> None:
            await tx.connection.execute(statement)

        await self.database.transaction(work)
