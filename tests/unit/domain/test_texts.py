"""What can be seen of a text."""

import pytest

from domain.texts import is_blank


@pytest.mark.parametrize(
    "text",
    [
        *("", " \t\r\n\u00a0\u3000", "\x00\x1f\x7f\x9f", "\u00ad\u200b\u200d\u2060\ufeff"),
        *("\u3164", "\u115f\u1160", "\uffa0", "\u034f", "\u2800", "\ufe0f"),
        *("\U000e0041", "\U000e0100", "\U0001d173"),
    ],
)
def test_nothing_is_to_be_seen_here(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "text", ["x", " .", "\u2764\ufe0f", "\u3131", "\u0e33", "\u3164a", "\ufffc"]
)
def test_something_is_to_be_seen_here(text: str) -> None:
    assert not is_blank(text)
