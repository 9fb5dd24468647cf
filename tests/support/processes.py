"""Real ``orderwire`` processes: started as anybody starts them, heard through their log lines."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from domain.identity import Role
from realtime.clock import SystemClock
from realtime.tokens import make_token

COMMAND = [sys.executable, "-m", "realtime.cli"]
TOKEN_SECRET = "a token secret for the tests alone, long enough"
SERVICE_KEY = "a-service-key-for-the-tests-alone"
PATIENCE = 90.0

# Enough to start with; a test's own settings go before these.
SETTINGS = {
    "TOKEN_SECRET": TOKEN_SECRET,
    "SERVICE_KEYS": SERVICE_KEY,
    "DRAIN_SECONDS": "0",
    "DRAIN_ACCEPT_SECONDS": "0",
    "LOG_FORMAT": "json",
    "LIMIT_REQUESTS_PER_SECOND": "0",
}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this environment with these settings, named without their prefix, and no others."""
    outside = {name: text for name, text in os.environ.items() if not name.startswith("ORDERWIRE_")}
    return outside | {f"ORDERWIRE_{name}": text for name, text in settings.items()}


def run_command(
    *arguments: str, folder: Path, settings: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in ``folder``."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Process:
    """A running process; ``stdout`` and ``log`` are what it has written so far."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self._news = threading.Condition()
        self._lines: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._open = len(self._lines)
        self._readers = [
            threading.Thread(target=self._read, args=(name, pipe), daemon=True)
            for name, pipe in (("stdout", child.stdout), ("stderr", child.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process itself; with ``--workers``, the one that watches over the others."""
        return self._child.pid

    @property
    def url(self) -> str:
        """Where it serves."""
        address: str = self.event("serving")["url"]
        return address

    @property
    def stdout(self) -> str:
        """What it has printed."""
        return "".join(self._lines["stdout"])

    @property
    def log(self) -> str:
        """What it has logged."""
        return "".join(self._lines["stderr"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of one kind."""
        parsed = [json.loads(line) for line in self._lines["stderr"] if line.startswith("{")]
        return [event for event in parsed if event["event"] == name]

    def event(self, name: str, *, number: int = 1) -> dict[str, Any]:
        """Wait for the ``number``-th log line of a kind, and return it."""
        with self._news:
            self._news.wait_for(
                lambda: len(self.events(name)) >= number or not self._open, timeout=PATIENCE
            )
        found = self.events(name)
        assert len(found) >= number, f"no {name} ({number})\n{self.stdout}{self.log}"
        return found[number - 1]

    def wait_for_text(self, text: str) -> None:
        """Wait until it has printed a text."""
        with self._news:
            self._news.wait_for(lambda: text in self.stdout or not self._open, timeout=PATIENCE)
        assert text in self.stdout, f"{text!r} was not printed\n{self.stdout}{self.log}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._child.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; return the exit code."""
        code = self._child.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def stop(self) -> int:
        """Ask it to stop; return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def _read(self, name: str, pipe: IO[str]) -> None:
        for line in pipe:
            with self._news:
                self._lines[name].append(line)
                self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()


@contextmanager
def running(*arguments: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Process]:
    """Run a command in ``folder`` until the block ends, then see that it is gone."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        process = Process(child)
        try:
            yield process
        finally:
            child.kill()
            process.wait()


@contextmanager
def server(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run ``orderwire serve`` on a free port; give it once it listens.

    ``settings`` go before ``SETTINGS``; without a ``DATABASE_URL`` it makes a file in ``folder``.
    """
    merged = {**SETTINGS, **(settings or {})}
    with running("serve", "--port", "0", *arguments, folder=folder, settings=merged) as process:
        process.event("serving")
        yield process


def token(account_id: str, *, role: Role = Role.ACCOUNT) -> str:
    """Return a token that a server with ``SETTINGS`` takes, good for an hour."""
    return make_token(
        TOKEN_SECRET,
        account_id,
        role=role,
        lifetime=timedelta(hours=1),
        now=SystemClock().now(),
    )
