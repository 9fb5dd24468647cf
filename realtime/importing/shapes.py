"""What a line can say: one shape a kind, checked field by field like the bodies of the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.conversations import MAX_BODY
from domain.errors import Invalid, OrderwireError
from domain.orders import OrderStatus
from domain.requirements import Answer, check_questions
from domain.services import ServiceStatus
from realtime.api.accounts import TIMEZONES, Email, Locale
from realtime.api.bodies import AccountId, Days, Moment, Name, Price
from realtime.api.forms import PRINTABLE_FORM, SEEN_FORM, URL_FORM, WORDS
from realtime.api.services import QuestionBody
from realtime.decoding import invalid, no_moment_in, no_text_in
from realtime.services.order_events import SYSTEM

# Those that are counted up here begin like this: one that was brought along could come again.
OWN_NUMBERS = "FO-"
Number = Annotated[str, Meta(min_length=1, max_length=32, pattern=PRINTABLE_FORM)]
Questions = Annotated[tuple[QuestionBody, ...], Meta(max_length=50)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_BODY, pattern=SEEN_FORM)]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """One line; unknown fields are refused, for they are somebody's mistake."""

    id: AccountId

    def check(self) -> None:
        """Refuse what no type can say."""


class AccountLine(Line, frozen=True, tag="account"):
    """An account."""

    name: Name
    email: Email | None = None
    locale: Locale = "en"
    timezone: str = "UTC"
    avatar_url: Annotated[str, Meta(max_length=2000, pattern=URL_FORM)] | None = None
    created_at: Moment | None = None

    def check(self) -> None:
        """Refuse a time zone that there is not, and the name of what acts by itself."""
        if self.timezone not in TIMEZONES:
            raise Invalid.field("timezone", "is no time zone of the IANA database")
        if self.id == SYSTEM:
            raise Invalid.field("id", "stands for nobody: it is who acts by itself")


class ServiceLine(Line, frozen=True, tag="service"):
    """A service; its seller is told of nothing."""

    seller_id: AccountId
    title: Name
    delivery_days: Days
    status: ServiceStatus = ServiceStatus.APPROVED
    requirements: Questions = ()
    created_at: Moment | None = None

    def check(self) -> None:
        """Refuse questions that cannot be answered, or not told apart."""
        _check_questions(self.requirements)


class OrderLine(Line, frozen=True, tag="order"):
    """An order, as far as it came; what was said about it follows as messages."""

    service_id: AccountId
    buyer_id: AccountId
    price: Price
    status: OrderStatus
    created_at: Moment
    number: Number | None = None
    title: Name | None = None
    delivery_days: Days | None = None
    due_at: Moment | None = None
    delivered_at: Moment | None = None
    review_ends_at: Moment | None = None
    closed_at: Moment | None = None
    requirements: Questions | None = None
    answers: Mapping[str, Answer] | None = None

    def check(self) -> None:
        """Refuse times that do not fit the status, or each other."""
        self.price.check_currency("price")
        if self.requirements is not None:
            _check_questions(self.requirements)
        if self.number is not None and self.number.startswith(OWN_NUMBERS):
            raise Invalid.field("number", f"begins with {OWN_NUMBERS}: those are counted up here")
        if (self.closed_at is not None) != (self.status in CLOSED):
            raise Invalid.field("closed_at", "belongs to an order that is completed or cancelled")
        if self.review_ends_at is not None and self.status is not OrderStatus.DELIVERED:
            raise Invalid.field("review_ends_at", "belongs to an order that is delivered")
        _check_ascending(
            created_at=self.created_at, delivered_at=self.delivered_at, closed_at=self.closed_at
        )


class MessageLine(Line, frozen=True, tag="message"):
    """A message about an order, or ``to`` somebody outside of orders; read unless it says not."""

    sender: AccountId
    body: Text
    at: Moment
    order_id: AccountId | None = None
    to: AccountId | None = None
    reply_to: AccountId | None = None
    edited_at: Moment | None = None
    read: bool = True

    def check(self) -> None:
        """Refuse one that is said nowhere, or to oneself."""
        if (self.order_id is None) == (self.to is None):
            raise Invalid.field("order_id", "is given, or to: one of them")
        if self.to == self.sender:
            raise Invalid.field("to", "is the sender")
        _check_ascending(at=self.at, edited_at=self.edited_at)


CLOSED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
KINDS = ("account", "service", "order", "message")
AnyLine = AccountLine | ServiceLine | OrderLine | MessageLine
_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


def read_line(text: bytes) -> AnyLine:
    """Read a line; Invalid says what is wrong with it."""
    try:
        if b"\\u0000" in text and (wrong := no_text_in(text)):
            raise wrong
        line = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _named(error) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise no_text_in(text) or Invalid.field("line", f"is no JSON: {error}") from None
    except RecursionError:
        raise Invalid.field("line", "is nested too deeply") from None
    if wrong := no_moment_in(line):
        raise wrong
    line.check()
    return line


def _named(error: msgspec.ValidationError) -> OrderwireError:
    found = invalid(str(error), whole="line", words=WORDS)
    if found.errors[0].path == "type" and "required" not in found.errors[0].message:
        return Invalid.field("type", f"is one of {', '.join(KINDS)}")
    return found


def _check_questions(questions: Sequence[QuestionBody]) -> None:
    errors = check_questions([each.question() for each in questions], "requirements")
    if errors:
        raise Invalid(*errors)


def _check_ascending(**moments: datetime | None) -> None:
    """Refuse what is said to have happened before what comes before it."""
    before: tuple[str, datetime] | None = None
    for name, moment in moments.items():
        if moment is None:
            continue
        if before is not None and moment < before[1]:
            raise Invalid.field(name, f"is before {before[0]}")
        before = name, moment
