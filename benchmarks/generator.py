"""The load generator from Python: the plan it follows, its options, its report."""

import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.figures import Run
from benchmarks.processes import pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One connection; its commands go out in one frame, and each is answered before it counts."""

    port: int
    role: str = "read"  # read, or both: send as well
    path: str = "/"
    to: str = "-"  # what a message's @to@ stands for
    commands: tuple[str, ...] = ()

    def line(self) -> str:
        """Write the plan's line for this connection."""
        return "\t".join((self.role, str(self.port), self.path, self.to, *self.commands))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is put on one server: who connects, how they speak, what ends a message."""

    clients: tuple[Client, ...]
    pids: tuple[int, ...]
    dialect: str = "text"  # text, centrifuge, socketio
    message: str = "@body@"
    body_size: int = 128
    audience: int  # deliveries a message
    complete: str = "delivered"  # a window's place is free when all have it, or when acked
    options: tuple[str, ...] = field(default=())

    def run(self, generator: "Generator", phases: Sequence[str]) -> Run:
        """Put it on its server, phase after phase."""
        return generator.run(self, phases)


class GeneratorFailed(Exception):
    """The generator gave up; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """The compiled load generator, where it may run and where its plans are kept."""

    program: Path
    core: int | None
    folder: Path
    warmup: float
    deadline: int

    def run(self, load: Load, phases: Sequence[str]) -> Run:
        """Put ``load`` on its server, phase after phase (``window:4:2``: size, then seconds)."""
        plan = self.folder / "plan"
        plan.write_text("".join(client.line() + "\n" for client in load.clients))
        command = pinned([str(self.program), *self._options(load, plan, phases)], self.core)
        done = subprocess.run(command, capture_output=True, check=False, timeout=self.deadline + 10)
        if done.returncode:
            raise GeneratorFailed(done.stderr.decode(errors="replace").strip())
        return msgspec.json.decode(done.stdout, type=Run)

    def _options(self, load: Load, plan: Path, phases: Sequence[str]) -> list[str]:
        single = {
            "plan": plan,
            "dialect": load.dialect,
            # A run's own name keeps its client ids apart from those of earlier runs.
            "message": load.message.replace("@run@", secrets.token_hex(4)),
            "body-size": load.body_size,
            "audience": load.audience,
            "complete": load.complete,
            "warmup": self.warmup,
            "deadline": self.deadline,
        }
        repeated = [*(f"--phase={p}" for p in phases), *(f"--watch={p}" for p in load.pids)]
        return [*(f"--{name}={value}" for name, value in single.items()), *repeated, *load.options]
