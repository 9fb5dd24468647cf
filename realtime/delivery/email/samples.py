"""Alerts about nobody, one for each mail that there is: for previews and test mails."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from realtime.delivery.alert import Alert
from realtime.delivery.locales.catalogue import FALLBACK, catalogue

_PEOPLE = {"de": ("Sabine Müller", "Anna Brandt"), "en": ("Sam Meadow", "Anna Brandt")}
_SERVICE = {"de": "Ein Logo für dein Café", "en": "A logo for your café"}
_SAID = {
    "de": "Das gefällt mir sehr. Könnte die Schrift etwas kräftiger sein?",
    "en": "I like this very much. Could the letters be a little bolder?",
}


def names() -> list[str]:
    """Name every mail: a template, behind a dot what happened if it tells of several things."""
    return sorted(_facts("en", datetime.fromisoformat("2026-01-01T00:00:00+00:00")))


def sample(name: str, *, locale: str, now: datetime, public_url: str) -> Alert:
    """Make an alert; raises ``KeyError`` for a mail that there is not."""
    language = _language(locale)
    template = name.partition(".")[0]
    facts = _facts(language, now)[name]
    alert = Alert(
        category=_CATEGORY[template],
        template=template,
        locale=locale,
        timezone="Europe/Berlin",
        account_id="sample",
        account_name=_PEOPLE[language][0],
        facts=facts,
        link=f"{public_url}/orders",
        at=now,
        notification_id="sample",
        email="sample@example.com",
        message_id="<sample@example.com>",
        unsubscribe_url=f"{public_url}/u/sample",
    )
    return replace(alert, reply_to="reply@example.com") if template == "message_received" else alert


def _language(locale: str) -> str:
    language = locale[:2].lower()
    return language if language in _PEOPLE else FALLBACK


_CATEGORY: Mapping[str, str] = {
    "order_created": "new_order",
    "order_changed": "order_update",
    "service_approved": "service",
    "service_rejected": "service",
    "service_paused": "service",
    "address_suspended": "service",
    "message_received": "inbox_message",
    "several": "order_update",
}


def _facts(language: str, now: datetime) -> dict[str, Mapping[str, Any]]:
    service, person, said = _SERVICE[language], _PEOPLE[language][1], _SAID[language]
    decided = {"service": service, "reason": said}
    changed = {
        "number": "FO-1234",
        "service": service,
        "person": person,
        "text": said,
        "when": now + timedelta(days=2),
    }
    return {
        "order_created": {
            "number": "FO-1234",
            "service": service,
            "buyer": person,
            "price": {"amount": 12_050, "currency": "EUR"},
            "due_at": now + timedelta(days=3),
            "questions": 4,
            "answered": 3,
        },
        "service_approved": decided,
        "service_rejected": decided,
        "service_paused": decided,
        "message_received": {
            "sender": person,
            "preview": said,
            "count": 2,
            "order_number": "FO-1234",
            "messages": (said, said),
        },
        "several": {"titles": (said, said, said)},
        **{
            f"address_suspended.{reason}": {"address": "sample@example.com", "reason": reason}
            for reason in _told("address_suspended")
        },
        **{
            f"order_changed.{event}": changed | {"event": event} for event in _told("order_changed")
        },
    }


def _told(template: str) -> Iterator[str]:
    """Name what a template has texts of its own for."""
    prefix, suffix = f"{template}.", ".title"
    for key in catalogue(FALLBACK).texts:
        if key.startswith(prefix) and key.endswith(suffix) and key.count(".") == 2:
            yield key.removeprefix(prefix).removesuffix(suffix)
