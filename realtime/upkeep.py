"""The commands that look after what is stored: ``orderwire retain`` and ``orderwire import``"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.instants import rfc3339_or_none
from realtime import database_setup
from realtime.bootstrap import importing, sweeping
from realtime.command import (
    CommandFailed,
    Commands,
    WrongCall,
    add,
    log_as,
    run,
    settings_of,
)
from realtime.importing.batches import Refused
from realtime.importing.checkpoint import (
    SAMPLE,
    Checkpoint,
    WrongCheckpoint,
    load,
    sample_of,
    save,
)
from realtime.importing.importer import BATCH, Importer, OnError, Report, Stopped
from realtime.importing.progress import Progress
from realtime.importing.reader import Lines
from realtime.server import COLLECTED_AFTER
from realtime.services.retention import Outcome
from realtime.settings import Settings

MOST_AT_ONCE = 20_000


def add_retain(commands: Commands) -> None:
    """Declare ``retain``."""
    parser = add(commands, "retain", "remove what is older than the settings keep it", _retain)
    parser.epilog = "servers and workers do so by themselves, now and then: ORDERWIRE_RETENTION_*"
    parser.add_argument("--dry-run", action="store_true", help="count it, and remove nothing")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _retain(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    log_as(settings)
    run(database_setup.prepare(settings.database_url))
    outcomes = run(_swept(settings, dry=arguments.dry_run))
    if arguments.json:
        print(
            json.dumps({"dry_run": arguments.dry_run, "kinds": [_told(each) for each in outcomes]})
        )
        return 0
    done = "would go" if arguments.dry_run else "gone"
    for each in outcomes:
        kept = f"before {rfc3339_or_none(each.before)}" if each.before else "kept for ever"
        print(f"{each.name:<18} {each.removed:>12,} {done:<9} {kept}")
    return 0


async def _swept(settings: Settings, *, dry: bool) -> Sequence[Outcome]:
    async with sweeping(settings) as retention:
        return await (retention.look() if dry else retention.sweep())


def _told(outcome: Outcome) -> dict[str, str | int | None]:
    return {
        "kind": outcome.name,
        "before": rfc3339_or_none(outcome.before),
        "removed": outcome.removed,
    }


# --- import ---------------------------------------------------------------------------------------


def add_import(commands: Commands) -> None:
    """Declare ``import``."""
    parser = add(commands, "import", "store accounts, services, orders and messages", _import)
    parser.epilog = (
        "a JSON object a line, each kind before what refers to it; what is there already stays as\n"
        "it is, so the same again goes on where it stopped; docs/import.md shows the lines"
    )
    parser.add_argument("file", metavar="FILE", help="what to read; - is the standard input")
    parser.add_argument(
        "--on-error",
        type=OnError,
        choices=tuple(OnError),
        default=OnError.STOP,
        help="what to do about a line that cannot be stored (default: %(default)s)",
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="where it notes how far it came"
    )
    parser.add_argument(
        "--batch",
        type=_batch,
        default=BATCH,
        metavar="LINES",
        help="how many lines a transaction stores (default: %(default)s)",
    )


def _batch(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_AT_ONCE}")
    return int(text)


def _import(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    log_as(settings)
    if arguments.file == "-" and arguments.checkpoint:
        raise WrongCall("--checkpoint: needs a file that can be read from the middle, not -")
    try:
        with ExitStack() as cleanup:
            source = _opened(arguments.file, cleanup)
            journey = _journey(source, arguments)
            run(database_setup.prepare(settings.database_url))
            cleanup.enter_context(_garbage_looked_for_rarely())
            run(_stored(settings, source, arguments, journey))
    except (OSError, WrongCheckpoint) as wrong:
        raise CommandFailed(str(wrong)) from None
    return 0


@contextmanager
def _garbage_looked_for_rarely() -> Iterator[None]:
    """Spare a fifth of the time: nearly all of what a batch is made of is freed by its counts."""
    usual = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _opened(name: str, cleanup: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    return cleanup.enter_context(Path(name).open("rb"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journey:
    """Where an import begins, how far it is to go, and where it notes how far it came."""

    begun: Report
    whole: int | None
    checkpoint: Path | None
    sample: str

    def note(self, report: Report) -> None:
        """Note how far it came."""
        if self.checkpoint is not None:
            far = Checkpoint(lines=report.lines, bytes=report.bytes, sample=self.sample)
            save(self.checkpoint, far)


def _journey(source: BinaryIO, arguments: argparse.Namespace) -> _Journey:
    if arguments.file == "-":
        return _Journey(begun=Report(), whole=None, checkpoint=None, sample="")
    sample = sample_of(source.read(SAMPLE))
    whole = source.seek(0, os.SEEK_END)
    far = load(arguments.checkpoint, sample) if arguments.checkpoint else None
    source.seek(far.bytes if far else 0)
    begun = Report(lines=far.lines, bytes=far.bytes) if far else Report()
    return _Journey(begun=begun, whole=whole, checkpoint=arguments.checkpoint, sample=sample)


async def _stored(
    settings: Settings, source: BinaryIO, arguments: argparse.Namespace, journey: _Journey
) -> None:
    report = journey.begun
    began_at, began = report.lines, time.monotonic()
    progress = Progress(
        out=sys.stderr, monotonic=time.monotonic, whole=journey.whole, begun_at=report
    )
    drawn = sys.stderr.isatty()

    def told(so_far: Report) -> None:
        journey.note(so_far)
        if drawn:
            progress.show(so_far)

    def skipped(line: Refused) -> None:
        if drawn:
            progress.clear()
        print(f"line {line.number}: {line.reason}", file=sys.stderr)

    lines = Lines(source, number=report.lines, end=report.bytes)
    async with importing(settings) as (database, tools):
        importer = Importer(
            database=database,
            tools=tools,
            on_error=arguments.on_error,
            told=told,
            skipped=skipped,
            batch=arguments.batch,
        )
        try:
            await importer.run(lines, report)
        except Stopped as stopped:
            raise CommandFailed(f"{stopped}; what stands before it is stored") from None
        finally:
            if drawn:
                progress.clear()
            print(_summary(report, report.lines - began_at, time.monotonic() - began))


def _summary(report: Report, lines: int, seconds: float) -> str:
    stored = ", ".join(
        f"{count:,} {name if count > 1 else name.removesuffix('s')}"
        for name, count in report.stored.items()
        if count
    )
    told = [
        f"{lines:,} lines in {seconds:,.1f} s ({lines / max(seconds, 1e-9):,.0f}/s)",
        f"new: {stored or 'nothing'}",
        f"there already: {report.present:,}" if report.present else "",
        f"skipped: {report.skipped:,}" if report.skipped else "",
        f"older than what stands before them: {report.misplaced:,}" if report.misplaced else "",
    ]
    return "; ".join(each for each in told if each)
