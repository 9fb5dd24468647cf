"""Domains that put mails off are left alone, and tried again by one mail at a time."""

from dataclasses import replace
from datetime import timedelta

from realtime.delivery.board import Board
from realtime.delivery.domains import (
    IN_A_ROW,
    LONGEST,
    SHORTEST,
    TRIAL,
    DomainCircuits,
)
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from tests.support.clock import NOON

PUT_OFF = Outcome(result=Result.RETRY, reason=Reason.TRY_LATER)
TAKEN = Outcome(result=Result.ACCEPTED, reason=Reason.SENT)
SAM, BEA, ELSEWHERE = "sam@slow.example", "bea@SLOW.example", "cem@fast.example"


def after(times: int, outcome: Outcome = PUT_OFF) -> DomainCircuits:
    circuits = DomainCircuits()
    for _ in range(times):
        circuits.learn(SAM, outcome, NOON)
    return circuits


def test_a_domain_that_puts_off_enough_rests_and_no_other_does() -> None:
    assert after(IN_A_ROW - 1).rests_until(SAM, NOON) is None
    circuits = after(IN_A_ROW)
    assert circuits.rests_until(BEA, NOON) == NOON + SHORTEST
    assert circuits.rests_until(ELSEWHERE, NOON) is None


def test_it_rests_longer_each_time_up_to_a_bound() -> None:
    assert after(IN_A_ROW + 2).rests_until(SAM, NOON) == NOON + 4 * SHORTEST
    assert after(IN_A_ROW + 99).rests_until(SAM, NOON) == NOON + LONGEST


def test_after_its_rest_one_mail_tries_while_the_others_wait() -> None:
    circuits, awake = after(IN_A_ROW), NOON + SHORTEST
    assert circuits.rests_until(SAM, awake) is None
    assert circuits.rests_until(BEA, awake) == awake + TRIAL
    circuits.learn(SAM, TAKEN, awake)
    assert circuits.rests_until(BEA, awake) is None


def test_what_concerns_one_mailbox_or_us_says_nothing_of_the_domain() -> None:
    for reason in (Reason.MAILBOX_FULL, Reason.CONNECTION_FAILED, Reason.TIMEOUT):
        outcome = Outcome(result=Result.RETRY, reason=reason)
        assert after(2 * IN_A_ROW, outcome).rests_until(SAM, NOON) is None


def test_what_a_relay_puts_off_before_it_knows_the_recipient_says_nothing_of_the_domain() -> None:
    by_relay = replace(PUT_OFF, of_relay=True)
    assert after(2 * IN_A_ROW, by_relay).rests_until(SAM, NOON) is None


def test_it_remembers_so_many_domains_and_forgets_the_one_of_longest_ago() -> None:
    circuits = DomainCircuits(Board(most=2), most=2)
    for address in ("a@one.example", "a@two.example", "a@three.example"):
        for _ in range(IN_A_ROW):
            circuits.learn(address, PUT_OFF, NOON)
    assert circuits.rests_until("a@one.example", NOON) is None
    assert circuits.rests_until("a@three.example", NOON + timedelta(seconds=1)) is not None
