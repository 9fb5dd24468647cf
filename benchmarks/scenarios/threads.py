"""Pairs that write to each other: committed, acknowledged and handed to the peer."""

import sys
from collections.abc import Callable
from functools import partial

from benchmarks import toolchain
from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.generator import Client, Load
from benchmarks.orderwire import SEND, SOCKET, Orderwire, opening
from benchmarks.processes import family, free_port

CONNECTIONS = 200
QUICK_CONNECTIONS = 8
BODY = 80
QUIET_RATE = 10  # messages a second in all, for the latency of a server at rest


def phases(bench: Bench) -> list[str]:
    """Keep 1 and 4 messages of each connection under way; then a quiet phase, for its latency."""
    quiet = bench.seconds if bench.quick else max(bench.seconds, 5.0)
    windows = [f"window:{window}:{bench.seconds}" for window in (1, 4)]
    return [*windows, f"rate:{QUIET_RATE}:{quiet}"]


def ours(database: str, bench: Bench) -> Load:
    """Start our server and fill it with pairs that have an order."""
    server = Orderwire.start(bench, f"threads-{database}", KINDS[database](bench.databases))
    pairs = server.pairs(bench.scaled(CONNECTIONS, quick=QUICK_CONNECTIONS) // 2)
    clients = tuple(
        server.listener(account, pair.conversation, sends=True)
        for pair in pairs
        for account in (pair.buyer, pair.seller)
    )
    return _load(clients, server.pid)


def naive(database: str, bench: Bench) -> Load:
    """Start the naive server; its threads come into being as they are subscribed to."""
    port = free_port()
    script = str(toolchain.BASELINES / "naive_threads.py")
    command = [sys.executable, script, str(port), KINDS[database](bench.databases)]
    pid = bench.serve(f"naive-{database}", command, port=port)
    clients = tuple(
        Client(
            port=port,
            role="both",
            path=SOCKET,
            to=f"{place // 2}",
            commands=opening("", f"thread:{place // 2}"),
        )
        for place in range(bench.scaled(CONNECTIONS, quick=QUICK_CONNECTIONS))
    )
    return _load(clients, pid)


def _load(clients: tuple[Client, ...], pid: int) -> Load:
    return Load(
        clients=clients,
        pids=tuple(family(pid)),
        dialect="centrifuge",
        message=SEND,
        body_size=BODY,
        audience=2,
        complete="acked",
    )


SERVERS: tuple[tuple[str, Standing, Callable[[str, Bench], Load]], ...] = (
    ("orderwire", Standing.OURS, ours),
    ("a transaction a message", Standing.BASELINE, naive),
)
THREADS = Scenario(
    name="threads",
    title="Threads: 200 connections in pairs, messages committed and acknowledged a second",
    counted="acked",
    contenders=tuple(
        Contender(
            name=f"{name}, {database}",
            group=database,
            standing=standing,
            start=partial(start, database),
        )
        for database in KINDS
        for name, standing, start in SERVERS
    ),
    phases=phases,
)
