"""Somebody who sells, and is told so much that some of it is held back."""

from datetime import timedelta
from typing import Any

from domain.identity import Identity
from domain.preferences import Category
from realtime.delivery.company import Measure
from realtime.delivery.planner import Notice, Planner
from realtime.ids import new_id
from storage.engine import Transaction
from tests.support.delivery_world import World

HOUR = timedelta(hours=1)
# It is noon when a story begins.
QUIET = {"quiet_hours": {"start": "11:00", "end": "14:00", "except": ["new_order"]}}
FEW = Measure(pushes=2, mails=2)

Decisions = list[tuple[str, str, str]]


class Shop:
    """Sam sells, and has a laptop."""

    def __init__(self, world: World, sam: Identity) -> None:
        self.world = world
        self.sam = sam
        self._planner = Planner(clock=world.clock, new_id=new_id)

    async def happens(self, *causes: str, **more: Any) -> None:
        """Tell Sam of something, all of it in one transaction."""

        async def work(tx: Transaction) -> None:
            for cause in causes:
                notice: dict[str, Any] = {
                    "account_id": "sam",
                    "category": Category.SERVICE,
                    "template": "service_approved",
                    "cause": cause,
                    "link": f"/orders/{cause}",
                    "facts": {"service": cause},
                }
                await self._planner.plan(tx, Notice(**notice | more))

        await self.world.database.transaction(work)

    async def order_changes(self, *events: str) -> None:
        """Tell Sam of changes of the order."""
        for event in events:
            facts = {"event": event, "number": "FO-1", "service": "A logo", "person": "Bea"}
            await self.happens(
                f"o1:{event}",
                category=Category.ORDER_UPDATE,
                template="order_changed",
                facts=facts,
                order_id="o1",
                link="/orders/o1",
            )

    async def works(self, count: int, **options: Any) -> Decisions:
        """Let a worker run; return its next ``count`` decisions."""
        known = len(self.world.decided)
        async with self.world.worker(**options):
            await self.world.decisions(known + count)
        newest = self.world.decided[known:]
        return sorted((each.channel, each.decision, each.reason) for each in newest)

    async def stand(self, channel: str) -> list[tuple[str, str | None]]:
        """Return (status, reason) of the deliveries on a channel, sorted."""
        rows = await self.world.deliveries()
        return sorted((row.status, row.reason) for row in rows if row.channel == channel)

    def pushed(self) -> list[tuple[str, str]]:
        """Return title and body of every push."""
        return [
            (push.payload["title"], push.payload["body"]) for push in self.world.pushes.received
        ]
