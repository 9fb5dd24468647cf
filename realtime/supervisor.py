"""Several server processes on one port: started, watched, replaced, and stopped together."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

import structlog

from realtime.server import SIGNALS, bind

# A process that gives up sooner than this has not begun to serve, however slow the machine is; so
# many in a row, and it never will.
STARTED_SECONDS = 60.0
MOST_FAILED_STARTS = 3
GAVE_UP = 1
PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


def bind_each(host: str, port: int, number: int) -> list[socket.socket]:
    """Take one address ``number`` times: the kernel spreads connections over the sockets."""
    # First alone: another server of ours would share its port with us without a word.
    with bind(host, port) as probe:
        actual: int = probe.getsockname()[1]
    return [bind(host, actual, shared=True) for _ in range(number)]


class Supervisor:
    """Keeps a process behind each socket.

    The sockets stay open here: while a process is replaced, whoever connects is kept waiting and
    not refused. Each process holds the other end of its standard input, and stops when that ends.
    """

    def __init__(self, listeners: Sequence[socket.socket], arguments: Sequence[str]) -> None:
        self._listeners = listeners
        self._arguments = arguments
        self._children: set[Process] = set()
        self._stopping = asyncio.Event()
        self._failed = False

    async def run(self) -> int:
        """Serve until a signal comes; return the exit code."""
        loop = asyncio.get_running_loop()
        for each in SIGNALS:
            loop.add_signal_handler(each, self._stop, each)
        async with asyncio.TaskGroup() as watches:
            for listener in self._listeners:
                watches.create_task(self._keep(listener))
        return 1 if self._failed else 0

    def _stop(self, asked_by: signal.Signals) -> None:
        """Pass a signal on; a second one is passed on, too."""
        log.info("stopping_processes", signal=asked_by.name, processes=len(self._children))
        self._stopping.set()
        for child in self._children:
            child.send_signal(asked_by)

    async def _keep(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        failed_starts = 0
        while not self._stopping.is_set():
            begun = loop.time()
            code = await self._serve_once(listener)
            if self._stopping.is_set():
                self._failed |= code != 0
                return
            # One that was killed, or crashed after a while, may well do better next time.
            failed = code == GAVE_UP and loop.time() - begun < STARTED_SECONDS
            failed_starts = failed_starts + 1 if failed else 0
            log.error("process_ended", code=code, failed_starts=failed_starts)
            if failed_starts == MOST_FAILED_STARTS:
                self._failed = True
                self._stop(signal.SIGTERM)
                return
            await self._pause()

    async def _serve_once(self, listener: socket.socket) -> int:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "realtime.cli",
            "serve",
            *self._arguments,
            "--listener",
            str(listener.fileno()),
            stdin=PIPE,
            pass_fds=[listener.fileno()],
            # Ctrl-C is for us: we pass it on.
            start_new_session=True,
        )
        self._children.add(child)
        try:
            return await child.wait()
        finally:
            self._children.discard(child)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._stopping.wait()
        except TimeoutError:
            return
