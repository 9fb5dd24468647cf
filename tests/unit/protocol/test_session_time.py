"""Pings, pongs, expiry and limits: what a session does as time goes by."""

import pytest

from realtime.protocol import codes
from realtime.protocol.codes import ErrorCode
from realtime.protocol.effects import Open, Ping
from realtime.protocol.session import State
from tests.unit.protocol.talk import Talk, ended, pings, refused

PONG = b"{}"


def answering(talk: Talk, seconds: int, *, with_frame: bytes = PONG) -> int:
    """Let time pass second by second, answer each ping at once, and count them."""
    answered = 0
    for _ in range(seconds):
        effects = talk.wait(1)
        assert not ended(effects)
        if pings(effects):
            assert not ended(talk.send(with_frame))
            answered += 1
    return answered


# --- pings and pongs --------------------------------------------------------------------------


def test_the_first_ping_comes_when_it_is_told_and_the_next_each_25_seconds() -> None:
    talk = Talk.connected(first_ping=10)
    assert talk.wait(9.9) == []
    assert talk.wait(0.1) == [Ping()]
    talk.send(PONG)
    assert talk.wait(24.9) == []
    assert talk.wait(0.1) == [Ping()]


def test_pings_come_whatever_else_flows() -> None:
    talk = Talk.connected(first_ping=25)
    count = 0
    for _ in range(100):
        count += pings(talk.wait(1))
        talk.say(ping={})
    assert count == 4


def test_without_an_answer_within_8_seconds_it_is_over() -> None:
    talk = Talk.connected(first_ping=10)
    assert not ended(talk.wait(17.9))
    assert ended(talk.wait(0.1)) == 3012


@pytest.mark.parametrize("frame", [PONG, b'{"id":9,"ping":{}}', b'{"id":9,"no_such_method":{}}'])
def test_any_frame_counts_as_life(frame: bytes) -> None:
    assert answering(Talk.connected(ttl=3_600), 300, with_frame=frame) == 12


def test_it_awaits_a_pong_from_the_ping_to_the_next_frame() -> None:
    talk = Talk.connected(first_ping=10)
    awaits = [talk.session.awaits_pong]
    talk.wait(10)
    awaits.append(talk.session.awaits_pong)
    talk.send(PONG)
    awaits.append(talk.session.awaits_pong)
    talk.wait(8)
    awaits.append(talk.session.awaits_pong)
    assert awaits == [False, True, False, False]


def test_surplus_pongs_are_ignored() -> None:
    talk = Talk.connected()
    for _ in range(5_000):
        assert talk.send(PONG) == []


def test_pings_that_come_faster_than_pongs_must_do_not_hide_a_dead_client() -> None:
    talk = Talk.connected(first_ping=1, ping=1, pong=8)
    effects = talk.wait(8.9)
    assert pings(effects) == 8
    assert not ended(effects)
    assert ended(talk.wait(0.1)) == 3012


# --- connecting in time, and expiry -----------------------------------------------------------


@pytest.mark.parametrize("say_connect", [False, True])
def test_who_is_not_connected_after_30_seconds_is_sent_away_to_come_back(say_connect: bool) -> None:
    talk = Talk()
    if say_connect:
        talk.say(connect={"token": "t"})
    assert talk.wait(29.9) == []
    assert ended(talk.wait(0.1)) == 4000


def test_who_was_refused_and_stays_is_sent_away_too() -> None:
    talk = Talk()
    talk.say(connect={"token": "t"})
    list(talk.session.connect_failed(1, codes.TOKEN_EXPIRED))
    assert ended(talk.wait(30)) == 4000


def test_nothing_happens_when_the_token_expires_and_25_seconds_later_it_is_over() -> None:
    talk = Talk.connected(ttl=60)
    answering(talk, 84)
    assert isinstance(talk.say(subscribe={"channel": "c"})[0], Open)
    assert ended(talk.wait(1)) == 3005


def test_a_refresh_inside_the_grace_moves_the_expiry() -> None:
    talk = Talk.connected(ttl=60)
    answering(talk, 70)
    list(talk.session.renewed(2, ttl=60, now=talk.now))
    answering(talk, 84)
    assert ended(talk.wait(1)) == 3005


def test_a_tick_before_its_time_does_nothing() -> None:
    talk = Talk.connected()
    assert list(talk.session.tick(talk.now)) == []
    assert list(Talk().session.tick(talk.now)) == []


# --- rates ------------------------------------------------------------------------------------


def answers(talk: Talk, count: int, **method: object) -> list[int]:
    """Send a command so many times at one moment; list the codes of the errors."""
    return [code for _ in range(count) if (code := refused(talk.say(**method)))]


def test_60_commands_at_once_and_30_a_second() -> None:
    talk = Talk.connected()
    assert answers(talk, 100, ping={}) == [111] * 40
    talk.now += 1
    assert answers(talk, 100, ping={}) == [111] * 70


def test_a_refusal_for_haste_may_be_tried_again_and_never_ends_the_connection() -> None:
    talk = Talk.connected()
    for _ in range(500):
        assert not ended(talk.say(ping={}))
    assert codes.TOO_MANY_REQUESTS.temporary


def test_subscribes_have_a_bucket_of_their_own() -> None:
    talk = Talk.connected()
    assert answers(talk, 60, ping={}) == []
    opened = [talk.say(subscribe={"channel": f"thread:{n}"}) for n in range(128)]
    assert all(isinstance(effect, Open) for (effect,) in opened)
    assert answers(talk, 40, subscribe={"channel": "thread:1"}) == [111] * 8


def test_with_more_channels_more_subscribes_may_come_at_once_and_along_with_the_connect() -> None:
    talk = Talk(channels=1_000)
    frames = [talk.written(connect={"token": "t"})]
    frames += [talk.written(subscribe={"channel": f"thread:{n}"}) for n in range(1_000)]
    talk.send(b"\n".join(frames))
    answer, *rest = talk.let_in()
    assert not refused([answer])
    assert sum(isinstance(each, Open) for each in rest) == 1_000


def test_an_unsubscribe_is_never_refused() -> None:
    talk = Talk.connected()
    assert answers(talk, 60, ping={}) == []
    assert answers(talk, 128, unsubscribe={"channel": "c"}) == []


def test_ten_times_the_limit_is_abuse() -> None:
    talk = Talk.connected()
    codes_ = [ended(talk.say(ping={})) for _ in range(2_201)]
    assert codes_ == [0] * 2_200 + [3013]


def test_nine_times_the_limit_is_none_for_as_long_as_it_goes_on() -> None:
    talk = Talk.connected(ttl=3_600)
    for _ in range(60):
        talk.wait(1)
        assert not any(ended(talk.say(unsubscribe={"channel": "c"})) for _ in range(270))


def test_without_a_rate_there_is_no_limit() -> None:
    talk = Talk.connected(commands_per_second=0, commands_burst=0)
    assert answers(talk, 3_000, ping={}) == []


def test_too_much_before_the_connect_reply_is_abuse() -> None:
    talk = Talk()
    talk.say(connect={"token": "t"})
    effects = [talk.say(subscribe={"channel": "c"}) for _ in range(221)]
    assert [ended(each) for each in effects] == [0] * 220 + [3013]
    assert talk.session.state is State.ENDED


def test_more_than_100_errors_in_a_row_are_too_many() -> None:
    talk = Talk.connected(commands_per_second=0)
    ends = [ended(talk.say(publish={})) for _ in range(101)]
    assert ends == [0] * 100 + [3509]


def test_an_error_a_second_may_go_on_for_ever() -> None:
    talk = Talk.connected(commands_per_second=0, ttl=3_600)
    assert answering(talk, 1) == 0
    for _ in range(500):
        assert not ended(talk.wait(1))
        assert refused(talk.say(publish={})) == 108


@pytest.mark.parametrize(
    "error", [codes.INTERNAL, codes.TOO_MANY_REQUESTS, ErrorCode(429, "slow down", temporary=True)]
)
def test_errors_that_are_no_fault_of_the_client_are_not_counted(error: ErrorCode) -> None:
    talk = Talk.connected()
    for _ in range(1_000):
        assert refused(talk.session.fail(1, error, talk.now)) == error.code


def test_an_error_of_what_wants_no_answer_is_counted_and_not_told() -> None:
    talk = Talk.connected()
    ends = [list(talk.session.fail(0, codes.BAD_REQUEST, talk.now)) for _ in range(101)]
    assert ends[:100] == [[]] * 100
    assert ended(ends[100]) == 3509
