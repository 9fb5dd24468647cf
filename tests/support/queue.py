"""Rows of the delivery queue for tests, and a worker's hand to take them with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from realtime.ids import new_id
from storage import deliveries, ledger
from storage.deliveries import Claim, Priority, Status
from storage.engine import Database
from storage.ledger import Attempt, Change, Line
from storage.rows import Record
from tests.support.clock import NOON

LEASE = timedelta(seconds=30)
EVERY = tuple(Priority)


def a_delivery(**changes: Any) -> dict[str, Any]:
    """Make a row that is due at noon."""
    due_at = changes.get("due_at", NOON)
    row = {
        "bucket": 0,
        "id": new_id(),
        "account_id": "seller",
        "notification_id": new_id(),
        "cause": new_id(),
        "category": "new_order",
        "channel": "push",
        "target": "device",
        "order_id": None,
        "status": Status.SCHEDULED,
        "reason": None,
        "priority": Priority.NORMAL,
        "due_at": due_at,
        "ready_at": due_at,
        "expires_at": NOON + timedelta(days=1),
        "attempts": 0,
        "crashes": 0,
        "sending": False,
        "uncertain": False,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return row | changes


class Queue:
    """The queue of one database, at moments that the test names."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def plan(self, *rows: dict[str, Any]) -> list[str]:
        """Store rows; return their ids."""
        await self.database.transaction(lambda tx: deliveries.plan(tx.connection, rows))
        return [row["id"] for row in rows]

    async def claim(
        self,
        limit: int = 10,
        *,
        token: str = "a",
        channel: str = "push",
        priorities: tuple[Priority, ...] = EVERY,
        now: datetime = NOON,
    ) -> list[Claim]:
        """Claim until ``now`` and a lease."""
        return await self.database.transaction(
            lambda tx: deliveries.claim(
                tx.connection,
                bucket=0,
                channel=channel,
                priorities=priorities,
                limit=limit,
                now=now,
                lease_until=now + LEASE,
                token=token,
            )
        )

    async def record(self, *changes: Change) -> set[str]:
        """Write changes."""
        return await self.database.transaction(lambda tx: ledger.record(tx.connection, changes))

    async def renew(self, claims: Sequence[Claim], until: datetime) -> set[str]:
        """Extend leases."""
        return await self.database.transaction(
            lambda tx: deliveries.renew(tx.connection, claims, until)
        )

    async def row(self, delivery_id: str) -> Record:
        """Read a row that must be there."""
        async with self.database.reading() as connection:
            found = await deliveries.get(connection, 0, delivery_id)
        assert found is not None
        return found

    async def next_ready(self, priorities: tuple[Priority, ...] = EVERY) -> datetime | None:
        """Tell when something is ready on the push channel."""
        async with self.database.reading() as connection:
            return await deliveries.next_ready(
                connection, bucket=0, channel="push", priorities=priorities
            )


def a_change(claim: Claim, **changes: Any) -> Change:
    """End a claimed delivery as accepted, but for what is named."""
    fields: dict[str, Any] = {
        "claim": claim,
        "status": Status.ACCEPTED,
        "reason": "sent",
        "priority": claim.priority,
        "due_at": claim.due_at,
        "ready_at": None,
        "attempts": claim.attempts + 1,
        "crashes": 0,
        "at": NOON,
        "line": Line(
            id=new_id(),
            at=NOON,
            target="device",
            decision="accepted",
            reason="sent",
            detail="201",
        ),
        "attempt": Attempt(
            n=claim.attempts + 1,
            started_at=NOON,
            finished_at=NOON,
            result="accepted",
            reason="sent",
            code="201",
            detail="",
        ),
    }
    return Change(**fields | changes)
