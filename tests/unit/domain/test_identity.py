"""Ids as a marketplace may bring them."""

import pytest

from domain.identity import is_id


@pytest.mark.parametrize("text", ["a", "A-1_b.c~d", "7", "x" * 64])
def test_these_are_ids(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "ä", "a\n", "a:b", "a%20b"])
def test_these_are_not(text: str) -> None:
    assert not is_id(text)
