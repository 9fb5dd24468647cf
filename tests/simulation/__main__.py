"""``python -m tests.simulation --seeds 1..1000``: live through seeds, and tell what was wrong."""

import argparse
import gc
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, islice

from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import STEPS, Outcome, live_through

# Sets of words have an order of their own in each process unless it is fixed.
HASHES = "0"
# Garbage is collected after so many seeds: it costs a third of the time otherwise.
COLLECT_EVERY = 20
CHUNK = 100
TELL_EVERY = 10_000
MOST_FAULTS_SHOWN = 5


def main(words: Sequence[str]) -> int:
    """Run; return 1 if anything was wrong."""
    asked = _parser().parse_args(words)
    # A node that dies leaves work that has not had its first turn.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
    gc.disable()
    if asked.mutants:
        return _find_mutants(asked.seeds)
    if asked.trace or asked.digest:
        return _replay(asked)
    return _patrol(asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="1..1000", type=_seeds, help="some, or FIRST..LAST")
    parser.add_argument("--steps", type=int, default=STEPS, help="how long a world is rough")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--embedded", action="store_true", help="the real storage in all worlds")
    parser.add_argument("--trace", action="store_true", help="write all that happens")
    parser.add_argument("--digest", action="store_true", help="write a short name of all of it")
    parser.add_argument("--mutants", action="store_true", help="see that broken servers are found")
    return parser


def _seeds(text: str) -> list[int]:
    return [seed for stretch in text.split(",") for seed in _stretch(stretch)]


def _stretch(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def _patrol(asked: argparse.Namespace) -> int:
    """Live through many; tell of those that fail, and how to see them again."""
    begun, failed = time.perf_counter(), 0
    for number, outcome in enumerate(_outcomes(asked), 1):
        if outcome.faults:
            failed += 1
            _tell(outcome, asked)
        if number % TELL_EVERY == 0:
            print(f"{number} seeds, {failed} failed", flush=True)
    took = time.perf_counter() - begun
    count = len(asked.seeds)
    print(f"{count} seeds, {failed} failed, {count / took:.0f} a second")
    return bool(failed)


def _outcomes(asked: argparse.Namespace) -> Iterator[Outcome]:
    live = partial(_live_through_all, steps=asked.steps, embedded=asked.embedded or None)
    if asked.jobs == 1:
        yield from chain.from_iterable(map(live, _chunks(asked.seeds)))
        return
    with ProcessPoolExecutor(asked.jobs) as pool:
        yield from chain.from_iterable(pool.map(live, _chunks(asked.seeds)))


def _live_through_all(seeds: Iterable[int], *, steps: int, embedded: bool | None) -> list[Outcome]:
    return [_briefly(live_through(seed, steps=steps, embedded=embedded), seed) for seed in seeds]


def _briefly(outcome: Outcome, seed: int) -> Outcome:
    """Leave the long story out, and clean up now and then."""
    if seed % COLLECT_EVERY == 0:
        gc.collect()
    return Outcome(seed=outcome.seed, faults=outcome.faults, events=[], seconds=outcome.seconds)


def _chunks(seeds: Iterable[int]) -> Iterator[list[int]]:
    left = iter(seeds)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _tell(outcome: Outcome, asked: argparse.Namespace) -> None:
    how = f"python -m tests.simulation --trace --seeds {outcome.seed}"
    how += "" if asked.steps == STEPS else f" --steps {asked.steps}"
    how += " --embedded" if asked.embedded else ""
    print(f"seed {outcome.seed} failed; see it again: {how}")
    for fault in outcome.faults[:MOST_FAULTS_SHOWN]:
        print(f"    {fault}", flush=True)


def _replay(asked: argparse.Namespace) -> int:
    """Write the whole story of some seeds."""
    failed = 0
    for seed in asked.seeds:
        outcome = live_through(seed, steps=asked.steps, embedded=asked.embedded or None)
        failed += bool(outcome.faults)
        if asked.trace:
            print("\n".join(outcome.lines()))
        print(seed, outcome.digest())
        for fault in outcome.faults:
            print(f"    {fault}")
    return bool(failed)


def _find_mutants(seeds: Sequence[int]) -> int:
    """Have each broken server found; return 1 if one is not."""
    missed = 0
    for name, parts in MUTANTS.items():
        outcomes = (
            _briefly(live_through(seed, parts=parts, embedded=False), seed) for seed in seeds
        )
        found = next((outcome for outcome in outcomes if outcome.faults), None)
        missed += found is None
        print(f"{name}: {f'seed {found.seed}, {found.faults[0]}' if found else 'NOT FOUND'}")
    return bool(missed)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != HASHES:
        os.environ["PYTHONHASHSEED"] = HASHES
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    raise SystemExit(main(sys.argv[1:]))
