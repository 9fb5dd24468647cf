"""10,000 connections that say nothing, each with an inbox and a thread: memory and CPU."""

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.broadcasters import BROADCASTERS, QUICK_SUBSCRIBERS
from benchmarks.generator import Load
from benchmarks.orderwire import Orderwire
from benchmarks.processes import family

CONNECTIONS = 10_000
PAIRS = 50
SECONDS = 10.0
# What a bare connection takes on the same machine, in Python and in Node.
BESIDE = ("websockets", "ws")


def phases(bench: Bench) -> list[str]:
    """Hold them all."""
    return [f"hold:0:{bench.seconds if bench.quick else SECONDS}"]


def ours(bench: Bench) -> Load:
    """Open everybody's pages, and leave them."""
    server = Orderwire.start(bench, "idle", bench.databases.sqlite())
    count = bench.scaled(CONNECTIONS, quick=QUICK_SUBSCRIBERS)
    pairs = server.pairs(min(PAIRS, count))
    clients = []
    for place in range(count):
        pair = pairs[place % len(pairs)]
        account = pair.buyer if place % 2 else pair.seller
        clients.append(server.phone(account, pair.conversation))
    return Load(
        clients=tuple(clients),
        pids=tuple(family(server.pid)),
        dialect="centrifuge",
        audience=0,
    )


IDLE = Scenario(
    name="idle",
    title="Idle: 10,000 connections with an inbox and a thread each, memory and CPU",
    counted="delivered",
    contenders=(
        Contender(name="orderwire", standing=Standing.OURS, start=ours),
        *(each.contender(connections=CONNECTIONS) for each in BROADCASTERS if each.name in BESIDE),
    ),
    phases=phases,
)
