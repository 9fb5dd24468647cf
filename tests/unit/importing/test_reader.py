"""Lines: each once, with its number and where it ends, however the bytes come."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from realtime.importing.reader import BOM, Lines, RawLine


class Trickle:
    """Gives a few bytes at a time."""

    def __init__(self, text: bytes, sizes: list[int]) -> None:
        self._source = BytesIO(text)
        self._sizes = sizes
        self.most = 0

    def read(self, size: int, /) -> bytes:
        """Give some."""
        self.most = max(self.most, size)
        return self._source.read(self._sizes.pop() if self._sizes else size)


def texts(text: bytes, **more: int) -> list[tuple[int, bytes | None]]:
    """Read a text; return numbers and lines."""
    return [(line.number, line.text) for line in Lines(BytesIO(text), **more)]


@given(st.binary(max_size=60), st.lists(st.integers(1, 9), max_size=20), st.integers(1, 30))
def test_lines_are_the_same_however_they_come(text: bytes, sizes: list[int], piece: int) -> None:
    read = list(Lines(Trickle(text, sizes), piece=piece))

    split = text.split(b"\n")
    ends = [sum(len(each) + 1 for each in split[: n + 1]) for n in range(len(split))]
    expected = [
        RawLine(number, line.removeprefix(BOM) if number == 1 else line, min(end, len(text)))
        for number, (line, end) in enumerate(zip(split, ends, strict=True), 1)
        if (line.removeprefix(BOM) if number == 1 else line).strip()
    ]
    assert read == expected


def test_the_last_line_needs_no_end() -> None:
    assert texts(b"one\ntwo") == [(1, b"one"), (2, b"two")]
    assert texts(b"one\ntwo\n") == [(1, b"one"), (2, b"two")]


def test_what_has_nothing_in_it_counts_and_is_left_out() -> None:
    assert texts(b"\n  \r\none\r\n\n") == [(3, b"one\r")]
    assert texts(b"") == []


def test_a_mark_of_the_byte_order_is_no_text() -> None:
    assert texts(BOM + b"one\n" + BOM + b"two") == [(1, b"one"), (2, BOM + b"two")]


@given(st.integers(1, 40))
def test_a_line_that_is_too_long_is_not_kept_and_the_next_is_read(piece: int) -> None:
    text = b"one\n" + b"x" * 11 + b"\n" + b"y" * 10 + b"\n" + b"z" * 35
    read = list(Lines(BytesIO(text), longest=10, piece=piece))

    assert [(line.number, line.text) for line in read] == [
        (1, b"one"),
        (2, None),
        (3, b"y" * 10),
        (4, None),
    ]
    assert [line.end for line in read] == [4, 16, 27, 62]


def test_it_goes_on_behind_what_was_read_before() -> None:
    first, *_ = Lines(BytesIO(b"one\ntwo\n"))
    rest = list(Lines(BytesIO(b"two\n"), number=first.number, end=first.end))

    assert rest == [RawLine(2, b"two", 8)]
