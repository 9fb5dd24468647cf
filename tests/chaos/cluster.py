"""Three nodes of real processes on one PostgreSQL and one Valkey, and every link to be hurt."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.support.processes import SETTINGS, Process, running
from tests.support.proxy import Proxy
from tests.support.valkey import Valkey

NODES = 3
DOORS = 4
# A drain fits into a moment; and nobody is told to slow down.
QUICK = {
    "DRAIN_ACCEPT_SECONDS": "0",
    "DRAIN_SECONDS": "1",
    "LIMIT_MESSAGES_PER_SECOND": "0",
    "LIMIT_COMMANDS_PER_SECOND": "0",
    "LOG_LEVEL": "info",
}


class Node:
    """A place for a process: it may end and be started again, on the same port."""

    def __init__(self, *, folder: Path, settings: Mapping[str, str], redis: Proxy) -> None:
        self.redis = redis
        self.port = _free_port()
        self.is_up = False
        # One at a time hurts it.
        self.turn = asyncio.Lock()
        self._folder = folder
        self._settings = {**SETTINGS, **QUICK, **settings}
        self._process: Process | None = None
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start a process, and wait until it serves."""
        await asyncio.to_thread(self._start)
        self.is_up = True

    async def kill(self) -> None:
        """End it as a crash does."""
        await self._end(signal.SIGKILL)

    async def drain(self) -> None:
        """Ask it to stop, and wait until it has."""
        assert await self._end(signal.SIGTERM) == 0, "it did not stop in order"

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self.is_up = False
        self._process.signal(number)
        code = await asyncio.to_thread(self._process.wait)
        self._running.close()
        return code

    def pause(self) -> None:
        """Stop it in its tracks: connections stay, and nobody answers."""
        assert self._process is not None
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, if it runs."""
        self.is_up = False
        self._running.close()

    def _start(self) -> None:
        arguments = ("serve", "--port", str(self.port))
        process = self._running.enter_context(
            running(*arguments, folder=self._folder, settings=self._settings)
        )
        process.event("serving")
        self._process = process


class Cluster:
    """All of it. Clients come through ``doors``, each of which leads to one node at a time."""

    def __init__(self, nodes: list[Node], doors: list[Proxy], valkey: Valkey) -> None:
        self.nodes = nodes
        self.doors = doors
        self.valkey = valkey
        self.one_is_down = asyncio.Lock()
        # One at a time hurts it.
        self.valkeys_turn = asyncio.Lock()

    def turn_doors(self, random: Random) -> None:
        """Have each lead to a node that runs, as whoever balances load does."""
        up = [each for each in self.nodes if each.is_up]
        for door in self.doors:
            if up:
                door.lead_new_ones_to(random.choice(up).port)

    def dial(self, random: Random) -> str:
        """Return an address to connect to."""
        return socket_url(random.choice(self.doors))


def socket_url(door: Proxy) -> str:
    """Return where sockets are opened behind a door."""
    return f"ws://127.0.0.1:{door.port}/connection/websocket"


@asynccontextmanager
async def running_cluster(database_url: str) -> AsyncIterator[Cluster]:
    """Run it until the block ends, and leave no process behind."""
    with TemporaryDirectory(prefix="orderwire-chaos-") as folder:
        async with AsyncExitStack() as stack:
            valkey = Valkey(folder=folder)
            valkey.start()
            stack.callback(valkey.kill)
            nodes = []
            for _ in range(NODES):
                redis = await stack.enter_async_context(Proxy(port=valkey.port).running())
                settings = {
                    "DATABASE_URL": database_url,
                    "REDIS_URL": f"redis://127.0.0.1:{redis.port}",
                }
                node = Node(folder=Path(folder), settings=settings, redis=redis)
                stack.callback(node.close)
                nodes.append(node)
            await asyncio.gather(*[node.start() for node in nodes])
            doors = [
                await stack.enter_async_context(Proxy(port=nodes[n % NODES].port).running())
                for n in range(DOORS)
            ]
            yield Cluster(nodes, doors, valkey)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
