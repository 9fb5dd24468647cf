"""An alert: one notification as it is told to one account, whatever channel carries it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from realtime.delivery.locales.voice import (
    Value,
    Voice,
    first_name,
    one_line,
    short_name,
    voice_for,
)
from realtime.delivery.targets import shown_address
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """All that a channel needs to put a notification into words.

    ``facts`` is JSON, in the shape that ``FACTS`` names for ``template``; ``link`` is absolute
    where it leaves the house. ``thread`` is the order or conversation that the alert belongs to:
    its mails are grouped by it, and of its messages only the newest push is shown.
    What follows ``thread`` matters to mails alone; ``message_id`` is ``<local@domain>``.
    """

    category: str
    template: str
    locale: str
    timezone: str
    account_id: str
    account_name: str
    facts: Mapping[str, Any]
    link: str
    at: datetime
    notification_id: str = ""
    thread: str | None = None
    email: str | None = None
    message_id: str = ""
    unsubscribe_url: str = ""
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

    def words(self, voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        buyer = one_line(self.buyer)
        return {
            "number": one_line(self.number),
            "service": one_line(self.service),
            "buyer": buyer,
            "buyer_first": first_name(buyer),
            "buyer_short": short_name(buyer),
            "price": voice.money(self.price.amount, self.price.currency),
            "count": self.questions,
            "answered": self.answered,
        }


class OrderChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an order that somebody knows, as the texts of ``event`` tell it.

    ``person`` is the other side, ``text`` what they said, ``when`` the moment that it is about.
    """

    event: str
    number: str
    service: str
    person: str
    text: str = ""
    count: int = 0
    when: datetime | None = None

    def words(self, voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        person = one_line(self.person)
        words: dict[str, Value] = {
            "number": one_line(self.number),
            "service": one_line(self.service),
            "person": person,
            "person_first": first_name(person),
            "count": self.count,
            "when": voice.moment(self.when) if self.when else "",
        }
        told = {name: voice.say(f"order_changed.{self.event}.{name}", words) for name in TOLD}
        return words | told


# What an event has texts of its own for.
TOLD = ("title", "lead")


class ServiceDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What the marketplace decided about a service, and why if it said so."""

    service: str
    reason: str | None = None

    def words(self, _voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        return {"service": one_line(self.service)}


class AddressSuspended(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is written to no more, and why; it is shown masked."""

    address: str
    reason: str

    def words(self, voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        words: dict[str, Value] = {"address": one_line(shown_address(self.address))}
        told = {name: voice.say(f"address_suspended.{self.reason}.{name}", words) for name in TOLD}
        return words | told


class MessageReceived(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` unread messages of one conversation; ``preview`` is the newest.

    ``messages`` are those that a mail quotes, oldest first; without them it quotes the preview.
    """

    sender: str
    preview: str
    count: int = 1
    order_number: str | None = None
    messages: tuple[str, ...] = ()

    def words(self, _voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        sender = one_line(self.sender)
        return {
            "sender": sender,
            "sender_short": short_name(sender),
            "preview": one_line(self.preview),
            "count": self.count,
            "number": one_line(self.order_number or ""),
        }


class Several(msgspec.Struct, frozen=True, kw_only=True):
    """What was held back and goes out as one; ``titles`` are those of the notifications."""

    titles: tuple[str, ...]

    def words(self, _voice: Voice) -> dict[str, Value]:
        """Return what the texts of this template may name."""
        titles = " · ".join(one_line(title) for title in self.titles)
        return {"count": len(self.titles), "titles": titles}


Facts = OrderCreated | OrderChanged | ServiceDecided | AddressSuspended | MessageReceived | Several

FACTS: Mapping[str, type[Facts]] = {
    "order_created": OrderCreated,
    "order_changed": OrderChanged,
    "service_approved": ServiceDecided,
    "service_rejected": ServiceDecided,
    "service_paused": ServiceDecided,
    "address_suspended": AddressSuspended,
    "message_received": MessageReceived,
    "several": Several,
}


def facts_of(alert: Alert) -> Facts:
    """Read an alert's facts; a shape that its template does not know raises ``ValidationError``."""
    return msgspec.convert(alert.facts, FACTS[alert.template])


def voice_of(alert: Alert) -> Voice:
    """Find how the alert's account is spoken to."""
    return voice_for(alert.locale, alert.timezone)


@dataclass(frozen=True, slots=True)
class Said:
    """An alert in two lines, as a lock screen and the feed show it."""

    title: str
    body: str


def in_two_lines(alert: Alert) -> Said:
    """Put an alert into words."""
    voice = voice_of(alert)
    words = facts_of(alert).words(voice)
    return Said(
        title=voice.say(f"{alert.template}.title", words),
        body=voice.say(f"{alert.template}.body", words),
    )


NEWS = "/notifications"


def together(own: Alert | None, others: Sequence[Record], like: Alert, public_url: str) -> Alert:
    """Tell of several notifications as one; ``own`` is None when it is no news any more.

    ``like`` tells whom they are for. With one left, that one is told.
    """
    if not others:
        return like
    if own is None and len(others) == 1:
        [only] = others
        return replace(
            like,
            category=only.category,
            template=only.template,
            facts=only.facts,
            link=f"{public_url}{only.link}",
            at=only.at,
            notification_id=only.id,
            thread=only.order_id or only.conversation_id,
        )
    titles = [in_two_lines(own).title] if own is not None else []
    links = {f"{public_url}{row.link}" for row in others} | ({own.link} if own else set())
    threads = {row.order_id or row.conversation_id for row in others}
    threads |= {own.thread} if own else set()
    return replace(
        like,
        category=own.category if own else others[0].category,
        template="several",
        facts={"titles": [*titles, *(row.title for row in others)]},
        link=links.pop() if len(links) == 1 else f"{public_url}{NEWS}",
        thread=threads.pop() if len(threads) == 1 else None,
    )
