"""What a list of conversations shows of a message."""

from hypothesis import given
from hypothesis import strategies as st

from domain.conversations import PREVIEW, preview


def test_a_preview_is_one_line() -> None:
    assert preview("  Hello,\n\n\tSam!  ") == "Hello, Sam!"


def test_a_long_message_is_cut_with_an_ellipsis() -> None:
    assert preview("x" * PREVIEW) == "x" * PREVIEW
    assert preview("x" * (PREVIEW + 1)) == "x" * (PREVIEW - 1) + "…"


def test_no_space_stands_before_the_ellipsis() -> None:
    assert preview("x" * (PREVIEW - 2) + " yyy") == "x" * (PREVIEW - 2) + "…"


@given(st.text())
def test_a_preview_fits_whatever_was_written(body: str) -> None:
    assert len(preview(body)) <= PREVIEW
    assert "\n" not in preview(body)
