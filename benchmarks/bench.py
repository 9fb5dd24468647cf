"""What a scenario is made of, and what it may use."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from benchmarks.databases import Databases
from benchmarks.figures import Run
from benchmarks.generator import Generator
from benchmarks.processes import pinned, running


class Standing(StrEnum):
    """What a server is in a comparison: a yardstick is shown, but is no server one would run."""

    OURS = "ours"
    BASELINE = "baseline"
    YARDSTICK = "yardstick"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The place where servers are started: a folder, a core, and all that must be ended.

    ``peer_core`` is where those are that a server talks to.
    """

    folder: Path
    core: int | None
    peer_core: int | None
    stack: ExitStack
    seconds: float
    quick: bool
    databases: Databases

    def scaled(self, full: int, *, quick: int) -> int:
        """Return a size: the scenario's own, or one that only proves that it works."""
        return quick if self.quick else full

    def serve(
        self, name: str, command: Sequence[str], *, port: int, env: dict[str, str] | None = None
    ) -> int:
        """Start a server on the servers' core until the bench closes; return its process id."""
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(
            running(pinned(command, self.core), port=port, log=log, env=env)
        )

    def work(self, name: str, command: Sequence[str], *, says: str, env: dict[str, str]) -> int:
        """Start what listens to nobody on the servers' core, likewise."""
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(
            running(pinned(command, self.core), says=says, log=log, env=env)
        )

    def meet(self, name: str, command: Sequence[str], *, port: int) -> int:
        """Start what servers talk to on the peers' core, likewise."""
        log = self.folder / f"{name}.log"
        return self.stack.enter_context(
            running(pinned(command, self.peer_core), port=port, log=log)
        )


class Work(Protocol):
    """What is asked of one server."""

    def run(self, generator: Generator, phases: Sequence[str]) -> Run:
        """Ask it, phase after phase, and say what came of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One server of a scenario; ``start`` raises Missing or DidNotStart where it cannot run."""

    name: str
    group: str = ""  # it is compared with those of its own group
    standing: Standing
    start: Callable[[Bench], Work]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A question to several servers: who they are, under what load, and what is counted."""

    name: str
    title: str
    counted: str  # delivered, or acked
    contenders: Sequence[Contender]
    phases: Callable[[Bench], list[str]]
