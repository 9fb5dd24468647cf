"""What a session makes of calls, of what needs no answer, and of what cannot be read."""

import json

import pytest

from realtime.protocol.effects import Answer, Call, Renew
from realtime.protocol.replies import DONE, Reply
from realtime.protocol.session import WEIGHT
from tests.unit.protocol.talk import Talk, ended, error

# --- calls ------------------------------------------------------------------------------------


def test_a_call_carries_its_data_as_it_came() -> None:
    (effect,) = Talk.connected().say(rpc={"method": "m", "data": {"a": [1, None]}})
    assert isinstance(effect, Call)
    assert (effect.id, effect.method, json.loads(bytes(effect.data))) == (2, "m", {"a": [1, None]})


def test_send_is_a_call_without_an_answer() -> None:
    (effect,) = Talk.connected().send(b'{"send":{"data":{"method":"typing","data":{"a":1}}}}')
    assert isinstance(effect, Call)
    assert (effect.id, effect.method, bytes(effect.data)) == (0, "typing", b'{"a":1}')


def test_a_call_that_waited_for_the_connect_tells_since_when() -> None:
    talk = Talk()
    talk.say(connect={"token": "t"})
    came_at = talk.now
    talk.say(rpc={"method": "m", "data": {}})
    talk.now += 3.0
    effects = talk.let_in()
    (call,) = [each for each in effects if isinstance(each, Call)]
    assert call.at == came_at
    (at_once,) = talk.say(rpc={"method": "m", "data": {}})
    assert isinstance(at_once, Call)
    assert at_once.at == talk.now


@pytest.mark.parametrize("data", [b"5", b'{"method":5}', b"null", b'"\xff"'])
def test_a_send_that_says_nothing_is_nothing(data: bytes) -> None:
    assert Talk.connected().send(b'{"send":{"data":%b}}' % data) == []


def test_a_refresh_is_answered_with_the_time_that_it_brings() -> None:
    talk = Talk.connected()
    assert talk.say(refresh={"token": "t2"}) == [Renew(id=2, token="t2")]

    (answer,) = talk.session.renewed(2, ttl=60.9, now=talk.now)

    assert isinstance(answer, Answer)
    refresh = answer.reply.refresh
    assert refresh is not None
    assert (refresh.client, refresh.expires, refresh.ttl) == ("c1", True, 60)
    assert refresh.version


def test_a_large_answer_counts_as_many_commands() -> None:
    talk = Talk.connected()
    talk.session.weigh(WEIGHT - 1)
    assert talk.say(ping={}) == [Answer(Reply(id=2, ping=DONE))]
    talk.session.weigh(60 * WEIGHT)
    assert error(talk.say(ping={})).code == 111
    talk.now += 2.0
    assert talk.say(ping={}) == [Answer(Reply(id=4, ping=DONE))]


def test_a_ping_of_the_client_is_answered() -> None:
    assert Talk.connected().say(ping={}) == [Answer(Reply(id=2, ping=DONE))]


# --- what cannot be read ----------------------------------------------------------------------


def test_a_command_with_a_wrong_field_is_refused_by_its_id() -> None:
    (effect,) = Talk.connected().send(b'{"id":9,"subscribe":{"channel":5}}')
    assert isinstance(effect, Answer)
    assert effect.reply.id == 9
    assert error([effect]).code == 107


@pytest.mark.parametrize(
    "frame",
    [
        b'{"subscribe":{"channel":"c"}}',
        b'{"id":0,"subscribe":{"channel":5}}',
        b'{"id":0,"ping":{}}',
        b'{"id":-1,"ping":{}}',
        b'{"id":4294967296,"ping":{}}',
        b'{"id":"1","ping":{}}',
        b'{"id":1.5,"ping":{}}',
        b"[]",
        b"null",
        b"{",
        b'{"id":1,"ping":{}}\n{',
        b'{"a":' * 30_000,
    ],
)
def test_a_frame_that_is_none_ends_the_connection_for_good(frame: bytes) -> None:
    assert ended(Talk.connected().send(frame)) == 3501
