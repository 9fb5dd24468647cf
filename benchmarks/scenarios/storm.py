"""Everybody comes back at once, as SDKs do: connect, inbox and thread in one frame, to recover."""

from functools import partial

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.broadcasters import BROADCASTERS
from benchmarks.databases import KINDS
from benchmarks.generator import Client, Load
from benchmarks.orderwire import Orderwire
from benchmarks.processes import family

CLIENTS = 10_000
QUICK_CLIENTS = 20
PAIRS = 100
# How fast others take in as many who only connect: no rights, no position, nothing to recover.
BESIDE = ("socket.io", "websockets", "ws")


def phases(bench: Bench) -> list[str]:
    """Everything is in how they come in; then they are held for a moment."""
    return [f"hold:0:{bench.seconds}"]


def ours(database: str, bench: Bench) -> Load:
    """Have all dial within the same moment; each has missed the order in thread and inbox."""
    server = Orderwire.start(bench, f"storm-{database}", KINDS[database](bench.databases))
    count = bench.scaled(CLIENTS, quick=QUICK_CLIENTS)
    pairs = server.pairs(min(PAIRS, count))
    clients: list[Client] = []
    for place in range(count):
        pair = pairs[place % len(pairs)]
        account = pair.buyer if place % 2 else pair.seller
        clients.append(server.phone(account, pair.conversation, missed=True))
    return Load(
        clients=tuple(clients),
        pids=tuple(family(server.pid)),
        dialect="centrifuge",
        audience=0,
        options=(f"--dialing={count}",),
    )


STORM = Scenario(
    name="storm",
    title="Storm: 10,000 clients dial at once, and recover an inbox and a thread each",
    counted="delivered",
    contenders=(
        *(
            Contender(
                name=f"orderwire, {database}",
                standing=Standing.OURS,
                start=partial(ours, database),
            )
            for database in KINDS
        ),
        *(
            each.contender(connections=CLIENTS, at_once=True)
            for each in BROADCASTERS
            if each.name in BESIDE
        ),
    ),
    phases=phases,
)
