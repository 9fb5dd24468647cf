"""What the rules refuse becomes a code that tells a client what to do."""

import json
from collections.abc import Iterator

import pytest

from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotParticipant,
    OrderwireError,
    TokenExpired,
    TokenInvalid,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from realtime.gateway.errors import PositionLost, channel_error_code, error_code

CODES = {
    OrderwireError: 100,
    Unavailable: 100,
    Unauthorized: 101,
    TokenInvalid: 101,
    TokenExpired: 109,
    PositionLost: 112,
    Invalid: 400,
    Forbidden: 403,
    NotParticipant: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
}


def family(root: type[OrderwireError]) -> Iterator[type[OrderwireError]]:
    """Go through the tree of errors."""
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def an(kind: type[OrderwireError], detail: str = "it is like this") -> OrderwireError:
    """Make an error of a kind."""
    return kind.field("body", detail) if issubclass(kind, Invalid) else kind(detail)


@pytest.mark.parametrize(
    "kind",
    sorted(set(family(OrderwireError)), key=str),
    ids=lambda kind: kind.__name__,
)
def test_every_error_has_its_code_and_words_that_fit(kind: type[OrderwireError]) -> None:
    for detail in ("it is like this", "ü" * 500, ""):
        found = error_code(an(kind, detail))

        assert found.code == next(CODES[base] for base in kind.__mro__ if base in CODES)
        assert 0 < len(found.message.encode()) <= 123
        with pytest.raises(json.JSONDecodeError):
            json.loads(found.message)


def test_what_may_be_tried_again_says_so() -> None:
    temporary = {kind for kind in CODES if error_code(an(kind)).temporary}
    assert temporary == {OrderwireError, Unavailable, TooMany}


def test_our_own_weakness_is_told_without_details() -> None:
    assert "password" not in error_code(Unavailable("password in a DSN")).message


def test_a_page_acts_on_the_code_of_what_is_forbidden() -> None:
    assert error_code(Forbidden("wait for an answer", code="blocked")).message == "blocked"
    assert error_code(Conflict("closed", code="conversation_closed")).message == (
        "conversation_closed"
    )
    assert error_code(NotParticipant("not yours")).message == "not_participant"


def test_what_is_invalid_names_the_field() -> None:
    assert error_code(Invalid.field("body", "is empty")).message == "body: is empty"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Forbidden("not yours"), 103),
        (NotParticipant("not yours"), 103),
        (NotFound("no such kind"), 102),
        (Unavailable("not now"), 100),
        (TooMany("later"), 429),
        (PositionLost("gone"), 112),
    ],
)
def test_a_refused_channel_has_the_codes_of_the_protocol(error: OrderwireError, code: int) -> None:
    assert channel_error_code(error).code == code
