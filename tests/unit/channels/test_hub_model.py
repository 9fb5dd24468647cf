"""Whatever the bus loses, doubles and reorders: everybody is sent everything once, in order."""

import pytest

from tests.support.virtual_time import run_virtually
from tests.unit.channels.world import live_through

CHUNK = 50
KINDS = {
    "a thread": {},
    "an inbox, that skips the steps between": {"things": 3},
    "a thread that is soon too far ahead to replay": {"most": 4},
}


@pytest.mark.parametrize("first", range(0, 350, CHUNK))
@pytest.mark.parametrize("kind", KINDS)
def test_each_entry_is_sent_once_in_order_and_without_a_gap(kind: str, first: int) -> None:
    for seed in range(first, first + CHUNK):
        try:
            run_virtually(live_through(seed, **KINDS[kind]))
        except BaseException as error:
            error.add_note(f"seed {seed} of {kind}")
            raise
