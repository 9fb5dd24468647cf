"""Searching in what people write: words as they are compared, German and English.

Text is folded alike on both sides - case, accents, ``ä`` and ``ae``, ``ß`` and ``ss`` - and a word
of a query matches every word that begins with its stem: ``Entwürfe`` and ``designs`` find
``Entwurf`` and ``design``.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_WORDS = 8
SNIPPET = 160
# Longest first; what is left of a word has at least SHORTEST_STEM letters.
ENDINGS = ("ungen", "ings", "ing", "ern", "ers", "en", "er", "es", "ed", "em", "e", "n", "s")
SHORTEST_STEM = 4

_WORD = re.compile(r"[^\W_]+")
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "a": ("ä", "ae", "à", "â"),
    "o": ("ö", "oe", "ô"),
    "u": ("ü", "ue", "û"),
    "e": ("é", "è", "ê"),
}
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def fold(text: str) -> str:
    """Write a text so that what sounds alike is spelled alike."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for written, meant in _UMLAUTS:
        folded = folded.replace(written, meant)
    return folded


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query, folded, and the stem with which matching words begin."""

    word: str
    stem: str


def terms_of(query: str) -> Sequence[Term]:
    """Read the words of a query; none is an empty search."""
    words = dict.fromkeys(_WORD.findall(fold(query)))
    return [Term(word, _stem(word)) for word in list(words)[:MAX_WORDS]]


def _stem(word: str) -> str:
    if word.endswith("ss"):
        return word
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def spellings(term: Term) -> Sequence[str]:
    """List how a stem may be written: as it is, or with one vowel of it as in German or French."""
    found = [term.stem]
    for place, plain in enumerate(term.stem):
        before, rest = term.stem[:place], term.stem[place + 1 :]
        written = _WRITTEN.get(plain, ())
        found += [before + each + rest for each in written]
        if not before:
            # Not every database knows that these are the same letter.
            found += [each.upper() + rest for each in written]
    return found + [each.replace("ss", "ß") for each in found if "ss" in each]


def matches(terms: Sequence[Term], text: str) -> bool:
    """Tell whether a text has a word for each term."""
    words = _WORD.findall(fold(text))
    return all(any(word.startswith(term.stem) for word in words) for term in terms)


def exactness(terms: Sequence[Term], text: str) -> int:
    """Count the terms that stand in a text as they were asked for."""
    words = set(_WORD.findall(fold(text)))
    return sum(term.word in words for term in terms)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text around what was found; ``hits`` are (start, end) of the words in it."""

    text: str
    hits: tuple[tuple[int, int], ...]


def snippet(terms: Sequence[Term], text: str) -> Snippet:
    """Cut a text to the surroundings of the first word that was found."""
    line = " ".join(text.split())
    stems = tuple(term.stem for term in terms)
    found = [word.span() for word in _WORD.finditer(line) if fold(word.group()).startswith(stems)]
    begin = _begin(line, found[0][0]) if found else 0
    end = len(line) if len(line) <= begin + SNIPPET else _end(line, begin)
    before, after = "…" if begin else "", "…" if end < len(line) else ""
    shift = len(before) - begin
    hits = tuple(
        (first + shift, last + shift) for first, last in found if begin <= first and last <= end
    )
    return Snippet(before + line[begin:end] + after, hits)


def _begin(line: str, hit: int) -> int:
    """Begin at a word, some words before the hit."""
    if hit <= SNIPPET // 3:
        return 0
    space = line.find(" ", hit - SNIPPET // 3, hit)
    return hit if space < 0 else space + 1


def _end(line: str, begin: int) -> int:
    """End with a word, if there is an end to it."""
    space = line.rfind(" ", begin + SNIPPET // 2, begin + SNIPPET)
    return begin + SNIPPET if space < 0 else space
