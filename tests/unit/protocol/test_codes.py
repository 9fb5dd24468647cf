"""The codes tell a client what to do, in plain words that fit into a close frame."""

import json

import pytest

from realtime.protocol import codes
from realtime.protocol.codes import Disconnect, ErrorCode, Unsubscribed, comes_back

ALL = [
    each for each in vars(codes).values() if isinstance(each, ErrorCode | Disconnect | Unsubscribed)
]
WORDS = [each.message if isinstance(each, ErrorCode) else each.reason for each in ALL]


@pytest.mark.parametrize("words", WORDS)
def test_words_are_plain_never_empty_and_never_json(words: str) -> None:
    assert 0 < len(words.encode()) <= 123
    with pytest.raises(json.JSONDecodeError):
        json.loads(words)


def test_no_code_means_two_things() -> None:
    numbers = [each.code for each in ALL]
    assert len(numbers) == len(set(numbers))


def test_what_is_temporary_is_what_an_sdk_may_try_again() -> None:
    temporary = {each.code for each in ALL if isinstance(each, ErrorCode) and each.temporary}
    assert temporary == {100, 111}


@pytest.mark.parametrize("disconnect", [each for each in ALL if isinstance(each, Disconnect)])
def test_who_comes_back_is_told_by_the_range(disconnect: Disconnect) -> None:
    final = {3500, 3501, 3503, 3507, 3509}
    assert comes_back(disconnect) is (disconnect.code not in final)


@pytest.mark.parametrize(
    ("code", "back"),
    [(3499, True), (3500, False), (3999, False), (4000, True), (4500, False), (5000, True)],
)
def test_ranges_end_where_the_sdks_end_them(code: int, back: bool) -> None:
    assert comes_back(Disconnect(code, "x")) is back


def test_an_unsubscribe_from_2500_on_is_followed_by_a_new_subscribe() -> None:
    assert codes.STATE_LOST.code >= 2500 > codes.BY_SERVER.code
