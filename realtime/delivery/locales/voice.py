"""How one account is spoken to: its language, the formats of its region, its time zone."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, get_currency_precision

from realtime.delivery.locales.catalogue import FALLBACK, LANGUAGES, Catalogue, catalogue

Value = str | int


@dataclass(frozen=True, slots=True)
class Voice:
    """Says texts by key; ``count`` among the values chooses the plural."""

    catalogue: Catalogue
    locale: Locale
    zone: tzinfo

    def say(self, key: str, values: Mapping[str, Value] | None = None) -> str:
        """Return the text of ``key``, or of its plural form, with the values in place."""
        given = values or {}
        texts = self.catalogue.texts
        text = texts[key] if key in texts else texts[f"{key}.{self._plural(given)}"]
        return text.format_map(given)

    def _plural(self, values: Mapping[str, Value]) -> str:
        return self.locale.plural_form(int(values["count"]))

    def knows(self, key: str) -> bool:
        """Tell whether there is a text for ``key``."""
        return key in self.catalogue.texts

    def money(self, amount: int, currency: str) -> str:
        """Write an amount of minor units."""
        value = Decimal(amount).scaleb(-get_currency_precision(currency))
        return format_currency(value, currency, locale=self.locale)

    def moment(self, instant: datetime) -> str:
        """Write an instant as the account's calendar and clock show it."""
        local = instant.astimezone(self.zone)
        values = {
            "weekday": format_date(local, "EEE", locale=self.locale),
            "date": format_date(local, "long", locale=self.locale),
            "time": format_time(local, "short", locale=self.locale),
        }
        return self.say("moment", values)


@lru_cache(maxsize=4_096)
def voice_for(locale: str, timezone: str) -> Voice:
    """Find the voice for an account; what is not known falls back to English and UTC."""
    known = _known_locale(locale)
    language = known.language if known.language in LANGUAGES else FALLBACK
    # Formats go with the words: an English text has no Portuguese dates in it.
    region = known if known.language == language else Locale(language)
    return Voice(catalogue(language), region, _known_zone(timezone))


def _known_locale(text: str) -> Locale:
    """Find the nearest locale that is known, a subtag less at a time (RFC 4647, 3.4)."""
    wanted = text.replace("-", "_")
    while wanted:
        try:
            return Locale.parse(wanted)
        except (ValueError, UnknownLocaleError):
            wanted = wanted.rpartition("_")[0]
    return Locale(FALLBACK)


def _known_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def one_line(text: str) -> str:
    """Make somebody's text safe to stand in a line of ours.

    Line breaks become spaces; control characters, and those that turn the direction of what
    follows (U+202E and its kin), go.
    """
    if not text.isprintable():  # which is rare: most names and titles need no look at each letter
        text = "".join(map(_plain, text))
    return " ".join(text.split())


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) == "Cc" or character in _TURNING
    return "" if hidden else character


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def first_name(name: str) -> str:
    """Return what a person is called: ``Anna`` for ``Anna Brandt``."""
    return name.split(" ", 1)[0]


def short_name(name: str) -> str:
    """Return a name as it fits a subject: ``Anna B.`` for ``Anna Brandt``."""
    first, *others = name.split(" ")
    return f"{first} {others[-1][0]}." if others else first
