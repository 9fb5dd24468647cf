"""What a decoder says of wrong input, in words for whoever sent it, with the field's name."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.errors import Invalid
from domain.instants import MOMENT_WORDS, is_moment

_AT = re.compile(r"^(?P<message>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"(?P<what>unknown|missing required) field `(?P<name>[^`]*)`")
_SAID = {"unknown": "is not known here", "missing required": "is required"}
_REGEX = re.compile(r"matching regex (?P<pattern>'.*')$", re.DOTALL)
_ENUM = re.compile(r"Invalid (?:enum )?value (?P<value>'.*')$", re.DOTALL)


class Words:
    """What is said of a text that does not have the form of a pattern."""

    def __init__(self, by_pattern: Mapping[str, str]) -> None:
        # A decoder shows a pattern as Python would.
        self._by_shown = {repr(pattern): words for pattern, words in by_pattern.items()}

    def of(self, shown: str) -> str:
        """Return the words for a pattern as it is shown."""
        return self._by_shown.get(shown, "is not of the form that is wanted here")


NO_WORDS = Words({})


NO_TEXT = "contains the character U+0000, which is no text"


def invalid(text: str, *, whole: str, words: Words = NO_WORDS) -> Invalid:
    """Turn a decoder's sentence into an error that names the field, or ``whole`` where it has none.

    >>> invalid("Object missing required field `body`", whole="data").errors[0].message
    'is required'
    """
    matched = _AT.match(text)
    assert matched is not None, "the pattern matches anything"
    message, path = matched["message"], matched["path"] or ""
    field = _FIELD.search(message)
    if field:
        path = f"{path}.{field['name']}" if path else field["name"]
        return Invalid.field(path, _SAID[field["what"]])
    return Invalid.field(path or whole, _plain(message, words))


def _plain(message: str, words: Words) -> str:
    form = _REGEX.search(message)
    if form:
        return words.of(form["pattern"])
    choice = _ENUM.search(message)
    if choice:
        return f"{choice['value']} is none of the values that there are"
    return message[:1].lower() + message[1:]


def no_text_in(raw: bytes) -> Invalid | None:
    """Name the first value of a JSON text that no text can have: U+0000, or half a character.

    PostgreSQL stores neither, and half a character cannot even be written down.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = next(_wrong_texts(value, ""), None)
    return Invalid.field(*found) if found else None


def _wrong_texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and "\0" in value:
        yield path or "body", NO_TEXT
    elif isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
        yield path or "body", "contains half of a character (a lone surrogate), which is no text"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _wrong_texts(key, path)
            yield from _wrong_texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _wrong_texts(item, f"{path}[{index}]")


def no_moment_in(value: Any) -> Invalid | None:
    """Name the first time, of what was decoded, that is too early or too late to be taken."""
    found = next(_wrong_moments(value, ""), None)
    return Invalid.field(*found) if found else None


def _wrong_moments(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, datetime):
        if not is_moment(value):
            yield path, MOMENT_WORDS
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            inner = f"{path}.{name}" if path else name
            yield from _wrong_moments(getattr(value, name), inner)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _wrong_moments(item, f"{path}[{index}]")
