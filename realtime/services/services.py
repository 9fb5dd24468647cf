"""Services: what sellers offer, and whether it may be ordered."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Conflict, Invalid, NotFound
from domain.preferences import Category
from domain.services import OFFERED, ServiceStatus
from realtime.clock import Clock
from realtime.delivery.planner import Notice, Planner
from realtime.services import inbox_news, shapes, views
from storage import accounts, conversations, services
from storage.engine import Database, Transaction
from storage.rows import Record

# Which changes the seller is told of, and by which text.
TOLD = {
    ServiceStatus.APPROVED: "service_approved",
    ServiceStatus.PAUSED: "service_paused",
    ServiceStatus.REJECTED: "service_rejected",
}


class Services:
    """Use cases around services."""

    def __init__(self, *, database: Database, planner: Planner, clock: Clock) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock

    async def put(self, service_id: str, offer: Mapping[str, Any]) -> tuple[shapes.Service, bool]:
        """Store a service, new or changed, and tell its seller when its status changed.

        ``offer`` has seller_id, title, status, delivery_days and questions.
        """

        async def work(tx: Transaction) -> tuple[shapes.Service, bool]:
            now = self._clock.now()
            before = await services.get(tx.connection, service_id, lock=True)
            await _check_seller(tx, before, offer["seller_id"])
            version = before.version + 1 if before else 1
            values = {
                "id": service_id,
                **offer,
                "version": version,
                "created_at": now,
                "updated_at": now,
            }
            stored = await services.put(tx.connection, values)
            if before is not None and before.status in OFFERED and stored.status not in OFFERED:
                # Who wrote because of it is looked at once more.
                await conversations.change_rights_around(tx.connection, stored.seller_id)
            if before is None or before.status != stored.status:
                await self._tell_seller(tx, stored)
            return views.service(stored), before is None

        return await self._database.transaction(work)

    async def get(self, service_id: str) -> shapes.Service:
        """Show a service."""
        async with self._database.reading() as connection:
            service = await services.get(connection, service_id)
        if service is None:
            raise NotFound("there is no such service")
        return views.service(service)

    async def _tell_seller(self, tx: Transaction, service: Record) -> None:
        template = TOLD.get(ServiceStatus(service.status))
        if template is None:
            return
        notification = await self._planner.plan(
            tx,
            Notice(
                account_id=service.seller_id,
                category=Category.SERVICE,
                template=template,
                cause=f"service:{service.id}:{service.status}:{service.version}",
                link="/orders",
                facts={"service": service.title},
            ),
        )
        if notification is not None:
            await inbox_news.announce_all(tx, [], [notification])


async def _check_seller(tx: Transaction, before: Record | None, seller_id: str) -> None:
    if await accounts.get(tx.connection, seller_id) is None:
        raise Invalid.field("seller_id", "there is no such account")
    if before is not None and before.seller_id != seller_id:
        raise Conflict("a service stays with its seller", path="seller_id", code="seller_changed")
