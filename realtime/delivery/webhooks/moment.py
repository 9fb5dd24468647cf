"""What an event on its way finds when it falls due: its endpoint, as that is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.delivery.gate import Do, Ruling
from realtime.delivery.reasons import Reason
from realtime.delivery.targets import shown_endpoint
from storage import webhooks
from storage.deliveries import MAX_CRASHES, Claim
from storage.engine import Database
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMoment:
    """One claimed delivery with its event and endpoint; None for what is there no more."""

    claim: Claim
    now: datetime
    event: Record | None
    endpoint: Record | None

    @property
    def target(self) -> str:
        """Where it goes, as it may be shown."""
        return shown_endpoint(self.endpoint.url) if self.endpoint else ""

    @property
    def ruling(self) -> Ruling | None:
        """Say why it does not go out, if it does not."""
        if self.claim.crashes >= MAX_CRASHES:
            return Ruling(Do.KILL, Reason.POISON)
        if self.now >= self.claim.expires_at:
            return Ruling(Do.EXPIRE, Reason.EXPIRED)
        if self.event is None or self.endpoint is None:
            return Ruling(Do.CANCEL, Reason.GONE)
        if self.endpoint.disabled_at is not None:
            return Ruling(Do.SKIP, Reason.ENDPOINT_DISABLED, self.endpoint.disabled_reason)
        return None

    @property
    def body(self) -> bytes:
        """Write the event; it is the same each time it is sent."""
        event = self.event
        assert event is not None, "what is gone is cancelled"
        return msgspec.json.encode(
            {"type": event.type, "timestamp": rfc3339(event.at), "data": event.data}
        )

    @property
    def secrets(self) -> list[str]:
        """Return what it is signed with: the secret, and for a while the one before it."""
        endpoint = self.endpoint
        assert endpoint is not None, "what is gone is cancelled"
        former_counts = endpoint.former_until is not None and self.now < endpoint.former_until
        return [endpoint.secret, *([endpoint.former_secret] if former_counts else [])]


class WebhookMoments:
    """Reads what many deliveries find, in two queries for all of them."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, claims: Sequence[Claim]) -> list[WebhookMoment]:
        """Return a moment for each claim, in order."""
        now = self._clock.now()
        async with self._database.reading() as connection:
            events = await webhooks.events(connection, {one.notification_id for one in claims})
            endpoints = await webhooks.endpoints(connection, {one.target for one in claims})
        return [
            WebhookMoment(
                claim=claim,
                now=now,
                event=events.get(claim.notification_id),
                endpoint=endpoints.get(claim.target),
            )
            for claim in claims
        ]
