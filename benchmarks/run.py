"""``make bench``: start servers, put the same load on each in turn, print medians side by side."""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import toolchain
from benchmarks.bench import Bench, Contender, Scenario, Standing, Work
from benchmarks.databases import Databases
from benchmarks.figures import Row, Run, compared, summarise, table
from benchmarks.generator import Generator, GeneratorFailed
from benchmarks.processes import DidNotStart, cores
from benchmarks.scenarios import SCENARIOS

QUICK_SECONDS = 0.2


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="default: all")
    parser.add_argument("--only", action="append", help="servers whose name contains this")
    parser.add_argument("--seconds", type=float, default=2.0, help="a phase (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="medians of (default %(default)s)")
    parser.add_argument("--postgres", help="address of a database to use (it is written to)")
    parser.add_argument("--json", type=Path, help="write everything here as well")
    parser.add_argument("--quick", action="store_true", help="small and short: does it work?")
    return parser.parse_args(arguments)


def measure(scenario: Scenario, bench: Bench, generator: Generator, args: Any) -> list[Row]:
    """Start a scenario's servers, go round them, and return the medians."""
    started = {c: work for c in _chosen(scenario, args.only) if (work := _started(c, bench))}
    runs: dict[Contender, list[Run]] = {contender: [] for contender in started}
    for number in range(1, args.rounds + 1):
        print(f"  round {number} of {args.rounds}", file=sys.stderr)
        for contender, work in started.items():
            runs[contender].append(work.run(generator, scenario.phases(bench)))
    rows = [
        row
        for contender, done in runs.items()
        for row in summarise(contender.name, done, counted=scenario.counted, group=contender.group)
    ]
    baselines = frozenset(c.name for c in started if c.standing is Standing.BASELINE)
    places = [(row.group, row.phase) for row in rows]  # as they come in the scenario
    return sorted(compared(rows, baselines), key=lambda row: places.index((row.group, row.phase)))


def _chosen(scenario: Scenario, only: Sequence[str] | None) -> list[Contender]:
    return [c for c in scenario.contenders if not only or any(part in c.name for part in only)]


def _started(contender: Contender, bench: Bench) -> Work | None:
    try:
        return contender.start(bench)
    except toolchain.Missing as missing:
        print(f"  without {contender.name}: {missing}", file=sys.stderr)
    except DidNotStart as failure:
        print(f"  without {contender.name}: did not start: {failure}", file=sys.stderr)
    return None


def machine() -> dict[str, Any]:
    """Say where the figures come from."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
    }


def _one(scenario: Scenario, args: Any) -> list[Row]:
    server_core, generator_core = cores()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orderwire-bench-")))
        folder.chmod(0o755)  # a database server of another user looks in
        seconds = QUICK_SECONDS if args.quick else args.seconds
        bench = Bench(
            folder=folder,
            core=server_core,
            peer_core=generator_core,
            stack=stack,
            seconds=seconds,
            quick=args.quick,
            databases=stack.enter_context(Databases(folder, named=args.postgres)),
        )
        generator = Generator(
            program=toolchain.load_generator(),
            core=generator_core,
            folder=folder,
            warmup=0.05 if args.quick else 0.5,
            deadline=60 + int(20 * seconds),
        )
        return measure(scenario, bench, generator, args)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios; 1 if something that was asked for could not be measured."""
    args = options(arguments)
    args.rounds = 1 if args.quick else args.rounds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # children are ended on the way out
    results: dict[str, list[Row]] = {}
    about = machine()
    try:
        for name in args.scenario or SCENARIOS:
            print(f"\n## {SCENARIOS[name].title}\n", flush=True)
            results[name] = _one(SCENARIOS[name], args)
            print(table(results[name]), flush=True)
    except (toolchain.Missing, GeneratorFailed) as reason:
        print(f"cannot go on: {reason}", file=sys.stderr)
        return 1
    if args.json:
        report = {"machine": about, "results": msgspec.to_builtins(results)}
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
