"""First contact: a seller waits for the client's word, an order or a grant; a client may open."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from domain.contact import UNLOCKED_BY, ContactHistory, Refusal, Standing, standing
from tests.support.clock import NOON


def a_history(
    *,
    other_offers_services: bool = False,
    other_wrote_first: bool = False,
    has_order: bool = False,
    granted_for: timedelta | None = None,
    blocks_other: bool = False,
    blocked_by_other: bool = False,
) -> ContactHistory:
    """Tell what has been between two people, nothing unless said."""
    return ContactHistory(
        other_offers_services=other_offers_services,
        other_wrote_first=other_wrote_first,
        has_order=has_order,
        granted_until=None if granted_for is None else NOON + granted_for,
        blocks_other=blocks_other,
        blocked_by_other=blocked_by_other,
    )


def test_nothing_between_them_is_not_enough() -> None:
    refused = standing(a_history(), NOON)

    assert refused == Standing(Refusal.FIRST_CONTACT_REQUIRED)


@pytest.mark.parametrize(
    "history",
    [
        a_history(other_offers_services=True),
        a_history(other_wrote_first=True),
        a_history(has_order=True),
    ],
    ids=["to a seller", "an answer", "an order"],
)
def test_any_of_these_opens_for_good(history: ContactHistory) -> None:
    assert standing(history, NOON) == Standing()


def everything_open(*, blocks_other: bool, blocked_by_other: bool) -> ContactHistory:
    """Tell of two who might write for every reason that there is, were it not for a block."""
    return a_history(
        other_offers_services=True,
        other_wrote_first=True,
        has_order=True,
        granted_for=timedelta(hours=1),
        blocks_other=blocks_other,
        blocked_by_other=blocked_by_other,
    )


@pytest.mark.parametrize("back", [False, True])
def test_a_block_wins_over_everything(back: bool) -> None:
    """Of two blocks the writer is told of the one that is theirs to end."""
    blocked = everything_open(blocks_other=back, blocked_by_other=True)
    blocking = everything_open(blocks_other=True, blocked_by_other=back)

    assert standing(blocking, NOON) == Standing(Refusal.YOU_BLOCKED)
    assert standing(blocked, NOON).refusal is (Refusal.YOU_BLOCKED if back else Refusal.BLOCKED)


def test_every_refusal_says_what_would_open_the_door() -> None:
    assert set(UNLOCKED_BY) == set(Refusal)


def test_a_grant_opens_until_its_time() -> None:
    granted = a_history(granted_for=timedelta(hours=1))

    assert standing(granted, NOON) == Standing(until=NOON + timedelta(hours=1))
    assert standing(granted, NOON + timedelta(hours=1)).refusal is Refusal.FIRST_CONTACT_REQUIRED


@pytest.mark.parametrize(("offers", "wrote", "ordered"), list(product((False, True), repeat=3)))
def test_a_grant_that_is_over_takes_nothing_away(offers: bool, wrote: bool, ordered: bool) -> None:
    without = a_history(other_offers_services=offers, other_wrote_first=wrote, has_order=ordered)
    over = replace(without, granted_until=NOON - timedelta(seconds=1))

    assert standing(over, NOON) == standing(without, NOON)
