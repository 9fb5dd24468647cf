"""One server process: uvicorn on a socket of ours, and a shutdown that loses nothing."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO

import structlog
import uvicorn

from realtime.bootstrap import Node
from realtime.http_protocol import BoundedHttpProtocol

# The kernel holds as many as net.core.somaxconn says, and lets the rest knock again, and wait.
BACKLOG = 65_535
# Longer than proxies keep theirs: who closes an idle connection first is the one that may not send.
KEEP_ALIVE_SECONDS = 75
# What requests under way get to finish, once the sockets are seen off.
FINISH_SECONDS = 10
SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Objects made and not yet freed before the collector looks at the young ones; how many such looks
# before it looks at those that lived on, and how many of these before it looks at everything.
COLLECTED_AFTER = (100_000, 20, 50)

log = structlog.get_logger(__name__)


class CannotListen(Exception):
    """The address is not to be had; says so in one line."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Take an address; ``shared`` lets other processes of ours take it, too."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotListen(f"{host}: {error.strerror}; see --host") from None
    taken = socket.socket(family, kind)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise CannotListen(f"{host}:{port}: {error.strerror}; choose another --port") from None
    return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds for which a stopping server still accepts, and over which it sees clients off."""

    accepting: float
    over: float


AT_ONCE = Patience(accepting=0.0, over=0.0)


class Server(uvicorn.Server):
    """Drains on the first signal, leaves on the second."""

    def __init__(
        self, node: Node, *, patience: Patience, listening: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(_config(node))
        self._node = node
        self._patience = patience
        self._listening = listening
        self._drain: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        spare_the_collector()
        await self._listening()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Be asked to stop by signals, inside the event loop."""
        loop = asyncio.get_running_loop()
        for each in SIGNALS:
            loop.add_signal_handler(each, self.stop, each)
        try:
            yield
        finally:
            for each in SIGNALS:
                loop.remove_signal_handler(each)

    def stop(self, asked_by: signal.Signals) -> None:
        """Drain; when asked again, leave at once."""
        if self._drain is not None:
            leave_at_once(asked_by)
        # Who presses Ctrl-C waits for it.
        patience = AT_ONCE if asked_by is signal.SIGINT else self._patience
        log.info("stopping", signal=asked_by.name, connections=self._node.gateway.connections)
        self._drain = asyncio.get_running_loop().create_task(self._drained(patience))

    def stop_at_end_of(self, lifeline: TextIO) -> None:
        """Stop when the other end of ``lifeline`` is closed: whoever started us is gone."""
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(lifeline)
            self.stop(signal.SIGTERM)

        loop.add_reader(lifeline, ended)

    async def _drained(self, patience: Patience) -> None:
        try:
            await self._node.drain(accepting=patience.accepting, over=patience.over)
        finally:
            self.should_exit = True


def spare_the_collector() -> None:
    """Have garbage looked for where there may be some.

    Nearly all of ours is freed by reference counts. What is there once a server has started stays;
    left to its defaults, the collector goes through it and through every connection again and
    again, which takes two fifths of the time of a server that stores messages.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def stop_asked() -> "asyncio.Future[signal.Signals]":
    """Return what the first signal from now on sets; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[signal.Signals] = loop.create_future()

    def take(number: signal.Signals) -> None:
        if asked.done():
            leave_at_once(number)
        asked.set_result(number)

    for each in SIGNALS:
        loop.add_signal_handler(each, take, each)
    return asked


def leave_at_once(asked_by: signal.Signals) -> NoReturn:
    """End the process; what is under way is found in the database by whoever comes next."""
    log.warning("stopped_at_once", signal=asked_by.name)
    os._exit(128 + asked_by)


def _config(node: Node) -> uvicorn.Config:
    # uvicorn asks for a class, and calls it: a function that makes the protocol will do.
    websocket: Any = node.gateway.websocket_protocol()
    return uvicorn.Config(
        node.app,
        http=BoundedHttpProtocol,
        ws=websocket,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whom a proxy speaks for is found out where it matters, by what is trusted there.
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
