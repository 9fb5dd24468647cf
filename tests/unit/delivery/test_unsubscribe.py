"""Unsubscribe links: only what we signed is read, and it says no more than it was made for."""

import pytest

from realtime.delivery import base64url
from realtime.delivery.email.unsubscribe import UnsubscribeTokens, Unsubscription

WISH = Unsubscription("sabine", "new_order", "email")
TOKENS = UnsubscribeTokens([b"first"])


def test_a_token_says_who_wants_no_more_of_what() -> None:
    token = TOKENS.make(WISH)
    assert TOKENS.read(token) == WISH
    assert TOKENS.make(WISH) == token
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_secret_may_be_replaced() -> None:
    rotated = UnsubscribeTokens([b"second", b"first"])
    assert rotated.read(TOKENS.make(WISH)) == WISH
    assert TOKENS.read(rotated.make(WISH)) is None


def test_what_was_changed_is_not_read() -> None:
    content, _, signature = TOKENS.make(WISH).partition(".")
    other = base64url.encode(b'["bea","new_order","email"]')
    for token in ("", ".", content, f"{content}.", f"{other}.{signature}", f"{content}.ä", "a.b.c"):
        assert TOKENS.read(token) is None


def test_there_is_no_link_without_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        UnsubscribeTokens([])
