"""The texts of one language, by key; a sentence that counts has one form for each plural."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Texts with ``{placeholders}``; keys are the catalogue's tables and names joined by dots."""

    language: str
    texts: Mapping[str, str]

    def placeholders(self, key: str) -> frozenset[str]:
        """Return the names that a text wants."""
        parsed = string.Formatter().parse(self.texts[key])
        return frozenset(name for _, name, _, _ in parsed if name is not None)


@cache
def catalogue(language: str) -> Catalogue:
    """Read a language's texts, once."""
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return Catalogue(language, dict(_flattened(tomllib.load(file))))


def _flattened(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def disagreements() -> list[str]:
    """Name every text that a language lacks, has alone, or gives other placeholders."""
    first = catalogue(FALLBACK)
    return [
        complaint
        for language in LANGUAGES
        if language != FALLBACK
        for complaint in compared(first, catalogue(language))
    ]


def compared(first: Catalogue, other: Catalogue) -> Iterator[str]:
    """Name what two languages do not have in common."""
    for key in sorted(first.texts.keys() ^ other.texts.keys()):
        lacking = other if key in first.texts else first
        yield f"{lacking.language} lacks {key}"
    for key in sorted(first.texts.keys() & other.texts.keys()):
        if first.placeholders(key) != other.placeholders(key):
            yield f"{other.language} gives {key} other placeholders"


def check_catalogues() -> None:
    """Raise ``ValueError`` unless all languages say the same: called when the server starts."""
    complaints = disagreements()
    if complaints:
        raise ValueError("texts of alerts: " + "; ".join(complaints))
