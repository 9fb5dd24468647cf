"""An order between two on both databases, that lives and grows old by the clock of its tests."""

from datetime import timedelta
from typing import Any

import msgspec

from domain.identity import Identity
from realtime.api.order_acts import OrderAct
from realtime.services.views import Shape
from storage.engine import Database
from tests.support.marketplace import Marketplace

QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "name",
        "kind": "text",
        "prompt": "Which name?",
        "required": True,
        "options": [],
        "multiple": False,
    }
]


class Life:
    """An order between Sam, who sells, and Bea, who bought."""

    def __init__(self, place: Marketplace, order: Shape) -> None:
        self.place = place
        self.id: str = order["id"]
        self.conversation: str = order["conversation_id"]
        self.sam, self.bea = Identity("sam"), Identity("bea")

    async def does(self, who: Identity, action: str, **data: Any) -> Shape:
        """Act on the order."""
        asked = msgspec.convert({"action": action, "data": data}, OrderAct)
        return await self.place.order_actions.act(who, self.id, asked.action, asked.data)

    async def seen(self, who: Identity) -> Shape:
        """Return the order's page."""
        return await self.place.orders.get(who, self.id)

    async def passes(self, **time: float) -> None:
        """Let time pass, and what falls due happen."""
        self.place.clock.advance(timedelta(**time))
        while await self.place.order_timers.fire_due():
            """More may have fallen due by what was done."""

    async def alerts(self, who: Identity) -> list[str]:
        """List what somebody was alerted of, oldest first."""
        page = await self.place.notifications.page(who, after=None, limit=200)
        return [each["title"] for each in reversed(page["items"])]

    async def nudges(self) -> int:
        """Count how often the seller was asked for an update."""
        return (await self.alerts(self.sam)).count("Tell Bea how it is going")


async def a_life(database: Database, *, questions: bool = False, **terms: Any) -> Life:
    """Place an order."""
    place = Marketplace(database)
    await place.sam_and_bea()
    await place.service("sam", questions=QUESTIONS if questions else [])
    return Life(place, await place.order(**terms))
