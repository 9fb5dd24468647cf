"""What a plan is made of: where an alert goes, when it is due, and the rows that say so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.preferences import Category, Channel, Preferences
from realtime.delivery.backoff import LIFETIMES
from realtime.delivery.reasons import Decision, Reason
from realtime.delivery.targets import shown_address, shown_endpoint
from storage.deliveries import Priority, Status
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one alert would go, and why it does not if it does not."""

    channel: Channel
    id: str = ""
    shown: str = ""
    skipped: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One delivery as it is planned; ``reason`` is why it is due when it is."""

    delivery_id: str
    cause: str
    category: Category
    target: Target
    now: datetime
    due_at: datetime
    reason: Reason
    order_id: str | None = None
    conversation_id: str | None = None
    priority: Priority = Priority.NORMAL

    def delivery(self) -> dict[str, Any]:
        """Return its row, but for whom it is about."""
        skipped = self.target.skipped
        return {
            "id": self.delivery_id,
            "cause": self.cause,
            "category": self.category,
            "target": self.target.id,
            "order_id": self.order_id,
            "conversation_id": self.conversation_id,
            "status": Status.SKIPPED if skipped else Status.SCHEDULED,
            "reason": skipped,
            "priority": Priority.NORMAL if skipped else self.priority,
            "due_at": self.due_at,
            "ready_at": None if skipped else self.due_at,
            "expires_at": self.due_at + LIFETIMES[self.target.channel],
            "attempts": 0,
            "crashes": 0,
            "sending": False,
            "uncertain": False,
            "created_at": self.now,
            "updated_at": self.now,
        }

    def decision(self, line_id: str) -> dict[str, Any]:
        """Return the ledger's first line about it, but for whom it is about."""
        skipped = self.target.skipped
        return {
            "id": line_id,
            "delivery_id": self.delivery_id,
            "at": self.now,
            "target": self.target.shown,
            "decision": Decision.SKIPPED if skipped else Decision.PLANNED,
            "reason": skipped or self.reason,
            "detail": "",
        }


def targets_of(
    category: Category,
    wishes: Preferences,
    address: str | None,
    devices: Sequence[Record],
    *,
    suppressed: bool,
    channels: Sequence[Channel] = tuple(Channel),
) -> list[Target]:
    """List where an alert goes: each device that takes pushes, and the mail address."""
    found: list[Target] = []
    if Channel.PUSH in channels:
        found += _pushes(category, wishes, devices)
    if Channel.EMAIL in channels:
        found.append(_mail(category, wishes, address, suppressed=suppressed))
    return found


def _pushes(category: Category, wishes: Preferences, devices: Sequence[Record]) -> list[Target]:
    if not wishes.wants(category, Channel.PUSH):
        return [Target(channel=Channel.PUSH, skipped=Reason.PREFERENCE_OFF)]
    if not devices:
        return [Target(channel=Channel.PUSH, skipped=Reason.NO_SUBSCRIPTION)]
    return [
        Target(channel=Channel.PUSH, id=device.id, shown=shown_endpoint(device.endpoint))
        for device in devices
    ]


def _mail(
    category: Category, wishes: Preferences, address: str | None, *, suppressed: bool
) -> Target:
    if not wishes.wants(category, Channel.EMAIL):
        return Target(channel=Channel.EMAIL, skipped=Reason.PREFERENCE_OFF)
    if not address:
        return Target(channel=Channel.EMAIL, skipped=Reason.NO_ADDRESS)
    reason = Reason.SUPPRESSED if suppressed else None
    return Target(channel=Channel.EMAIL, shown=shown_address(address), skipped=reason)
