"""Seeds that once failed, with the steps of their worlds: each found something."""

KNOWN_SEEDS: tuple[tuple[int, int], ...] = ()
