"""When an address is written to no more."""

from datetime import timedelta

import pytest

from domain.suppression import (
    BounceKind,
    SuppressionReason,
    Suspension,
    address_key,
    suspension,
)
from tests.support.clock import NOON


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BounceKind.HARD, SuppressionReason.HARD_BOUNCE),
        (BounceKind.COMPLAINT, SuppressionReason.COMPLAINT),
    ],
)
def test_one_hard_bounce_or_complaint_is_enough(
    kind: BounceKind, reason: SuppressionReason
) -> None:
    """And it ends when somebody says so."""
    assert suspension(kind, soft_bounces=0, now=NOON) == Suspension(reason=reason)


def test_a_full_mailbox_is_forgiven_four_times_and_then_left_alone_for_two_weeks() -> None:
    assert suspension(BounceKind.SOFT, soft_bounces=4, now=NOON) is None
    assert suspension(BounceKind.SOFT, soft_bounces=5, now=NOON) == Suspension(
        reason=SuppressionReason.SOFT_BOUNCES, until=NOON + timedelta(days=14)
    )


@pytest.mark.parametrize(
    "spelled",
    ["Post@M\u00fcller.Example", " post@xn--mller-kva.example ", "POST@m\u00fcller.EXAMPLE"],
)
def test_an_address_is_the_same_however_it_is_spelled(spelled: str) -> None:
    assert address_key(spelled) == address_key("post@m\u00fcller.example")


@pytest.mark.parametrize(
    "other", ["", "post", "post@", "past@m\u00fcller.example", "post@a..b", "\ud800@a"]
)
def test_anything_else_is_another(other: str) -> None:
    assert address_key(other) != address_key("post@m\u00fcller.example")
