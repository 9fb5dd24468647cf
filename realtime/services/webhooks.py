"""The marketplace's own endpoints: told where events go, which ones, and with which secret."""

import base64
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypedDict, TypeVar

from msgspec import Meta

from domain.errors import Conflict, NotFound
from domain.instants import rfc3339, rfc3339_or_none
from domain.webhooks import SECRETS_OVERLAP
from realtime.clock import Clock
from realtime.services.shapes import Id, Page, Time
from realtime.services.webhook_events import WebhookEvents
from storage import webhooks
from storage.engine import Database, Transaction
from storage.rows import Record

T = TypeVar("T")

MOST = 50
SECRET_BYTES = 32

Secret = Annotated[str, Meta(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class Webhook(TypedDict):
    """An endpoint: since when it fails, and since when and why nothing is sent there any more."""

    id: Id
    url: str
    events: list[str]
    description: str
    enabled: bool
    failing_since: Time | None
    disabled_at: Time | None
    disabled_reason: str | None
    former_secret_until: Time | None
    created_at: Time
    updated_at: Time


class NewWebhook(Webhook):
    """An endpoint with its secret, which is told this once."""

    secret: Secret


def new_secret() -> str:
    """Make a secret as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


class Webhooks:
    """Use cases of the marketplace's backend."""

    def __init__(
        self,
        *,
        database: Database,
        events: WebhookEvents,
        clock: Clock,
        new_id: Callable[[], str],
        overlap: timedelta = SECRETS_OVERLAP,
    ) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self._new_id = new_id
        self._overlap = overlap

    async def all(self) -> Page[Webhook]:
        """List every endpoint, oldest first."""
        async with self._database.reading() as connection:
            rows = await webhooks.all_of_them(connection)
        return {"items": [_shown(row) for row in rows], "next_cursor": None}

    async def get(self, webhook_id: str) -> Webhook:
        """Show one."""
        async with self._database.reading() as connection:
            return _shown(_there(await webhooks.get(connection, webhook_id)))

    async def add(self, values: Mapping[str, Any]) -> NewWebhook:
        """Send events somewhere from now on; the secret is answered this once."""

        async def work(tx: Transaction) -> NewWebhook:
            if await webhooks.count(tx.connection) >= MOST:
                raise Conflict(f"there are {MOST} of them already", code="too_many_webhooks")
            now = self._clock.now()
            row = await webhooks.add(
                tx.connection,
                {
                    **values,
                    "id": self._new_id(),
                    "secret": new_secret(),
                    "created_at": now,
                    "updated_at": now,
                },
            )
            tx.ring(webhooks.DOORBELL)
            return _with_secret(row)

        return await self._then_known(work)

    async def change(
        self, webhook_id: str, values: Mapping[str, Any], *, enabled: bool | None
    ) -> Webhook:
        """Change what an endpoint wants, or switch it on and off; on, it begins afresh."""

        async def work(tx: Transaction) -> Webhook:
            now = self._clock.now()
            row = _there(await webhooks.get(tx.connection, webhook_id, lock=True))
            changes: dict[str, Any] = {**values, "updated_at": now}
            if enabled is True:
                changes |= {"disabled_at": None, "disabled_reason": None, "failing_since": None}
            elif enabled is False and row.disabled_at is None:
                changes |= {"disabled_at": now, "disabled_reason": "switched_off"}
            tx.ring(webhooks.DOORBELL)
            return _shown(_there(await webhooks.change(tx.connection, webhook_id, changes)))

        return await self._then_known(work)

    async def rotate(self, webhook_id: str) -> NewWebhook:
        """Give an endpoint another secret; for a day what is sent is signed with both."""

        async def work(tx: Transaction) -> NewWebhook:
            now = self._clock.now()
            row = _there(await webhooks.get(tx.connection, webhook_id, lock=True))
            changes = {
                "secret": new_secret(),
                "former_secret": row.secret,
                "former_until": now + self._overlap,
                "updated_at": now,
            }
            return _with_secret(_there(await webhooks.change(tx.connection, row.id, changes)))

        return await self._database.transaction(work)

    async def drop(self, webhook_id: str) -> None:
        """Send nothing there any more, what is under way included."""

        async def work(tx: Transaction) -> None:
            if not await webhooks.drop(tx.connection, webhook_id):
                raise NotFound("there is no such webhook")
            tx.ring(webhooks.DOORBELL)

        await self._then_known(work)

    async def _then_known(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Store a change, and know of it here before it is answered."""
        done = await self._database.transaction(work)
        await self._events.look()
        return done


def _there(row: Record | None) -> Record:
    if row is None:
        raise NotFound("there is no such webhook")
    return row


def _shown(row: Record) -> Webhook:
    return {
        "id": row.id,
        "url": row.url,
        "events": row.events,
        "description": row.description,
        "enabled": row.disabled_at is None,
        "failing_since": rfc3339_or_none(row.failing_since),
        "disabled_at": rfc3339_or_none(row.disabled_at),
        "disabled_reason": row.disabled_reason,
        "former_secret_until": rfc3339_or_none(row.former_until),
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def _with_secret(row: Record) -> NewWebhook:
    return {**_shown(row), "secret": row.secret}
