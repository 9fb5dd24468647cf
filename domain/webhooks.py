"""Which events go out to the marketplace's endpoints, and how an endpoint says what it wants."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

ORDER_EVENTS = (
    "created",
    "requirements_submitted",
    "requirements_skipped",
    "requirements_reminded",
    "requirements_changed",
    "delivered",
    "revision_requested",
    "completed",
    "cancelled",
    "extension_requested",
    "extension_accepted",
    "extension_declined",
    "extension_withdrawn",
    "extension_lapsed",
    "cancellation_requested",
    "cancellation_declined",
    "cancellation_withdrawn",
    "plan_sent",
    "plan_approved",
    "plan_returned",
    "late",
    "very_late",
)
MESSAGE_CREATED, MESSAGE_EDITED = "message.created", "message.edited"
MESSAGE_DELETED = "message.deleted"
REPORT_CREATED = "report.created"
DELIVERY_DEAD = "delivery.dead"
WEBHOOK_DISABLED = "webhook.disabled"
EVENTS = (
    *(f"order.{event}" for event in ORDER_EVENTS),
    MESSAGE_CREATED,
    MESSAGE_EDITED,
    MESSAGE_DELETED,
    REPORT_CREATED,
    DELIVERY_DEAD,
    WEBHOOK_DISABLED,
)
EVERYTHING = "*"
MOST_PATTERNS = 50

# How long an endpoint may fail before nothing is sent to it any more.
FAILS_AT_MOST = timedelta(days=5)
# How long what is sent is also signed with the secret before the present one.
SECRETS_OVERLAP = timedelta(hours=24)


def patterns() -> Sequence[str]:
    """List all that an endpoint may want: every event, each kind of them, or one by one."""
    kinds = dict.fromkeys(f"{event.partition('.')[0]}.*" for event in EVENTS)
    return (EVERYTHING, *kinds, *EVENTS)


def wants(wanted: Iterable[str], event: str) -> bool:
    """Tell whether an endpoint that wants these patterns wants an event."""
    kind = event.partition(".")[0]
    return not {EVERYTHING, f"{kind}.*", event}.isdisjoint(wanted)
