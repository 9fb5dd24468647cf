"""Cursors: opaque, and read back only by the list that gave them out."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.errors import Invalid
from realtime.services.paging import decode_cursor, encode_cursor, page_of

AT = datetime(2026, 11, 24, 12, 0, 0, 123_000, tzinfo=UTC)


def test_a_cursor_is_read_back() -> None:
    assert decode_cursor(encode_cursor((AT, "id")), tuple[datetime, str]) == (AT, "id")
    assert decode_cursor(encode_cursor((True, None)), tuple[bool, str | None]) == (True, None)


@pytest.mark.parametrize(
    "cursor",
    ["x", "ä", "====", "eyJ9", encode_cursor(("a",)), encode_cursor((1, 2)), "W1tbW1tb" * 10_000],
)
def test_what_this_list_did_not_give_out_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        decode_cursor(cursor, tuple[datetime, str])


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        (("0001-01-01T00:00:00+14:00", "id"), tuple[datetime, str]),
        (("9999-12-31T23:59:59-14:00", "id"), tuple[datetime, str]),
        ((AT, "i\0d"), tuple[datetime, str]),
    ],
)
def test_what_no_row_can_have_is_refused(key: tuple[Any, ...], shape: Any) -> None:
    with pytest.raises(Invalid, match="cursor"):
        decode_cursor(encode_cursor(key), shape)


def test_a_cursor_fits_into_an_address() -> None:
    cursor = encode_cursor((AT, "?" * 63 + "ÿ"))

    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#")
    assert base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def test_a_page_knows_whether_there_is_more() -> None:
    whole = page_of([1, 2], 2, show=str, key=lambda row: (row,))
    first = page_of([1, 2, 3], 2, show=str, key=lambda row: (row,))
    empty = page_of([], 2, show=str, key=lambda row: (row,))

    assert whole == {"items": ["1", "2"], "next_cursor": None}
    assert first == {"items": ["1", "2"], "next_cursor": encode_cursor((2,))}
    assert empty == {"items": [], "next_cursor": None}
