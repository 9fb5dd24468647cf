"""1,000 subscribers of one channel: how many deliveries a second."""

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.broadcasters import (
    BROADCASTERS,
    ON_THE_WIRE,
    QUICK_SUBSCRIBERS,
    SUBSCRIBERS,
)
from benchmarks.generator import Load
from benchmarks.orderwire import SEND, Orderwire
from benchmarks.processes import family

WINDOWS = (1, 4, 16)


def phases(bench: Bench) -> list[str]:
    """Keep 1, 4 and 16 messages under way."""
    return [f"window:{window}:{bench.seconds}" for window in WINDOWS]


def ours(bench: Bench) -> Load:
    """Have one of a thread's two people send, and a thousand pages of theirs listen.

    Every message is stored, numbered and acknowledged before anybody sees it; the others only pass
    theirs on.
    """
    server = Orderwire.start(bench, "fanout", bench.databases.sqlite())
    (pair,) = server.pairs(1)
    count = bench.scaled(SUBSCRIBERS, quick=QUICK_SUBSCRIBERS)
    sender = server.listener(pair.buyer, pair.conversation, sends=True)
    readers = [
        server.listener(pair.seller, pair.conversation, sends=False) for _ in range(count - 1)
    ]
    return Load(
        clients=(sender, *readers),
        pids=tuple(family(server.pid)),
        dialect="centrifuge",
        message=SEND,
        body_size=ON_THE_WIRE,
        audience=count,
        complete="delivered",
    )


FANOUT = Scenario(
    name="fanout",
    title="Fan-out: 1,000 subscribers of one channel, deliveries a second",
    counted="delivered",
    contenders=(
        Contender(name="orderwire", standing=Standing.OURS, start=ours),
        *(broadcaster.contender() for broadcaster in BROADCASTERS),
    ),
    phases=phases,
)
