"""Requests into typed commands: whatever is wrong is refused by the name of its field."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request

from domain.errors import Invalid, TooLarge
from domain.instants import MOMENT_WORDS
from domain.money import CURRENCIES, MAX_AMOUNT
from realtime.api.forms import ID_FORM, NAME_FORM, WORDS
from realtime.decoding import NO_TEXT, invalid, no_moment_in, no_text_in
from realtime.services.paging import decode_cursor

MAX_BODY_BYTES = 1024 * 1024
DEFAULT_LIMIT, MAX_LIMIT = 50, 200

AccountId = Annotated[str, Meta(pattern=ID_FORM)]
Name = Annotated[
    str,
    Meta(
        description="One line with something to see in it",
        min_length=1,
        max_length=200,
        pattern=NAME_FORM,
        examples=["Sam Meadow"],
    ),
]
Days = Annotated[int, Meta(ge=1, le=365)]
Currency = Annotated[str, Meta(examples=["EUR"], extra_json_schema={"enum": sorted(CURRENCIES)})]
Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT, examples=[12_050])]

# What is decoded as one is also bounded: no_moment_in.
Moment = Annotated[datetime, Meta(description=f"RFC 3339; {MOMENT_WORDS}", tz=True)]

Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[
    str,
    Meta(
        description="`next_cursor` of the page before",
        extra_json_schema={"format": "cursor"},
    ),
]

T = TypeVar("T")
Key = TypeVar("Key", bound=tuple[Any, ...])


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may carry: unknown fields are refused, for they are somebody's mistake."""

    def check(self) -> None:
        """Refuse what no type can say; called on the whole of a body that was read."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What may stand behind the question mark."""


class PageQuery(Query, frozen=True):
    """Which part of a list is wanted."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None

    def after(self, key: type[Key]) -> Key | None:
        """Return the key behind which the page begins; None for the first one."""
        return decode_cursor(self.cursor, key) if self.cursor else None


class Price(Body, frozen=True):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Amount
    currency: Currency

    def check_currency(self, path: str) -> None:
        """Refuse a currency that there is not."""
        if self.currency not in CURRENCIES:
            raise Invalid.field(f"{path}.currency", "is no currency code of ISO 4217")


async def read_body(request: Request, kind: type[T]) -> T:
    """Read a JSON body as ``kind``; Invalid names the field, TooLarge the limit."""
    return decode_body(await read_raw(request), kind)


async def read_raw(request: Request) -> bytes:
    """Read a body as it is; TooLarge as soon as it has more bytes than any of ours."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise TooLarge(f"has at most {MAX_BODY_BYTES} bytes", path="body")
    return bytes(raw)


def decode_body(text: bytes, kind: type[T]) -> T:
    """Decode what was read; Invalid names the field."""
    try:
        if b"\\u0000" in text and (wrong := no_text_in(text)):
            raise wrong
        body = _decoded(text, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error), whole="body", words=WORDS) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise no_text_in(text) or Invalid.field("body", f"is no JSON: {error}") from None
    except RecursionError:
        raise Invalid.field("body", "is nested too deeply") from None
    if wrong := no_moment_in(body):
        raise wrong
    if isinstance(body, Body):
        body.check()
    return body


def _decoded(text: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        if b".0" not in text:
            raise
        # A schema's 3.0 is as whole a number as 3, and some languages write it so.
        try:
            value = json.loads(text, parse_float=_number, parse_constant=_no_number)
        except ValueError:
            raise error from None
        return msgspec.convert(value, kind)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


async def read_path(request: Request, kind: type[T]) -> T:
    """Read the ids of a path; one that no id can be is refused by name."""
    return _converted(request.path_params, kind)


async def read_query(request: Request, kind: type[T]) -> T:
    """Read the parameters of the query as ``kind``, which has a default for each of them."""
    given = request.query_params
    for name in given:
        if len(given.getlist(name)) > 1:
            raise Invalid.field(name, "is given once")
        if "\0" in given[name]:
            raise Invalid.field(name, NO_TEXT)
    query = _converted(dict(given), kind)
    for name, text in given.items():
        value = getattr(query, name, text)
        # To a converter the text "null" is none. To us nothing that is given is.
        if text == "null" and value is None:
            raise Invalid.field(name, "is not of the form that is wanted here")
        # To a converter a number is a time, too: seconds since 1970.
        if isinstance(value, datetime) and text[4:5] != "-":
            raise Invalid.field(name, "is no time of RFC 3339")
    if wrong := no_moment_in(query):
        raise wrong
    return query


async def read_headers(request: Request, kind: type[T]) -> T:
    """Read the headers that ``kind`` names."""
    names = [field.encode_name for field in msgspec.structs.fields(kind)]  # type: ignore[arg-type] # it is a Struct
    return _converted({n: request.headers[n] for n in names if n in request.headers}, kind)


def _converted(texts: Mapping[str, str], kind: type[T]) -> T:
    try:
        values = msgspec.convert(texts, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(str(error), whole="query", words=WORDS) from None
    for name, text in texts.items():
        # To a converter 1e1 and 10.0 are 10.
        if type(getattr(values, name, None)) is int and not (text.isascii() and text.isdigit()):
            raise Invalid.field(name, "is a whole number, written in digits alone")
    return values
