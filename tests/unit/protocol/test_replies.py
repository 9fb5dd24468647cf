"""What a reply says about positions, and what is never empty."""

import json
from typing import Any

import pytest

from domain.publications import Changes, Opening, Position, Publication
from realtime.protocol import codes
from realtime.protocol.codec_json import JSON
from realtime.protocol.replies import (
    Reply,
    disconnect_push,
    error_reply,
    subscribe_result,
    unsubscribe_push,
    whole_seconds,
)

TOP = Position(9, "e")
MISSED = tuple(Publication("c", b"{}", offset) for offset in (8, 9))


def shown(opening: Opening, since: Position | None) -> Any:
    """Write a subscribe reply, and read it as a client does."""
    reply = Reply(id=1, subscribe=subscribe_result(opening, since))
    return json.loads(JSON.encode(reply))["subscribe"]


def test_who_comes_for_the_first_time_starts_at_the_top() -> None:
    assert shown(Opening(Changes(TOP), recovered=False, snapshot=b'{"a":1}'), None) == {
        "recoverable": True,
        "positioned": True,
        "epoch": "e",
        "offset": 9,
        "data": {"a": 1},
    }


def test_a_channel_of_which_nothing_is_kept_has_no_position() -> None:
    nowhere = Opening(Changes(Position(0, "")), recovered=False)

    assert shown(nowhere, None) == {}
    assert shown(nowhere, Position(0, "")) == {"was_recovering": True}


def test_with_missed_publications_the_offset_is_the_requests_own() -> None:
    """A client that is torn down in the middle of them asks from where it really was."""
    reply = shown(Opening(Changes(TOP, MISSED), recovered=True), Position(7, "e"))

    assert reply["recovered"] is reply["was_recovering"] is True
    assert reply["offset"] == 7
    assert [each["offset"] for each in reply["publications"]] == [8, 9]


def test_who_never_had_a_position_is_told_none_with_what_it_missed() -> None:
    reply = shown(Opening(Changes(TOP, MISSED), recovered=True), Position(0, ""))

    assert "offset" not in reply
    assert len(reply["publications"]) == 2


def test_with_nothing_missed_the_offset_is_the_top() -> None:
    reply = shown(Opening(Changes(TOP), recovered=True), Position(9, ""))

    assert reply["recovered"] is True
    assert reply["offset"] == 9
    assert "publications" not in reply


def test_what_cannot_be_recovered_starts_at_the_top_and_says_so() -> None:
    lost = Opening(Changes(TOP, complete=False), recovered=False)
    reply = shown(lost, Position(7, "_"))

    assert "recovered" not in reply
    assert reply["was_recovering"] is True
    assert reply["offset"] == 9
    assert "publications" not in reply


def test_a_refusal_says_whether_to_try_again() -> None:
    assert json.loads(JSON.encode(error_reply(5, codes.INTERNAL))) == {
        "id": 5,
        "error": {"code": 100, "message": "internal error, try again", "temporary": True},
    }
    assert "temporary" not in json.loads(JSON.encode(error_reply(5, codes.NOT_AVAILABLE)))["error"]


def test_ends_are_pushed_with_code_and_reason() -> None:
    unsubscribed = json.loads(JSON.encode(unsubscribe_push("c", codes.STATE_LOST)))
    assert unsubscribed == {
        "push": {"channel": "c", "unsubscribe": {"code": 2500, "reason": "insufficient state"}}
    }
    disconnected = json.loads(JSON.encode(disconnect_push(codes.SHUTDOWN)))
    assert disconnected == {"push": {"disconnect": {"code": 3001, "reason": "shutdown"}}}


@pytest.mark.parametrize(("ttl", "seconds"), [(59.9, 59), (1.0, 1), (0.2, 1), (-60.0, 1)])
def test_a_time_to_live_is_never_0(ttl: float, seconds: int) -> None:
    assert whole_seconds(ttl) == seconds
