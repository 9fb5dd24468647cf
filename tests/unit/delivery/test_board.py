"""The board: what is shut, known by all workers, whoever found it out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from realtime.delivery.board import LONGEST_NAME, Board, Kind, Place, Shut, place
from realtime.delivery.domains import IN_A_ROW, SHORTEST, TRIAL, DomainCircuits
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from tests.support.clock import NOON

ONE, OTHER = place(Kind.PUSH, "https://one.example"), place(Kind.DOMAIN, "slow.example")
MINUTE = timedelta(minutes=1)


def test_a_place_is_shut_until_its_moment_and_the_later_of_two_counts() -> None:
    board = Board()
    board.shut(ONE, NOON + 2 * MINUTE, Reason.RATE_LIMITED)
    board.shut(ONE, NOON + MINUTE, Reason.VAPID_REFUSED)
    assert board.look(ONE, NOON + MINUTE) == Shut(NOON + 2 * MINUTE, Reason.RATE_LIMITED)
    assert board.look(ONE, NOON + 2 * MINUTE) is None
    assert board.was_shut(ONE)
    assert board.look(OTHER, NOON) is None


def test_news_are_told_once_and_again_if_they_could_not_be() -> None:
    board, told = Board(), []
    board.announce_to(lambda: told.append(1))
    board.shut(ONE, NOON + MINUTE, Reason.RATE_LIMITED)
    news = board.take_news()
    assert (news, board.take_news()) == ({ONE: Shut(NOON + MINUTE, Reason.RATE_LIMITED)}, {})
    board.reopen(ONE)
    board.put_back(news)
    assert board.take_news() == {ONE: None}, "what was found out meanwhile is newer"
    board.reopen(ONE)
    assert (board.take_news(), len(told)) == ({}, 2)


def test_it_holds_so_many_and_forgets_what_is_over_soonest() -> None:
    board = Board(most=2)
    for number in (2, 1, 3):
        board.shut(place(Kind.DOMAIN, str(number)), NOON + number * MINUTE, Reason.DOMAIN_RESTING)
    assert not board.was_shut(place(Kind.DOMAIN, "1"))
    assert board.was_shut(place(Kind.DOMAIN, "2"))


def test_a_name_is_no_longer_than_what_is_kept_of_it() -> None:
    assert len(place(Kind.DOMAIN, "x" * 999).name) == LONGEST_NAME


def test_what_another_worker_found_shut_is_tried_by_one_mail_when_its_time_is_over() -> None:
    board = Board()
    domains = DomainCircuits(board)
    board.learn([(OTHER, Shut(NOON + MINUTE, Reason.DOMAIN_RESTING))], NOON)
    assert domains.rests_until("sam@slow.example", NOON) == NOON + MINUTE
    later = NOON + MINUTE
    board.learn([], later)
    assert domains.rests_until("sam@slow.example", later) is None
    assert domains.rests_until("bea@slow.example", later) == later + TRIAL
    taken = Outcome(result=Result.ACCEPTED, reason=Reason.SENT)
    domains.learn("sam@slow.example", taken, later)
    assert domains.rests_until("bea@slow.example", later) is None
    assert board.take_news() == {OTHER: None}


def test_what_others_opened_again_is_open_here() -> None:
    board = Board()
    domains = DomainCircuits(board)
    put_off = Outcome(result=Result.RETRY, reason=Reason.TRY_LATER)
    for _ in range(IN_A_ROW):
        domains.learn("sam@slow.example", put_off, NOON)
    board.take_news()
    assert domains.rests_until("sam@slow.example", NOON) == NOON + SHORTEST
    board.learn([], NOON)
    assert domains.rests_until("sam@slow.example", NOON) is None


def test_what_was_found_out_while_the_others_were_asked_stands() -> None:
    board = Board()
    told = [
        (ONE, Shut(NOON + MINUTE, Reason.RATE_LIMITED)),
        (OTHER, Shut(NOON + MINUTE, Reason.DOMAIN_RESTING)),
    ]
    board.learn(told, NOON)
    board.shut(ONE, NOON + 3 * MINUTE, Reason.VAPID_REFUSED)
    board.reopen(OTHER)
    board.learn(told, NOON)
    assert board.look(ONE, NOON) == Shut(NOON + 3 * MINUTE, Reason.VAPID_REFUSED)
    assert board.look(OTHER, NOON) is None
    board.learn([(ONE, Shut(NOON + 9 * MINUTE, Reason.RATE_LIMITED))], NOON)
    assert board.look(ONE, NOON) == Shut(NOON + 9 * MINUTE, Reason.RATE_LIMITED)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("shut"), st.integers(0, 2), st.integers(0, 2), st.integers(1, 9)),
        st.tuples(st.just("reopen"), st.integers(0, 2), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("exchange"), st.integers(0, 2), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.just(0), st.integers(1, 3)),
    ),
    max_size=40,
)
PLACES = [place(Kind.DOMAIN, f"{n}.example") for n in range(3)]


@given(steps=STEPS)
def test_workers_that_have_told_each_other_all_know_the_same(steps: list[Any]) -> None:
    """And what they know is what stands in the table that they tell each other by."""
    boards = [Board() for _ in range(3)]
    table: dict[Place, Shut] = {}
    now = NOON
    for what, who, which, minutes in steps:
        if what == "shut":
            boards[who].shut(PLACES[which], now + minutes * MINUTE, Reason.DOMAIN_RESTING)
        elif what == "reopen":
            boards[who].reopen(PLACES[which])
        elif what == "exchange":
            exchange(boards[who], table, now)
        else:
            now += minutes * MINUTE
    for _ in range(2):
        for board in boards:
            exchange(board, table, now)
    expected = {where: found for where, found in table.items() if found.until > now}
    for board in boards:
        seen = {where: board.look(where, now) for where in PLACES}
        assert {where: found for where, found in seen.items() if found} == expected


def exchange(board: Board, table: dict[Place, Shut], now: datetime) -> None:
    """Do with a dictionary what is done with the database."""
    news: Mapping[Place, Shut | None] = board.take_news()
    for where, found in news.items():
        if found is None:
            table.pop(where, None)
        elif where not in table or table[where].until < found.until:
            table[where] = found
    board.learn([each for each in table.items() if each[1].until > now], now)
