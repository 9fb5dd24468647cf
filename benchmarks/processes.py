"""Child processes: pinned to a core, waited for until they listen, always ended."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 10.0
LOOPBACK = "127.0.0.1"


class DidNotStart(Exception):
    """A server ended, or did not listen in time; says what it wrote."""


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def pinned(command: Sequence[str], core: int | None) -> list[str]:
    """Have a command run on one core; ``None`` leaves it to the system."""
    return list(command) if core is None else ["taskset", "-c", str(core), *command]


def cores() -> tuple[int | None, int | None]:
    """Return the server's core and the generator's, or nothing where they cannot be set apart."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2 or shutil.which("taskset") is None:
        return None, None
    return available[0], available[1]


@contextmanager
def running(
    command: Sequence[str],
    *,
    port: int | None = None,
    says: str = "",
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server until the block ends; give its process id once it is ready.

    That is when it listens on ``port``; one without a port, when its log ``says`` so.
    """
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else {**os.environ, **env},
            cwd=log.parent,
        )
    try:
        _wait_for(child, partial(_is_ready, port, says, log), log)
        yield child.pid
    finally:
        _end(child)


def _wait_for(child: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            raise DidNotStart(f"{child.args!r}\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)  # a server says nothing when it begins to listen: we knock


def _is_ready(port: int | None, says: str, log: Path) -> bool:
    if port is None:
        return says in log.read_text(errors="replace")
    return _listens(port)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        started = [int(child) for child in children.read_text().split()]
    except OSError:
        started = []
    return [pid, *(each for child in started for each in family(child))]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    # proc(5): utime and stime are the 14th and 15th field; the 2nd, in brackets, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid: int) -> int:
    """Return the memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
