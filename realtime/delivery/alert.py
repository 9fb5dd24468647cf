"""An alert: one notification as it is told to one account, whatever channel carries it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """All that a channel needs to put a notification into words and send it.

    ``facts`` is JSON, in the shape that ``FACTS`` names for ``template``; ``link`` is absolute.
    ``thread`` is the order or conversation that the alert belongs to: its mails are grouped by it,
    and of its messages only the newest push is shown. ``message_id`` is ``<local@domain>``.
    """

    notification_id: str
    category: str
    template: str
    locale: str
    timezone: str
    account_id: str
    account_name: str
    email: str | None
    facts: Mapping[str, Any]
    link: str
    unsubscribe_url: str
    message_id: str
    at: datetime
    thread: str | None = None
    reply_to: str | None = None


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class OrderCreated(msgspec.Struct, frozen=True, kw_only=True):
    """A new order, as its seller is told; without ``due_at`` its clock has not started."""

    number: str
    service: str
    buyer: str
    price: Money
    due_at: datetime | None = None
    questions: int = 0
    answered: int = 0


class ServiceDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What the marketplace decided about a service, and why if it said so."""

    service: str
    reason: str | None = None


class MessageReceived(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` unread messages of one conversation; ``preview`` is the newest.

    ``messages`` are those that a mail quotes, oldest first; without them it quotes the preview.
    """

    sender: str
    preview: str
    count: int = 1
    order_number: str | None = None
    messages: tuple[str, ...] = ()


Facts = OrderCreated | ServiceDecided | MessageReceived

FACTS: Mapping[str, type[Facts]] = {
    "order_created": OrderCreated,
    "service_approved": ServiceDecided,
    "service_rejected": ServiceDecided,
    "service_paused": ServiceDecided,
    "message_received": MessageReceived,
}


def facts_of(alert: Alert) -> Facts:
    """Read an alert's facts; a shape that its template does not know raises ``ValidationError``."""
    return msgspec.convert(alert.facts, FACTS[alert.template])
