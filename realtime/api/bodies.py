"""Requests into typed commands: whatever is wrong is refused by the name of its field."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request

from domain.errors import Invalid, TooLarge
from domain.identity import is_id
from domain.money import CURRENCIES, MAX_AMOUNT
from realtime.api.forms import ID_FORM, ID_WORDS, NAME_FORM, WORDS
from realtime.decoding import invalid, no_text_in

MAX_BODY_BYTES = 1024 * 1024
DEFAULT_LIMIT, MAX_LIMIT = 50, 200

AccountId = Annotated[str, Meta(pattern=ID_FORM)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NAME_FORM)]
Days = Annotated[int, Meta(ge=1, le=365)]
Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]

Moment = Annotated[datetime, Meta(tz=True)]

T = TypeVar("T")
Choice = TypeVar("Choice")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may carry: unknown fields are refused, for they are somebody's mistake."""


class Money(Body, frozen=True):
    """An amount in minor units of an ISO 4217 currency."""

    amount: Amount
    currency: str

    def check(self, path: str) -> None:
        """Refuse a currency that there is not."""
        if self.currency not in CURRENCIES:
            raise Invalid.field(f"{path}.currency", "is no currency code of ISO 4217")


async def read_body(request: Request, kind: type[T]) -> T:
    """Read a JSON body as ``kind``; Invalid names the field, TooLarge the limit."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise TooLarge(f"has at most {MAX_BODY_BYTES} bytes", path="body")
    text = bytes(raw)
    try:
        if b"\\u0000" in text and (wrong := no_text_in(text)):
            raise wrong
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error), whole="body", words=WORDS) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise no_text_in(text) or Invalid.field("body", f"is no JSON: {error}") from None
    except RecursionError:
        raise Invalid.field("body", "is nested too deeply") from None


def path_id(request: Request, name: str) -> str:
    """Return an id of the path; one that no id can be is refused by name."""
    value: str = request.path_params[name]
    if not is_id(value):
        raise Invalid.field(name, ID_WORDS)
    return value


def limit_of(request: Request) -> int:
    """Return how long a page may be."""
    limit = query_int(request, "limit")
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.field("limit", f"is between 1 and {MAX_LIMIT}")
    return limit


def query_int(request: Request, name: str) -> int | None:
    """Return a whole number of the query, if it is there."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise Invalid.field(name, "is a whole number")
    return int(text)


def query_choice(
    request: Request, name: str, choices: Mapping[str, Choice], default: Choice
) -> Choice:
    """Return what a word of the query stands for, or the default if it is not there."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text not in choices:
        raise Invalid.field(name, f"is one of {', '.join(choices)}")
    return choices[text]
