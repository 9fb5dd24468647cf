"""Expired tokens: asked for anew a few times, and then no more."""

from datetime import UTC, datetime, timedelta

from domain.identity import Role
from realtime.gateway.refusals import IN_A_ROW, MAX_KEPT, Refusals
from realtime.tokens import make_token

ADDRESS = "192.0.2.1"


def token(account: str = "anna") -> str:
    """Make a token that expired yesterday."""
    now = datetime.now(UTC) - timedelta(days=1)
    return make_token("s" * 32, account, role=Role.ACCOUNT, lifetime=timedelta(hours=1), now=now)


def test_after_five_in_a_row_it_is_the_last() -> None:
    refusals = Refusals()
    seen = [refusals.is_last(ADDRESS, token()) for _ in range(IN_A_ROW + 1)]
    assert seen == [False] * IN_A_ROW + [True]


def test_others_behind_the_same_address_are_not_meant() -> None:
    refusals = Refusals()
    for _ in range(IN_A_ROW):
        refusals.is_last(ADDRESS, token())
    assert not refusals.is_last(ADDRESS, token("sabine"))
    assert not refusals.is_last("192.0.2.2", token())
    assert refusals.is_last(ADDRESS, token())


def test_a_good_token_starts_over() -> None:
    refusals = Refusals()
    refusals.forget(ADDRESS, token())
    for _ in range(IN_A_ROW):
        refusals.is_last(ADDRESS, token())
    refusals.forget(ADDRESS, token())
    assert not refusals.is_last(ADDRESS, token())


def test_what_is_no_token_counts_as_nobodys() -> None:
    refusals = Refusals()
    assert [refusals.is_last(ADDRESS, "rubbish") for _ in range(IN_A_ROW + 1)][-1]


def test_only_so_many_are_kept_and_the_oldest_is_forgotten() -> None:
    refusals = Refusals()
    for _ in range(IN_A_ROW):
        refusals.is_last(ADDRESS, "rubbish")
    for number in range(MAX_KEPT):
        refusals.is_last(f"address {number}", "rubbish")
    assert not refusals.is_last(ADDRESS, "rubbish")
