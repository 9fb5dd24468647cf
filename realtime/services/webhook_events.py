"""Writes events for the marketplace's endpoints in the transaction that makes them true.

Which endpoints there are is remembered, so an event that nobody wants costs no statement. A new
endpoint is known here at once, and on other nodes by a doorbell, or by the next look.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from domain.webhooks import EVENTS, wants
from realtime.clock import Clock
from realtime.services.lookout import Lookout
from storage import deliveries, ledger, webhooks
from storage.deliveries import BUCKET, DOORBELL, WEBHOOK, Priority, Status
from storage.engine import Database, Transaction

LOOK_EVERY = 5.0


class WebhookEvent(Struct, frozen=True):
    """Something that happened: ``account_id`` is whose doing it is, ``data`` what is told."""

    type: str
    account_id: str
    data: Mapping[str, Any]


class WebhookEvents:
    """Knows who wants which events; what is under way to an endpoint lives for ``lifetime``."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        new_id: Callable[[], str],
        lifetime: timedelta,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._lifetime = lifetime
        self._wanted: Mapping[str, Sequence[str]] = {}
        self._failing: frozenset[str] = frozenset()
        self._lookout = Lookout(self.look, every=look_every, failed="webhooks_not_read")

    def wanted(self, event: str) -> bool:
        """Tell whether any endpoint wants an event."""
        return event in self._wanted

    async def tell(self, tx: Transaction, events: Sequence[WebhookEvent]) -> None:
        """Have these go out to whoever wants them: the same few statements for any number."""
        wanted = [event for event in events if event.type in self._wanted]
        if not wanted:
            return
        now = self._clock.now()
        written, planned, decided = [], [], []
        for event in wanted:
            event_id = self._new_id()
            written.append(_written(event, event_id, now))
            for webhook_id in self._wanted[event.type]:
                about = {
                    "bucket": BUCKET,
                    # To the queue each endpoint is somebody who is told.
                    "account_id": f"{WEBHOOK}:{webhook_id}",
                    "notification_id": event_id,
                    "channel": WEBHOOK,
                    "target": webhook_id,
                }
                delivery = self._delivery(event_id, webhook_id, now)
                planned.append(about | delivery)
                decided.append(about | self._decision(delivery["id"], event, now))
        await webhooks.write_events(tx.connection, written)
        await deliveries.plan(tx.connection, planned)
        await ledger.write(tx.connection, decided)
        tx.ring(DOORBELL)

    def _delivery(self, event_id: str, webhook_id: str, now: datetime) -> dict[str, Any]:
        return {
            "id": self._new_id(),
            "cause": event_id,
            "category": WEBHOOK,
            "order_id": None,
            "status": Status.SCHEDULED,
            "reason": None,
            # Who waits for an endpoint that fails does not keep the others waiting.
            "priority": Priority.CROWD if webhook_id in self._failing else Priority.NORMAL,
            "due_at": now,
            "ready_at": now,
            "expires_at": now + self._lifetime,
            "attempts": 0,
            "crashes": 0,
            "sending": False,
            "uncertain": False,
            "created_at": now,
            "updated_at": now,
        }

    def _decision(self, delivery_id: str, event: WebhookEvent, now: datetime) -> dict[str, Any]:
        return {
            "id": self._new_id(),
            "delivery_id": delivery_id,
            "at": now,
            "decision": "planned",
            "reason": "at_once",
            "detail": event.type,
        }

    async def start(self) -> None:
        """Read which endpoints there are; while the database does not answer, try again."""
        await self._lookout.start()

    async def close(self) -> None:
        """Look no more."""
        await self._lookout.close()

    def ring(self, doorbell: str) -> None:
        """Look when an endpoint came, went or changed."""
        if doorbell == webhooks.DOORBELL:
            self._lookout.rouse()

    def unsure(self) -> None:
        """Look: a doorbell may have been missed."""
        self._lookout.rouse()

    async def look(self) -> None:
        """Read who wants what."""
        async with self._database.reading() as connection:
            rows = await webhooks.all_of_them(connection)
        wanted: dict[str, list[str]] = {}
        for row in rows:
            if row.disabled_at is None:
                for event in EVENTS:
                    if wants(row.events, event):
                        wanted.setdefault(event, []).append(row.id)
        self._wanted = wanted
        self._failing = frozenset(row.id for row in rows if row.failing_since is not None)


def _written(event: WebhookEvent, event_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": event_id,
        "type": event.type,
        "account_id": event.account_id,
        "at": now,
        "data": event.data,
    }
