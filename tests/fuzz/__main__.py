"""``python -m tests.fuzz --inputs 1000000``: feed it all, and tell what was minded."""

import argparse
import sys
from collections.abc import Sequence
from itertools import count

from tests.fuzz.campaign import Report, all_targets, resident, run
from tests.support.virtual_time import run_virtually

TELL_EVERY = 50_000
MOST_GROWN = 32 * 1024 * 1024


def main(words: Sequence[str]) -> int:
    """Run; return 1 if anything was minded, or kept."""
    asked = _parser().parse_args(words)
    numbers = range(asked.first, asked.first + asked.inputs)
    report = run_virtually(_campaign(numbers, asked.seed))
    for finding in report.findings:
        print(f"\n{finding.target}, input {finding.number}: {finding.error}")
        print(f"  {finding.frames!r}")
        print(f"  again: --seed {asked.seed} --first {finding.number} --inputs 1")
    grown = report.grown / 1024 / 1024
    print(f"{_line(report)}, the memory grew by {grown:.1f} MiB since it was warm")
    return 1 if report.findings or report.grown > MOST_GROWN else 0


async def _campaign(numbers: range, seed: int) -> Report:
    marks = count(TELL_EVERY, TELL_EVERY)
    mark = next(marks)

    def tell(report: Report) -> None:
        nonlocal mark
        if report.inputs == mark:
            mark = next(marks)
            print(f"{_line(report)}, {resident() / 1024 / 1024:.0f} MiB", flush=True)

    async with all_targets() as targets:
        return await run(targets, numbers, seed=seed, memory=resident, tell=tell)


def _line(report: Report) -> str:
    rate = report.inputs / report.seconds if report.seconds else 0.0
    return (
        f"{report.inputs:,} inputs, {rate:.0f} a second, {len(report.findings)} findings, "
        f"the slowest (input {report.slowest_number}) took {report.slowest:.3f} s"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="what they are made from")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
