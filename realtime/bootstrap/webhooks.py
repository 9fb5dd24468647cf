"""What the marketplace's endpoints are told of deliveries, and of each other."""

from collections.abc import Sequence

from domain.instants import rfc3339
from domain.webhooks import DELIVERY_DEAD, WEBHOOK_DISABLED
from realtime.delivery.reasons import Decision
from realtime.ids import new_id
from realtime.services.webhook_events import WebhookEvent, WebhookEvents
from storage import audit
from storage.audit import Deed
from storage.deliveries import WEBHOOK
from storage.engine import Transaction
from storage.ledger import Change
from storage.rows import Record

SYSTEM = "system"


async def tell_of_dead(events: WebhookEvents, tx: Transaction, changes: Sequence[Change]) -> None:
    """Tell of alerts that are given up; of what went to an endpoint itself, nobody is told."""
    await events.tell(
        tx,
        [
            _dead(change)
            for change in changes
            if change.line is not None
            and change.line.decision == Decision.DEAD
            and change.claim.channel != WEBHOOK
        ],
    )


def _dead(change: Change) -> WebhookEvent:
    claim = change.claim
    told = {
        "id": claim.id,
        "account_id": claim.account_id,
        "notification_id": claim.notification_id,
        "order_id": claim.order_id,
        "category": claim.category,
        "channel": claim.channel,
        "reason": change.reason,
        "attempts": change.attempts,
    }
    return WebhookEvent(DELIVERY_DEAD, claim.account_id, {"delivery": told})


async def tell_of_disabled(events: WebhookEvents, tx: Transaction, webhook: Record) -> None:
    """Tell the other endpoints of one that is given up, and leave it in the log of deeds."""
    told = {
        "id": webhook.id,
        "url": webhook.url,
        "reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since and rfc3339(webhook.failing_since),
    }
    await events.tell(tx, [WebhookEvent(WEBHOOK_DISABLED, SYSTEM, {"webhook": told})])
    await audit.write(
        tx.connection,
        Deed(
            id=new_id(),
            at=webhook.disabled_at,
            actor=SYSTEM,
            action="webhook.disable",
            about=f"webhook:{webhook.id}",
            detail=told,
        ),
    )
