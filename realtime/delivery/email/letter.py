"""What a mail says, before it has a form: text and HTML are both made from one letter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from realtime.delivery.alert import (
    AddressSuspended,
    Alert,
    Facts,
    MessageReceived,
    OrderChanged,
    OrderCreated,
    ServiceDecided,
    Several,
    facts_of,
    voice_of,
)
from realtime.delivery.locales.voice import Value, Voice, first_name, one_line

MOST_QUOTES = 20
LONGEST_QUOTE = 1_000


class Row(NamedTuple):
    """One fact in a line of its own."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The parts of a mail, as plain text."""

    language: str
    subject: str
    preheader: str
    headline: str
    greeting: str
    lead: str
    rows: tuple[Row, ...]
    quotes: tuple[str, ...]
    button: str
    link: str
    hint: str
    reason: str
    settings: str
    unsubscribe: str
    unsubscribe_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Where a template's letter differs from what ``template.name`` would say."""

    subject: str = "subject"
    lead: str = "lead"
    rows: tuple[Row, ...] = ()
    quotes: tuple[str, ...] = ()


def write_letter(alert: Alert) -> Letter:
    """Put an alert into words."""
    voice = voice_of(alert)
    facts = facts_of(alert)
    words = facts.words(voice)
    parts = _PARTS[type(facts)](facts, voice, words)

    def said(name: str) -> str:
        return voice.say(f"{alert.template}.{name}", words)

    return Letter(
        language=voice.catalogue.language,
        subject=said(parts.subject),
        preheader=said("preheader"),
        headline=said("headline"),
        greeting=voice.say("mail.greeting", {"name": first_name(one_line(alert.account_name))}),
        lead=said(parts.lead),
        rows=parts.rows,
        quotes=parts.quotes,
        button=said("button"),
        link=alert.link,
        hint=voice.say("mail.or_reply") if alert.reply_to else "",
        reason=voice.say("mail.reason", {"category": voice.say(f"category.{alert.category}")}),
        settings=voice.say("mail.settings"),
        unsubscribe=voice.say("mail.unsubscribe"),
        unsubscribe_url=alert.unsubscribe_url,
    )


def _order_created(facts: OrderCreated, voice: Voice, words: Mapping[str, Value]) -> _Parts:
    def row(name: str, value: Value) -> Row:
        return Row(voice.say(f"order_created.row.{name}"), str(value))

    later = voice.say("order_created.row.due_later")
    rows = [
        row("order", words["number"]),
        row("price", words["price"]),
        row("due", voice.moment(facts.due_at) if facts.due_at else later),
    ]
    if facts.questions:
        answered = voice.say("order_created.row.requirements_answered", words)
        rows.append(row("requirements", answered))
    return _Parts(lead=f"lead.{_order_stands(facts)}", rows=tuple(rows))


def _order_stands(facts: OrderCreated) -> str:
    """Name the sentence that tells how the order's requirements and clock stand."""
    if facts.due_at is None:
        return "waiting"
    if not facts.questions:
        return "no_questions"
    return "answered" if facts.answered >= facts.questions else "partly"


def _order_changed(facts: OrderChanged, voice: Voice, words: Mapping[str, Value]) -> _Parts:
    number = Row(voice.say("order_created.row.order"), str(words["number"]))
    return _Parts(rows=(number,), quotes=(_quote(facts.text),) if facts.text else ())


def _service_decided(facts: ServiceDecided, voice: Voice, _words: Mapping[str, Value]) -> _Parts:
    if not facts.reason:
        return _Parts()
    return _Parts(rows=(Row(voice.say("service.row.reason"), one_line(facts.reason)),))


def _address_suspended(
    _facts: AddressSuspended, _voice: Voice, _words: Mapping[str, Value]
) -> _Parts:
    return _Parts()


def _message_received(facts: MessageReceived, _voice: Voice, _words: Mapping[str, Value]) -> _Parts:
    newest = (facts.messages or (facts.preview,))[-MOST_QUOTES:]
    return _Parts(
        subject="subject_of_order" if facts.order_number else "subject",
        quotes=tuple(_quote(text) for text in newest),
    )


def _several(facts: Several, _voice: Voice, _words: Mapping[str, Value]) -> _Parts:
    return _Parts(quotes=tuple(_quote(title) for title in facts.titles[-MOST_QUOTES:]))


def _quote(text: str) -> str:
    lines = "\n".join(one_line(line) for line in text.splitlines()).strip()
    return lines if len(lines) <= LONGEST_QUOTE else f"{lines[:LONGEST_QUOTE]}…"


_PARTS: Mapping[type[Facts], Callable[..., _Parts]] = {
    OrderCreated: _order_created,
    OrderChanged: _order_changed,
    ServiceDecided: _service_decided,
    AddressSuspended: _address_suspended,
    MessageReceived: _message_received,
    Several: _several,
}
