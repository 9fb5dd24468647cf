"""Feeds targets with inputs from one seed, one after the other, and looks at the memory."""

import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.house import a_server
from tests.fuzz.targets import CODECS, Frames, Target

# Of so many inputs one goes to the server behind its socket: it costs as much as ten of the others.
SOCKET_EVERY = 5
# Before this share of the inputs the memory is not looked at: all is imported and cached by then.
WARM = 0.2
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that something minded; ``number`` and the seed make it again."""

    target: str
    number: int
    frames: Frames
    error: str


@dataclass(slots=True)
class Report:
    """What came of a campaign; ``grown`` is in bytes, since it was warm."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_number: int = 0
    grown: int = 0
    findings: list[Finding] = field(default_factory=list)


@asynccontextmanager
async def all_targets() -> AsyncIterator[Sequence[Target]]:
    """Give them, the server's among them; it has to be on a clock that jumps."""
    async with a_server() as server:
        yield (*CODECS, server)


def target_of(number: int, targets: Sequence[Target]) -> Target:
    """Choose whom an input is for."""
    *cheap, server = targets
    return server if number % SOCKET_EVERY == 0 else cheap[number % len(cheap)]


def input_of(seed: int, number: int, target: Target) -> Frames:
    """Make an input again, or for the first time."""
    return target.frames(Random(seed * 1_000_000_007 + number))


async def run(
    targets: Sequence[Target],
    numbers: range,
    *,
    seed: int,
    most_findings: int = 10,
    memory: Callable[[], int] | None = None,
    tell: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Feed all of these inputs; stop at so many findings."""
    report, began = Report(), time.perf_counter()
    at_first = 0
    for number in numbers:
        if report.inputs == int(len(numbers) * WARM):
            at_first = _memory(memory)
        target = target_of(number, targets)
        frames = input_of(seed, number, target)
        before = time.perf_counter()
        try:
            await target.take(frames)
        except Exception as error:  # whatever it is, it is what is looked for
            report.findings.append(_finding(target, number, frames, error))
            if len(report.findings) >= most_findings:
                break
        took = time.perf_counter() - before
        if took > report.slowest:
            report.slowest, report.slowest_number = took, number
        report.inputs += 1
        report.seconds = time.perf_counter() - began
        tell(report)
    report.grown = _memory(memory) - at_first
    return report


def _finding(target: Target, number: int, frames: Frames, error: Exception) -> Finding:
    return Finding(target.name, number, frames, f"{type(error).__name__}: {error}")


def _memory(memory: Callable[[], int] | None) -> int:
    if memory is None:
        return 0
    gc.collect()
    return memory()


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
