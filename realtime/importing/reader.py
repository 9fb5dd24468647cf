"""A stream of bytes as numbered lines, however long one of them is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# As much as a request of the API may carry.
MAX_LINE = 1024 * 1024
PIECE = 256 * 1024
BOM = b"\xef\xbb\xbf"


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size``; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line, without its end; ``text`` is None for one that is too long to be read.

    ``end`` is how many bytes of the source it and everything before it take.
    """

    number: int
    text: bytes | None
    end: int


class Lines:
    """Reads lines that have something in them; those before are ``number`` and took ``end`` bytes.

    No more than one line, and a piece, is in memory at a time.
    """

    def __init__(
        self,
        source: Source,
        *,
        number: int = 0,
        end: int = 0,
        longest: int = MAX_LINE,
        piece: int = PIECE,
    ) -> None:
        self._source = source
        self._number = number
        self._end = end
        self._longest = longest
        self._piece = piece
        self._begun = b""
        # How much of the line that was begun was let go, for it is too long.
        self._dropped = 0

    def __iter__(self) -> Iterator[RawLine]:
        """Read to the end."""
        while read := self._source.read(self._piece):
            *ended, begun = read.split(b"\n")
            for text in ended:
                yield from self._line(text, newline=1)
            self._keep(begun)
        if self._begun or self._dropped:
            yield from self._line(b"", newline=0)

    def _keep(self, text: bytes) -> None:
        if self._dropped or len(self._begun) + len(text) > self._longest:
            self._dropped += len(self._begun) + len(text)
            self._begun = b""
        else:
            self._begun += text

    def _line(self, text: bytes, *, newline: int) -> Iterator[RawLine]:
        self._keep(text)
        self._number += 1
        self._end += len(self._begun) + self._dropped + newline
        line = None if self._dropped else self._begun
        self._begun, self._dropped = b"", 0
        if line is not None and self._number == 1:
            line = line.removeprefix(BOM)
        if line is None or line.strip():
            yield RawLine(self._number, line, self._end)
