"""Searching in what people write: words as they are compared, German and English.

Text is folded alike on both sides - case, accents, ``ä`` and ``ae``, ``ß`` and ``ss`` - and a word
of a query matches every word that begins with its stem: ``Entwürfe`` and ``designs`` find
``Entwurf`` and ``design``.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORDS = 8
SNIPPET = 160
# Longest first; what is left of a word has at least SHORTEST_STEM letters.
ENDINGS = ("ungen", "ings", "ing", "ern", "ers", "en", "er", "es", "ed", "em", "e", "n", "s")
SHORTEST_STEM = 4
# So much of a word, and of a query's, is compared by an index.
LONGEST_WORD = 40

_WORD = re.compile(r"[^\W_]+")
# Letters that may stand for others: vowels, those with accents, and whatever is not ASCII.
_FREELY_WRITTEN = re.compile(r"[^bdfghjkmpqtvwx0-9]+")
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def fold(text: str) -> str:
    """Write a text so that what sounds alike is spelled alike."""
    folded = text.casefold()
    if not folded.isascii():
        plain = unicodedata.normalize("NFKD", folded)
        # Each letter is looked at once, however often it is written: texts are long.
        marks = [ord(letter) for letter in set(plain) if unicodedata.combining(letter)]
        folded = plain.translate(dict.fromkeys(marks)) if marks else plain
    for written, meant in _UMLAUTS:
        folded = folded.replace(written, meant)
    return folded


def contains(text: str, part: str) -> bool:
    """Tell whether a text has a part, as it is written or as it is folded.

    Both: a part may end, or begin, amid two letters that are folded into one.
    """
    if part.casefold() in text.casefold():
        return True
    folded = fold(part)
    return bool(folded) and folded in fold(text)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a query, folded, and the stem with which matching words begin."""

    word: str
    stem: str


def terms_of(query: str) -> Sequence[Term]:
    """Read the words of a query; none is an empty search."""
    words = dict.fromkeys(_WORD.findall(fold(query)))
    return [Term(word, _stem(word)) for word in list(words)[:MAX_WORDS]]


def words_of(text: str) -> Sequence[str]:
    """List the words of a text, each once, as an index keeps them."""
    return sorted({word[:LONGEST_WORD] for word in _WORD.findall(fold(text))})


def beginnings(terms: Sequence[Term]) -> Sequence[str]:
    """List with what indexed words begin that these terms match."""
    return [term.stem[:LONGEST_WORD] for term in terms]


def very_words(terms: Sequence[Term]) -> Sequence[str]:
    """List the words of a query as they are indexed."""
    return [term.word[:LONGEST_WORD] for term in terms]


def rough_pattern(term: Term) -> str:
    """Write a pattern (as of LIKE) of all texts that may match, however their words are spelled."""
    return _FREELY_WRITTEN.sub("%", f"%{term.stem}%")


def _stem(word: str) -> str:
    if word.endswith("ss"):
        return word
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def matches(terms: Sequence[Term], text: str) -> bool:
    """Tell whether a text has a word for each term."""
    words = _WORD.findall(fold(text))
    return all(any(word.startswith(term.stem) for word in words) for term in terms)


def likeness(terms: Sequence[Term], text: str) -> int | None:
    """Count the terms that stand in a text as they were asked for; None if it does not match."""
    words = set(_WORD.findall(fold(text)))
    exact = 0
    for term in terms:
        if term.word in words:
            exact += 1
        elif not any(word.startswith(term.stem) for word in words):
            return None
    return exact


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
