"""Searching: what is folded alike, what a stem finds, and what is shown of it."""

import re

import pytest

from domain.search import (
    LONGEST_WORD,
    MAX_WORDS,
    SNIPPET,
    beginnings,
    contains,
    fold,
    likeness,
    matches,
    rough_pattern,
    snippet,
    terms_of,
    very_words,
    words_of,
)


@pytest.mark.parametrize(
    ("written", "also"),
    [
        ("Müller", "Mueller"),
        ("Müller", "MULLER"),
        ("Straße", "strasse"),
        ("Café", "cafe"),
        ("Ärger", "aerger"),
        ("schön", "schoen"),
        ("İzmir", "izmir"),
    ],
)
def test_what_sounds_alike_is_folded_alike(written: str, also: str) -> None:
    assert fold(written) == fold(also)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Entwürfe", "Hier ist der Entwurf"),
        ("designs", "a design for you"),
        ("delivered", "I deliver today"),
        ("Farben", "eine Farbe"),
        ("Rechnung", "Die Rechnungen sind da"),
        ("log", "The LOGO"),
        ("logo rot", "Ein rotes Logo"),
        ("png", "final-logo.png"),
    ],
)
def test_a_query_finds_words_that_begin_with_its_stems(query: str, text: str) -> None:
    assert matches(terms_of(query), text)


@pytest.mark.parametrize(("query", "text"), [("logo blau", "Ein rotes Logo"), ("go", "Logo")])
def test_each_word_must_be_there_from_its_beginning(query: str, text: str) -> None:
    assert not matches(terms_of(query), text)


def test_a_short_word_is_its_own_stem() -> None:
    assert [term.stem for term in terms_of("es see sees")] == ["es", "see", "sees"]


@pytest.mark.parametrize("query", ["", " ", "?!", "__", '"*'])
def test_without_a_word_there_is_nothing_to_look_for(query: str) -> None:
    assert terms_of(query) == []


def test_a_query_has_so_many_words_at_most_each_once() -> None:
    assert len(terms_of("one one " + " ".join(f"word{n}" for n in range(20)))) == MAX_WORDS


def test_the_very_words_count_for_more() -> None:
    terms = terms_of("designs logo")

    assert likeness(terms, "Two designs for a logo") == 2
    assert likeness(terms, "A design for logos") == 0
    assert likeness(terms, "A design") is None


def test_an_index_has_each_word_once_and_not_endless_ones() -> None:
    text = "Größe, groesse, GROSSE! " + "x" * 100

    assert words_of(text) == ["grosse", "x" * LONGEST_WORD]
    assert beginnings(terms_of("größe " + "x" * 60)) == ["gross", "x" * LONGEST_WORD]
    assert very_words(terms_of("größe " + "x" * 60)) == ["grosse", "x" * LONGEST_WORD]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("olfass", "Das Ölfaß"),
        ("ubergrossen", "ÜBERGRÖẞEN"),
        ("cafe", "CAFÉ"),
        ("muenchen", "München"),
        ("привет", "ПРИВЕТ"),
    ],
)
def test_whatever_matches_is_like_the_rough_pattern(query: str, text: str) -> None:
    (term,) = terms_of(query)
    like = ".*".join(re.escape(part) for part in rough_pattern(term).split("%"))

    assert matches([term], text)
    assert re.search(like, text, re.IGNORECASE | re.DOTALL)
    assert not re.search(rough_pattern(terms_of("brot")[0]).strip("%"), "Wein")


def test_a_short_text_is_shown_whole() -> None:
    shown = snippet(terms_of("logo"), "Your  new\nlogo, LOGOS and more")

    assert shown.text == "Your new logo, LOGOS and more"
    assert [shown.text[first:last] for first, last in shown.hits] == ["logo", "LOGOS"]


@pytest.mark.parametrize("place", [0, 10, 40, 99])
def test_a_long_text_is_cut_around_what_was_found(place: int) -> None:
    words = ["filling"] * 100
    words[place] = "Entwürfe"

    shown = snippet(terms_of("entwurf"), " ".join(words))

    assert len(shown.text) <= SNIPPET + 2
    assert [shown.text[first:last] for first, last in shown.hits] == ["Entwürfe"]
    assert shown.text.startswith("…") == (place > 5)
    assert shown.text.endswith("…") == (place < 99)


def test_one_endless_word_is_cut_too() -> None:
    shown = snippet(terms_of("end"), "x" * 100 + " end" + "y" * 500)

    assert shown.text == "…end" + "y" * (SNIPPET - 3) + "…"
    assert shown.hits == ()


def test_a_text_without_it_is_shown_from_its_beginning() -> None:
    assert snippet(terms_of("logo"), "Something else").text == "Something else"


@pytest.mark.parametrize("part", ["öz", "ÖZ", "oez", "o\u0308z", "joe", "oe", "e", ""])
def test_a_part_is_found_as_it_is_written_or_folded(part: str) -> None:
    assert contains("ANNA Öz, Joe", part)


@pytest.mark.parametrize("part", ["äz", "nö", "\u0308"])
def test_what_is_spelled_alike_in_no_way_is_no_part(part: str) -> None:
    assert not contains("ANNA Öz, Joe", part)
