"""What an endpoint may want, and what it is told then."""

import pytest

from domain.timers import TimerKind
from domain.webhooks import EVENTS, ORDER_EVENTS, patterns, wants


@pytest.mark.parametrize(
    ("wanted", "event", "told"),
    [
        (["*"], "order.created", True),
        (["order.*"], "order.created", True),
        (["order.*"], "message.created", False),
        (["order.created"], "order.created", True),
        (["order.created"], "order.completed", False),
        (["message.created", "delivery.dead"], "delivery.dead", True),
        ([], "order.created", False),
    ],
)
def test_an_endpoint_is_told_what_it_wants(wanted: list[str], event: str, told: bool) -> None:
    assert wants(wanted, event) is told


def test_each_event_can_be_wanted_alone_with_its_kind_and_with_all() -> None:
    assert len(set(patterns())) == len(patterns())
    for event in EVENTS:
        for pattern in ("*", f"{event.partition('.')[0]}.*", event):
            assert pattern in patterns()
            assert wants([pattern], event)


def test_lateness_is_told_under_the_names_of_its_timers() -> None:
    assert {TimerKind.LATE, TimerKind.VERY_LATE} < set(ORDER_EVENTS)
