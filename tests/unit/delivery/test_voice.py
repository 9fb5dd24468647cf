"""How accounts are spoken to: language, region, time zone, and what is done to their names."""

from datetime import UTC, datetime

import pytest

from realtime.delivery.locales.catalogue import Catalogue, check_catalogues, compared
from realtime.delivery.locales.voice import first_name, one_line, short_name, voice_for

SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("locale", "language", "price"),
    [
        ("de", "de", f"1.234,50{NBSP}€"),
        ("de-AT", "de", f"€{NBSP}1.234,50"),
        ("en_US", "en", "€1,234.50"),
        ("de-DE-u-co-phonebk", "de", f"1.234,50{NBSP}€"),
        ("de-419", "de", f"1.234,50{NBSP}€"),
        ("pt-BR", "en", "€1,234.50"),
        ("tlh", "en", "€1,234.50"),
        ("not a locale", "en", "€1,234.50"),
        ("", "en", "€1,234.50"),
    ],
)
def test_words_and_formats_go_together(locale: str, language: str, price: str) -> None:
    voice = voice_for(locale, "UTC")
    assert voice.catalogue.language == language
    assert voice.money(123450, "EUR") == price


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(500, "JPY", "¥500"), (1234567, "KWD", "KWD1,234.567")],
)
def test_minor_units_are_those_of_the_currency(amount: int, currency: str, written: str) -> None:
    assert voice_for("en", "UTC").money(amount, currency) == written


@pytest.mark.parametrize(
    ("locale", "zone", "written"),
    [
        ("de", "Europe/Berlin", "Do., 2. Juli 2026, 00:30 Uhr"),
        ("en-GB", "America/New_York", "Wed, 1 July 2026, 18:30"),
        ("en-GB", "Mars/Olympus", "Wed, 1 July 2026, 22:30"),
        ("en-GB", "", "Wed, 1 July 2026, 22:30"),
    ],
)
def test_instants_are_those_of_the_accounts_clock(locale: str, zone: str, written: str) -> None:
    assert voice_for(locale, zone).moment(SUMMER) == written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Anna  Brandt ", "Anna Brandt"),
        ("Anna\r\n\tBrandt", "Anna Brandt"),
        ("An\x00na\x1b[31m", "Anna[31m"),
        ("Anna\u202e\u2066 Brandt", "Anna Brandt"),
        ("Anna\u00a0Brandt\u2028", "Anna Brandt"),
        ("👩‍💻 Anna", "👩‍💻 Anna"),
        ("", ""),
    ],
)
def test_a_name_stays_in_its_line(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("name", "first", "short"),
    [("Anna Brandt", "Anna", "Anna B."), ("Anna", "Anna", "Anna"), ("A B C", "A", "A C.")],
)
def test_names_are_shortened_as_people_do(name: str, first: str, short: str) -> None:
    assert (first_name(name), short_name(name)) == (first, short)


def test_all_languages_say_the_same() -> None:
    check_catalogues()


def test_a_language_that_lacks_a_text_is_found_at_the_start() -> None:
    """Or one whose text has other placeholders."""
    english = Catalogue("en", {"a": "{x}", "b": "b"})
    german = Catalogue("de", {"a": "{y}", "c": "c"})
    assert list(compared(english, german)) == [
        "de lacks b",
        "en lacks c",
        "de gives a other placeholders",
    ]
