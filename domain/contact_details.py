"""Contact details in a message: where they stand, and the text without them. Pure.

A helper against thoughtless messages, not a wall: whoever wants to get around it can. So it errs
towards silence, and what it finds is told to the sender before anything is sent.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from urllib.parse import urlsplit

from domain import contact_patterns as patterns
from domain.contact_negation import is_negated

MASK = "•••"
# How far before a detail it may be said that it is not to be used.
REACH = 120
# Of the words for digits a number that is said has several.
FEWEST_WORDS = 3


class DetailKind(StrEnum):
    """What kind of detail."""

    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"


class DetailMode(StrEnum):
    """What is done about them before two people have an order."""

    WARN = "warn"  # the sender is told, and it is sent
    MASK = "mask"  # they are masked in what is stored
    HOLD = "hold"  # the text is shown when an operator lets it through


@dataclass(frozen=True, slots=True)
class Detail:
    """One of them: the characters from ``start`` up to ``end``."""

    kind: DetailKind
    start: int
    end: int


def find(text: str, *, own_hosts: Collection[str] = ()) -> tuple[Detail, ...]:
    """Find the contact details in a text, in order and apart from each other.

    What stands at the marketplace's own hosts is none.
    """
    plain, places = _plain(text)
    signs = _signs(plain)
    if not signs:
        return ()
    readable = _blanked(plain, _spans(patterns.QUOTE_LINE, plain))
    readable = _blanked(readable, _spans(patterns.QUOTED, readable))
    readable = _blanked(readable, _own_links(readable, own_hosts))
    of_each_kind = [detail for look in signs for detail in look(readable, own_hosts)]
    found = [each for each in _apart(of_each_kind) if not _is_negated(readable, each)]
    if places is None:
        return tuple(found)
    return tuple(Detail(each.kind, places[each.start], places[each.end - 1] + 1) for each in found)


def masked(text: str, details: Iterable[Detail]) -> str:
    """Put a mask where the details stand."""
    pieces = []
    after = 0
    for detail in details:
        pieces += [text[after : detail.start], MASK]
        after = detail.end
    return "".join([*pieces, text[after:]])


# --- reading ----------------------------------------------------------------------------------

Span = tuple[int, int]


def _plain(text: str) -> tuple[str, Sequence[int] | None]:
    """Write a text in lower case and plain forms; tell where each character stood, if elsewhere.

    Wide and mathematical letters become ours, and what cannot be seen goes.
    """
    if text.isascii():
        return text.lower(), None
    written: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        for each in unicodedata.normalize("NFKC", character).lower():
            written.append(str(unicodedata.decimal(each)) if each.isdecimal() else each)
            places.append(place)
    return "".join(written), places


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    return (match.span() for match in pattern.finditer(text))


def _blanked(text: str, spans: Iterable[Span]) -> str:
    """Put something in the place of spans that no pattern matches; all else stays where it is."""
    pieces = []
    after = 0
    for start, end in spans:
        pieces += [text[after:start], "\0" * (end - start)]
        after = end
    return "".join([*pieces, text[after:]]) if pieces else text


def _own_links(text: str, own_hosts: Collection[str]) -> Iterator[Span]:
    for match in patterns.URL.finditer(text):
        if _host(match[0]) in own_hosts:
            yield match.span()


def _host(url: str) -> str:
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""


def _apart(found: Iterable[Detail]) -> list[Detail]:
    """Join what overlaps; the first one says what it is."""
    joined: list[Detail] = []
    for each in sorted(found, key=lambda detail: (detail.start, -detail.end)):
        if joined and each.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Detail(last.kind, last.start, max(last.end, each.end))
        else:
            joined.append(each)
    return joined


def _is_negated(text: str, detail: Detail) -> bool:
    phrase = text[detail.start : detail.end] if detail.kind is DetailKind.MESSENGER else ""
    before = text[max(0, detail.start - REACH) : detail.start]
    behind = text[detail.end : detail.end + REACH]
    return is_negated(before, phrase, behind)


# --- kinds ------------------------------------------------------------------------------------

Look = Callable[[str, Collection[str]], Iterator[Detail]]


def _signs(text: str) -> list[Look]:
    """Name the kinds that a text may have; for most texts there are none."""
    return [look for sign, look in _KINDS if sign(text)]


def _has(text: str, signs: Iterable[str]) -> bool:
    return any(map(text.__contains__, signs))


def _may_have_mail(text: str) -> bool:
    if _has(text, patterns.SIGNS_OF_MAIL):
        return True
    return _has(text, patterns.SIGNS_OF_AT) and (
        _has(text, patterns.SIGNS_OF_DOT) or _has(text, patterns.PROVIDERS)
    )


def _may_have_handle(text: str) -> bool:
    return _has(text, patterns.SIGNS_OF_MESSENGERS)


def _may_have_number(text: str) -> bool:
    return patterns.SEVEN_DIGITS.search(text) is not None


def _may_be_said(text: str) -> bool:
    return sum(map(text.__contains__, patterns.NUMBER_WORDS)) >= FEWEST_WORDS


def _mails(text: str, own_hosts: Collection[str]) -> Iterator[Detail]:
    for pattern in patterns.MAILS:
        for match in pattern.finditer(text):
            if match[0].rpartition("@")[2].strip() not in own_hosts:
                yield Detail(DetailKind.EMAIL, *match.span())


def _handles(text: str, _own_hosts: Collection[str]) -> Iterator[Detail]:
    for pattern in (*patterns.HANDLES, *patterns.INVITATIONS):
        for span in _spans(pattern, text):
            yield Detail(DetailKind.MESSENGER, *span)


def _numbers(text: str, _own_hosts: Collection[str]) -> Iterator[Detail]:
    without = _blanked(text, _spans(patterns.URL, text))
    for pattern in patterns.NO_NUMBERS:
        without = _blanked(without, _spans(pattern, without))
    for match in patterns.NUMBER.finditer(without):
        called = patterns.CALLED.search(without[max(0, match.start() - 60) : match.start()])
        if _is_phone(match[0], called=called is not None):
            yield Detail(DetailKind.PHONE, *match.span())


def _said_numbers(text: str, _own_hosts: Collection[str]) -> Iterator[Detail]:
    for match in patterns.SPELLED.finditer(text):
        if _is_said(match[0]):
            yield Detail(DetailKind.PHONE, *match.span())


_KINDS: Sequence[tuple[Callable[[str], bool], Look]] = (
    (_may_have_mail, _mails),
    (_may_have_handle, _handles),
    (_may_be_said, _said_numbers),
    (_may_have_number, _numbers),
)


def _is_phone(text: str, *, called: bool) -> bool:
    """Tell a telephone number by how it begins, or by what it is called."""
    digits = "".join(character for character in text if character.isdigit())
    if not patterns.FEWEST_DIGITS <= len(digits) <= patterns.MOST_DIGITS:
        return False
    if called or patterns.AMERICAN.fullmatch(text):
        return True
    if text.lstrip("(").startswith("+"):
        return len(digits) > patterns.FEWEST_DIGITS
    if digits.startswith("00"):
        return digits[2] != "0" and len(digits) > 10 and text[:4].strip("( ").isdigit()
    return digits.startswith("0") and len(digits) > 8 and digits[1] != "0"


def _is_said(text: str) -> bool:
    """Tell a number that is said digit by digit from somebody who counts."""
    words = patterns.SAID_DIGIT.findall(text)
    values = [patterns.VALUES[word] for word in words if word in patterns.VALUES]
    in_words = sum(not word.isdigit() for word in words)
    steps = {after - before for before, after in pairwise(values)}
    return len(values) >= patterns.FEWEST_SAID and in_words >= 4 and not steps <= {1, -1}
