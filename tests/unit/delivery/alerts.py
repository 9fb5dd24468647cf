"""Alerts to put into words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from realtime.delivery.alert import Alert

DUE = datetime(2026, 12, 1, 16, 30, tzinfo=UTC)

ORDER_CREATED = Alert(
    category="new_order",
    template="order_created",
    locale="de",
    timezone="Europe/Berlin",
    account_id="sabine",
    account_name="Sabine Müller",
    facts={
        "number": "FO-123",
        "service": "Ein Logo",
        "buyer": "Anna Brandt",
        "price": {"amount": 12050, "currency": "EUR"},
        "due_at": DUE,
        "questions": 0,
        "answered": 0,
    },
    link="https://market.example/orders/o1",
    at=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
    notification_id="n1",
    thread="o1",
    email="sabine@example.com",
    message_id="<d1@market.example>",
    unsubscribe_url="https://market.example/u/token",
)
MESSAGE_RECEIVED = replace(
    ORDER_CREATED,
    category="inbox_message",
    template="message_received",
    facts={"sender": "Anna Brandt", "preview": "Hallo, ist das Logo fertig?"},
    thread="c1",
)
SERVICE_REJECTED = replace(
    ORDER_CREATED,
    category="service",
    template="service_rejected",
    facts={"service": "Ein Logo", "reason": "Das Bild fehlt."},
    thread=None,
)
ADDRESS_SUSPENDED = replace(
    SERVICE_REJECTED,
    template="address_suspended",
    facts={"address": "sabine@example.com", "reason": "hard_bounce"},
)


def with_facts(alert: Alert, **facts: Any) -> Alert:
    """Change what an alert tells of."""
    return replace(alert, facts={**alert.facts, **facts})


def in_english(alert: Alert) -> Alert:
    """Change whom an alert is for."""
    return replace(alert, locale="en-GB", timezone="Europe/London")
