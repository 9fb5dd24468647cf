"""What a decoder says of wrong input is told in words, with the field's name."""

import pytest

from domain.errors import FieldError
from realtime.decoding import Words, invalid, no_text_in

WORDS = Words({r"\A\d+\Z": "is a number"})


@pytest.mark.parametrize(
    ("said", "path", "message"),
    [
        ("Object missing required field `body`", "body", "is required"),
        ("Object contains unknown field `x` - at `$.price`", "price.x", "is not known here"),
        ("Expected `str`, got `int` - at `$.name`", "name", "expected `str`, got `int`"),
        (r"Expected `str` matching regex '\\A\\d+\\Z' - at `$.n`", "n", "is a number"),
        ("Expected `str` matching regex 'x'", "whole", "is not of the form that is wanted here"),
        (
            "Invalid enum value 'x' - at `$.status`",
            "status",
            "'x' is none of the values that there are",
        ),
    ],
)
def test_each_kind_of_mistake_has_its_words(said: str, path: str, message: str) -> None:
    assert invalid(said, whole="whole", words=WORDS).errors == (FieldError(path, message),)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b'{"a":{"b":["x","\\u0000"]}}', "a.b[1]"),
        (b'{"a":"cut \\ud83d"}', "a"),
        (b'"\\ud83d"', "body"),
        (b'{"\\u0000":1}', "body"),
    ],
)
def test_what_is_no_text_is_named(raw: bytes, path: str) -> None:
    found = no_text_in(raw)
    assert found is not None
    assert found.errors[0].path == path


@pytest.mark.parametrize("raw", [b'{"a":"whole \xf0\x9f\x91\x8b"}', b"{", b"[" * 100_000])
def test_what_is_text_or_no_json_at_all_is_not(raw: bytes) -> None:
    assert no_text_in(raw) is None
