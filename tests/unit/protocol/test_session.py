"""What a session makes of each command in each of its states."""

from typing import Any

import pytest

from domain.publications import Position
from realtime.protocol import codes
from realtime.protocol.commands import METHODS, SubscribeRequest
from realtime.protocol.effects import (
    Answer,
    Authenticate,
    Effect,
    Leave,
    Open,
    ReadHistory,
    ReadPresence,
)
from realtime.protocol.replies import DONE, Reply, SubscribeResult
from realtime.protocol.session import State
from tests.unit.protocol.talk import REQUESTS, Talk, ended, error, refused


def new() -> Talk:
    return Talk()


def connecting() -> Talk:
    talk = Talk()
    talk.say(connect={"token": "t"})
    return talk


def refused_connect() -> Talk:
    talk = connecting()
    assert refused(talk.session.connect_failed(1, codes.TOKEN_EXPIRED)) == 109
    return talk


def over() -> Talk:
    talk = Talk.connected()
    assert ended(talk.send(b"{")) == 3501
    return talk


STATES = {
    State.NEW: new,
    State.CONNECTING: connecting,
    State.CONNECTED: Talk.connected,
    State.REFUSED: refused_connect,
    State.ENDED: over,
}
NOTHING = ""
# What comes of each command: the kind of effect, or the code of an error or of the end.
TABLE = """
                 NEW            CONNECTING  CONNECTED     REFUSED  ENDED
 connect         Authenticate   -           107           -        -
 subscribe       3501           -           Open          -        -
 unsubscribe     3501           -           Answer        -        -
 history         3501           -           ReadHistory   -        -
 presence        3501           -           103           -        -
 presence_stats  3501           -           103           -        -
 rpc             3501           -           Call          -        -
 send            3501           -           Call          -        -
 refresh         3501           -           Renew         -        -
 ping            3501           -           Answer        -        -
 publish         3501           -           108           -        -
 sub_refresh     3501           -           108           -        -
 no_such_method  3501           -           104           -        -
"""


def cases() -> list[tuple[State, str, str]]:
    """Read the table."""
    head, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (State[state], method, outcome)
        for method, *outcomes in rows
        for state, outcome in zip(head, outcomes, strict=True)
    ]


def outcome_of(effects: list[Effect]) -> str:
    """Say what came of a command in the words of the table."""
    if not effects:
        return "-"
    (effect,) = effects
    return str(ended(effects) or refused(effects) or type(effect).__name__)


def test_the_table_has_every_method_in_every_state() -> None:
    assert {(state, method) for state, method, _ in cases()} == {
        (state, method) for state in State for method in (*METHODS, "no_such_method")
    }


@pytest.mark.parametrize(("state", "method", "outcome"), cases())
def test_each_command_in_each_state(state: State, method: str, outcome: str) -> None:
    talk = STATES[state]()
    assert talk.session.state is state

    effects = talk.say(**{method: REQUESTS.get(method, {})})

    assert outcome_of(effects) == outcome
    if outcome == "3501":
        assert talk.session.state is State.ENDED


# --- connecting -------------------------------------------------------------------------------


def test_a_connect_says_who_it_is() -> None:
    (effect,) = Talk().say(connect={"token": "t", "name": "js", "version": "1"})

    assert effect == Authenticate(id=1, token="t", name="js", inbox=None)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"inbox": True}, True),
        ({"inbox": False}, False),
        ({}, False),
        (None, False),
        ({"inbox": "yes"}, False),
        ([1], False),
    ],
)
def test_the_own_inbox_comes_along_when_it_is_asked_for(data: Any, wanted: bool) -> None:
    (effect,) = Talk().say(connect={"token": "t", "data": data})

    assert isinstance(effect, Authenticate)
    assert (effect.inbox is not None) is wanted


def test_the_own_inbox_is_recovered_from_the_position_that_the_client_names() -> None:
    subs = {"news": {"offset": 1}, "inbox:anna": {"recover": True, "offset": 7, "epoch": "e"}}

    (effect,) = Talk().say(connect={"token": "t", "data": {"inbox": True}, "subs": subs})

    assert isinstance(effect, Authenticate)
    assert isinstance(effect.inbox, SubscribeRequest)
    assert (effect.inbox.recover, effect.inbox.offset, effect.inbox.epoch) == (True, 7, "e")


@pytest.mark.parametrize(
    "frame",
    [
        b'{"connect":{"token":"t"}}',  # without an id
        b'{"id":1,"connect":{"token":5}}',
        b'{"id":1}',
        b'{"send":{"data":{}}}',
        b"",
        b"\x00",
    ],
)
def test_nothing_but_a_connect_may_come_first(frame: bytes) -> None:
    assert ended(Talk().send(frame)) == 3501


def test_a_pong_to_nothing_is_ignored() -> None:
    assert Talk().send(b"{}") == []
    assert Talk.connected().send(b"{}\n{}") == []


def test_commands_that_come_along_wait_for_the_connect_reply_and_follow_it() -> None:
    talk = Talk()
    frame = b"\n".join(
        [
            talk.written(connect={"token": "t"}),
            talk.written(subscribe={"channel": "thread:1"}),
            talk.written(subscribe={"channel": "thread:2"}),
            b'{"id":4,"ping":5}',
        ]
    )
    (effect,) = talk.send(frame)
    assert isinstance(effect, Authenticate)

    answer, *rest, last = talk.let_in()

    assert isinstance(answer, Answer)
    assert answer.reply.id == 1
    assert answer.reply.connect is not None
    assert rest == [
        Open(id=2, channel="thread:1", since=None),
        Open(id=3, channel="thread:2", since=None),
    ]
    assert error([last]).code == 107
    assert talk.let_in() == []


def test_after_a_refused_connect_the_rest_is_dropped_in_silence() -> None:
    talk = Talk()
    talk.send(
        talk.written(connect={"token": "t"}) + b"\n" + talk.written(subscribe={"channel": "c"})
    )

    answers = list(talk.session.connect_failed(1, codes.TOO_MANY_REQUESTS))

    assert error(answers) == codes.TOO_MANY_REQUESTS
    assert talk.say(subscribe={"channel": "c"}) == []
    assert talk.send(b"no frame at all") == []
    assert talk.let_in() == []


def test_nothing_follows_the_end() -> None:
    talk = connecting()
    assert ended(talk.send(b"{")) == 3501

    assert talk.let_in() == []
    assert list(talk.session.connect_failed(1, codes.INTERNAL)) == []
    assert talk.wait(3_600) == []
    assert talk.send(b"{") == []


def test_the_rest_of_a_frame_that_ends_the_connection_is_dropped() -> None:
    talk = Talk()
    effects = talk.send(b'{"id":1,"ping":{}}\n{"id":2,"connect":{}}')
    assert ended(effects) == 3501
    assert len(effects) == 1


# --- channels ---------------------------------------------------------------------------------


def test_a_subscribe_opens_its_channel() -> None:
    talk = Talk.connected()

    (effect,) = talk.say(subscribe={"channel": "c", "offset": 7, "epoch": "e"})
    assert effect == Open(id=2, channel="c", since=None)

    result = SubscribeResult(recoverable=True, epoch="e", offset=9)
    (answer,) = talk.session.opened(2, result)
    assert answer == Answer(Reply(id=2, subscribe=result))


def test_a_subscribe_recovers_from_its_position() -> None:
    (effect,) = Talk.connected().say(
        subscribe={"channel": "c", "recover": True, "offset": 7, "epoch": "e", "flag": 3}
    )
    assert effect == Open(id=2, channel="c", since=Position(7, "e"), strict=True)


def test_who_wants_to_be_told_who_comes_and_goes_says_so() -> None:
    (effect,) = Talk.connected().say(subscribe={"channel": "c", "join_leave": True})
    assert effect == Open(id=2, channel="c", since=None, join_leave=True)


def test_a_second_subscribe_is_answered_afresh() -> None:
    talk = Talk.connected()
    talk.say(subscribe={"channel": "c"})
    (effect,) = talk.say(subscribe={"channel": "c"})
    assert effect == Open(id=3, channel="c", since=None)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"channel": ""},
        {"channel": "c" * 256},
        {"channel": "c", "type": 1},
        {"channel": "c", "tf": {"op": "and"}},
    ],
)
def test_what_is_not_offered_is_a_bad_request(asked: dict[str, Any]) -> None:
    assert refused(Talk.connected().say(subscribe=asked)) == 107


def test_fields_that_nobody_knows_are_ignored() -> None:
    request: dict[str, Any] = {
        "channel": "c",
        "delta": "fossil",
        "profile": {},
        "tf": None,
        "flag": 1,
    }
    (effect,) = Talk.connected().say(subscribe=request, headers={"x": "y"})
    assert isinstance(effect, Open)


def test_there_is_a_limit_of_channels_and_a_channel_counts_once() -> None:
    talk = Talk.connected(channels=2)
    for channel in ("a", "b", "a"):
        assert not refused(talk.say(subscribe={"channel": channel}))
    assert refused(talk.say(subscribe={"channel": "c"})) == 106
    talk.say(unsubscribe={"channel": "a"})
    assert not refused(talk.say(subscribe={"channel": "c"}))


def test_an_unsubscribe_is_always_answered() -> None:
    talk = Talk.connected()
    talk.say(subscribe={"channel": "c"})

    assert talk.say(unsubscribe={"channel": "c"}) == [
        Leave("c"),
        Answer(Reply(id=3, unsubscribe=DONE)),
    ]
    assert talk.say(unsubscribe={"channel": "c"}) == [Answer(Reply(id=4, unsubscribe=DONE))]


def test_a_channel_that_could_not_be_opened_is_none_of_its() -> None:
    talk = Talk.connected(channels=1)
    talk.say(subscribe={"channel": "c"})

    effects = talk.session.open_failed(2, "c", codes.PERMISSION_DENIED, talk.now)

    assert error(effects) == codes.PERMISSION_DENIED
    assert talk.session.channels == {}


def test_a_channel_that_was_asked_for_again_outlives_the_failure_of_the_first() -> None:
    talk = Talk.connected()
    talk.say(subscribe={"channel": "c"})
    talk.say(unsubscribe={"channel": "c"})
    talk.say(subscribe={"channel": "c"})

    assert error(talk.session.open_failed(2, "c", codes.INTERNAL, talk.now)) == codes.INTERNAL

    assert talk.session.channels == {"c": 4}


def test_presence_is_for_those_who_are_there() -> None:
    talk = Talk.connected()
    talk.say(subscribe={"channel": "c"})
    assert talk.say(presence={"channel": "c"}) == [ReadPresence(id=3, channel="c", stats=False)]
    assert talk.say(presence_stats={"channel": "c"}) == [
        ReadPresence(id=4, channel="c", stats=True)
    ]


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ({}, {"since": None, "limit": 0, "reverse": False}),
        (
            {"limit": 20, "since": {"offset": 7, "epoch": "e"}, "reverse": True},
            {"since": Position(7, "e"), "limit": 20, "reverse": True},
        ),
        ({"limit": -1, "since": {}}, {"since": Position(0, ""), "limit": -1, "reverse": False}),
    ],
)
def test_history_is_read_as_it_was_asked_for(asked: Any, read: Any) -> None:
    (effect,) = Talk.connected().say(history={"channel": "c", **asked})
    assert effect == ReadHistory(id=2, channel="c", **read)
