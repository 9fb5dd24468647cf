"""Seeds that once failed, with the steps of their worlds: each found something."""

from tests.simulation.runs import STEPS

KNOWN_SEEDS: tuple[tuple[int, int], ...] = (
    # Subscribes that came with the connect began to wait when it was answered.
    (153, STEPS),
    (1455, STEPS),
)
