"""Addresses that are written to no more: how one gets on the list, and who takes it off."""

from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from domain.errors import NotFound
from domain.identity import Identity
from domain.instants import rfc3339, rfc3339_or_none
from domain.preferences import Category
from domain.suppression import (
    SOFT_BOUNCES_COUNT,
    Bounce,
    BounceKind,
    SuppressionReason,
    Suspension,
    address_key,
    suspension,
)
from realtime.clock import Clock
from realtime.delivery.planner import Notice, Planner
from realtime.services import inbox_news
from realtime.services.paging import page_of
from realtime.services.shapes import Id, Page, Time
from storage import audit, suppressions
from storage.audit import Deed
from storage.engine import Database, Transaction
from storage.rows import Record

LONGEST_DETAIL = 500


class Suppression(TypedDict):
    """An address that is written to no more; `until` is null where it does not end by itself."""

    id: Id
    address: str
    account_id: Id
    delivery_id: Id
    reason: SuppressionReason
    detail: str
    at: Time
    until: Time | None


class Suppressions:
    """Use cases of those who mail, and of the operators who look at the list."""

    def __init__(
        self, *, database: Database, planner: Planner, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self._new_id = new_id

    async def note(self, bounce: Bounce) -> None:
        """Count what came back; what is one too many puts the address on the list."""
        await self._database.transaction(lambda tx: self.count(tx, bounce))

    async def count(self, tx: Transaction, bounce: Bounce) -> None:
        """Do so in a transaction that does more; the owner of the address is told in the app."""
        now = self._clock.now()
        key = address_key(bounce.address)
        counted = await self._soft_bounces(tx, key, bounce, now)
        end = suspension(bounce.kind, soft_bounces=counted, now=now)
        if end is None or _is_settled(await suppressions.get(tx.connection, key), end, now):
            return
        await suppressions.put(
            tx.connection,
            {
                "id": key,
                "address": bounce.address,
                "account_id": bounce.account_id,
                "delivery_id": bounce.delivery_id,
                "reason": end.reason,
                "detail": bounce.detail[:LONGEST_DETAIL],
                "at": now,
                "until": end.until,
            },
        )
        await self._tell(tx, bounce, end)

    async def page(
        self, *, address: str | None, after: tuple[datetime, str] | None, limit: int
    ) -> Page[Suppression]:
        """List the addresses, the latest first; or find one."""
        async with self._database.reading() as connection:
            rows = await suppressions.page(
                connection, address=address, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=_shown, key=lambda row: (row.at, row.id))

    async def remove(self, operator: Identity, suppression_id: str) -> None:
        """Write to an address again; it is noted who said so."""

        async def work(tx: Transaction) -> None:
            row = await suppressions.get(tx.connection, suppression_id)
            if row is None:
                raise NotFound("there is no such address on the list")
            await suppressions.drop(tx.connection, suppression_id)
            before = {"reason": row.reason, "at": rfc3339(row.at), "account_id": row.account_id}
            await audit.write(
                tx.connection,
                Deed(
                    id=self._new_id(),
                    at=self._clock.now(),
                    actor=operator.account_id,
                    action="suppression.remove",
                    about=f"suppression:{suppression_id}",
                    detail={"before": before, "after": None},
                ),
            )

        await self._database.transaction(work)

    async def _soft_bounces(self, tx: Transaction, key: str, bounce: Bounce, now: datetime) -> int:
        if bounce.kind is not BounceKind.SOFT:
            return 0
        values = {
            "address_id": key,
            "delivery_id": bounce.delivery_id,
            "account_id": bounce.account_id,
            "at": now,
        }
        return await suppressions.count_soft_bounce(
            tx.connection, values, since=now - SOFT_BOUNCES_COUNT
        )

    async def _tell(self, tx: Transaction, bounce: Bounce, end: Suspension) -> None:
        told = await self._planner.plan(
            tx,
            Notice(
                account_id=bounce.account_id,
                category=Category.SERVICE,
                template="address_suspended",
                cause=f"address:{end.reason}:{bounce.delivery_id}",
                link="/settings",
                facts={"address": bounce.address, "reason": end.reason},
            ),
        )
        if told is not None:
            await inbox_news.announce_all(tx, [], [told])


def _is_settled(listed: Record | None, end: Suspension, now: datetime) -> bool:
    """Tell whether an address is on the list already, and for no shorter time."""
    if listed is None:
        return False
    return listed.until is None or (end.until is not None and listed.until > now)


def _shown(row: Record) -> Suppression:
    return {
        "id": row.id,
        "address": row.address,
        "account_id": row.account_id,
        "delivery_id": row.delivery_id,
        "reason": row.reason,
        "detail": row.detail,
        "at": rfc3339(row.at),
        "until": rfc3339_or_none(row.until),
    }
