"""Requests into typed commands: whatever is wrong is refused by the name of its field."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request

from domain.errors import Invalid, TooLarge
from domain.identity import ID_PATTERN, is_id
from domain.money import CURRENCIES, MAX_AMOUNT

MAX_BODY_BYTES = 1024 * 1024
DEFAULT_LIMIT, MAX_LIMIT = 50, 200

AccountId = Annotated[str, Meta(pattern=rf"\A{ID_PATTERN}\Z")]
# With something to see in it.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
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
            raise TooLarge(f"the body has at most {MAX_BODY_BYTES} bytes")
    try:
        if b"\\u0000" in raw:
            _refuse_nul(msgspec.json.decode(raw), "")
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Invalid.field("body", f"is no JSON: {error}") from None
    except RecursionError:
        raise Invalid.field("body", "is nested too deeply") from None


_AT = re.compile(r"^(?P<message>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"(?P<what>unknown|missing required) field `(?P<name>[^`]*)`")
_SAID = {"unknown": "is not known here", "missing required": "is required"}


def _invalid(text: str) -> Invalid:
    """Turn a decoder's sentence into an error that names the field."""
    matched = _AT.match(text)
    assert matched is not None, "the pattern matches anything"
    message, path = matched["message"], matched["path"] or ""
    field = _FIELD.search(message)
    if field:
        message = _SAID[field["what"]]
        path = f"{path}.{field['name']}" if path else field["name"]
    return Invalid.field(path or "body", message[:1].lower() + message[1:])


def _refuse_nul(value: Any, path: str) -> None:
    """No text has U+0000, and PostgreSQL stores none."""
    if isinstance(value, str) and "\0" in value:
        raise Invalid.field(path or "body", "contains the character U+0000, which is no text")
    inner: Mapping[Any, Any] = {}
    if isinstance(value, dict):
        inner = {f"{path}.{key}" if path else key: item for key, item in value.items()}
        for key in value:
            _refuse_nul(key, path)
    elif isinstance(value, list):
        inner = {f"{path}[{index}]": item for index, item in enumerate(value)}
    for name, item in inner.items():
        _refuse_nul(item, name)


def path_id(request: Request, name: str) -> str:
    """Return an id of the path; one that no id can be is refused by name."""
    value: str = request.path_params[name]
    if not is_id(value):
        raise Invalid.field(name, "has 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -")
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
