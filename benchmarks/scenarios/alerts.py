"""Orders at a steady rate: from the answer that one is accepted to the first byte of its alerts."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.alerts import (
    PLAIN_LOOP,
    Sinks,
    Taken,
    told,
)
from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.figures import NOBODY, Faults, Phase, Run
from benchmarks.generator import Generator
from benchmarks.orderwire import COMMAND, Orderwire, environment
from benchmarks.processes import cpu_seconds, family, free_port, pinned, rss_kb
from benchmarks.scenarios.nodes import valkey
from benchmarks.shop import Shop

RATE = 100
# A whole order is some thirty statements: so many a second leave room on a small machine.
WHOLE_RATE = 20
QUICK_RATE = 10
SHORTEST = 5.0  # seconds
KINDS_OF_ALERT = ("push", "mail")
OVER_HTTP = [sys.executable, str(Path(__file__).parents[1] / "order_load.py")]
COMMITTED = [sys.executable, "-m", "benchmarks.commit_load"]

Placed = tuple[str, int, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a round took: in all, and of the processors."""

    seconds: float
    cpu: float
    sink_cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Who takes orders and tells sellers of them; ``shop`` is where it keeps its own."""

    command: Sequence[str]
    given: Mapping[str, Any]
    pids: tuple[int, ...]
    sinks: Sinks
    shop: Shop | None
    rate: int
    seconds: float
    core: int | None
    rounds: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, _generator: Generator, _phases: Sequence[str]) -> Run:
        """Have a round's sellers ordered from, each once."""
        name, orders = f"a{next(self.rounds)}", int(self.rate * self.seconds)
        if self.shop is not None:
            self.shop.open(name, orders)
        mark = self.sinks.mark()
        cpu, own = self._cpu()
        placed = self._place(name, orders)
        accepted = sum(at is not None for _, _, at in placed)
        taken = self.sinks.wait_for(len(KINDS_OF_ALERT) * accepted, mark)
        now_cpu, now_own = self._cpu()
        spent = Spent(seconds=_lasted(placed, taken), cpu=now_cpu - cpu, sink_cpu=now_own - own)
        phases = [
            self._phase(kind, placed, [each for each in taken if each.kind == kind], spent)
            for kind in KINDS_OF_ALERT
        ]
        faults = _faults(placed, taken)
        return Run(
            connections=1, connect=NOBODY, phases=phases, faults=faults, first_fault=told(faults)
        )

    def _cpu(self) -> tuple[float, float]:
        return sum(map(cpu_seconds, self.pids)), cpu_seconds(self.sinks.pid)

    def _place(self, name: str, orders: int) -> list[Placed]:
        asked = {
            **self.given,
            "buyer": f"{name}-buyer",
            "services": [f"{name}-{number}" for number in range(orders)],
            "rate": self.rate,
        }
        done = subprocess.run(
            pinned(self.command, self.core),
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        return [(seller, sent, accepted) for seller, sent, accepted in json.loads(done.stdout)]

    def _phase(
        self, kind: str, placed: Sequence[Placed], taken: Sequence[Taken], spent: Spent
    ) -> Phase:
        """Tell how long the answer took, and from there the first byte; before it is at once."""
        first = {each.key: each.at_ns for each in reversed(taken)}
        answered = [at - sent for _, sent, at in placed if at]
        told = [max(0, first[who] - at) for who, _, at in placed if at and who in first]
        return Phase(
            kind=kind,
            value=self.rate,
            seconds=spent.seconds,
            sent=len(placed),
            acked=len(answered),
            delivered=len(taken),
            received_bytes=0,
            server_cpu_seconds=spent.cpu,
            server_rss_kb=sum(map(rss_kb, self.pids)),
            own_cpu_seconds=spent.sink_cpu,
            ack_us=_histogram(answered),
            peer_us=_histogram(told),
        )


def _lasted(placed: Sequence[Placed], taken: Sequence[Taken]) -> float:
    """Return the seconds from the first order to the last alert."""
    began = min(sent for _, sent, _ in placed)
    return (max((each.at_ns for each in taken), default=time.monotonic_ns()) - began) / 1e9


def _histogram(times: Sequence[int]) -> list[tuple[int, int]]:
    return sorted(Counter(time // 1000 for time in times).items())


def _faults(placed: Sequence[Placed], taken: Sequence[Taken]) -> Faults:
    came = Counter((each.kind, each.key) for each in taken)
    wanted = {(kind, who) for who, _, at in placed if at for kind in KINDS_OF_ALERT}
    return Faults(
        errors=sum(at is None for _, _, at in placed),
        gaps=0,
        repeats=sum(times - 1 for times in came.values()),
        missing=len(wanted - came.keys()),
        unknown=len(came.keys() - wanted),
        disconnects=0,
    )


def worker(bench: Bench) -> Ordering:
    """Have a worker deliver what others commit."""
    address = bench.databases.postgresql()
    Orderwire.migrate(bench, address)
    bench.databases.keep_to(bench.peer_core)
    sinks, redis = Sinks.start(bench, "alerts-worker"), valkey(bench)
    env = environment(address, **sinks.settings, REDIS_URL=redis, LOG_LEVEL="info")
    pid = bench.work("alerts-worker", [str(COMMAND), "worker"], says="delivering", env=env)
    return Ordering(
        command=COMMITTED,
        given={"database": address, "redis": redis},
        pids=(pid,),
        sinks=sinks,
        shop=Shop(address, sinks.push_origin),
        **_at_rate(bench, RATE),
    )


def whole(database: str, bench: Bench) -> Ordering:
    """Have one process take whole orders and deliver."""
    address = KINDS[database](bench.databases)
    bench.databases.keep_to(bench.peer_core)
    sinks = Sinks.start(bench, f"alerts-{database}")
    settings: dict[str, Any] = sinks.settings
    server = Orderwire.start(bench, f"alerts-{database}", address, **settings)
    return Ordering(
        command=OVER_HTTP,
        given={"port": server.port, "key": server.service_key},
        pids=tuple(family(server.pid)),
        sinks=sinks,
        shop=Shop(address, sinks.push_origin),
        **_at_rate(bench, WHOLE_RATE),
    )


def plain(bench: Bench) -> Ordering:
    """Take orders, and tell of one after the other; nothing is stored."""
    sinks, port = Sinks.start(bench, "alerts-plain"), free_port()
    ports = [str(port), str(sinks.push_port), str(sinks.mail_port)]
    pid = bench.serve("plain", [sys.executable, str(PLAIN_LOOP), "orders", *ports], port=port)
    return Ordering(
        command=OVER_HTTP,
        given={"port": port, "key": ""},
        pids=tuple(family(pid)),
        sinks=sinks,
        shop=None,
        **_at_rate(bench, RATE),
    )


def _at_rate(bench: Bench, rate: int) -> dict[str, Any]:
    return {
        "rate": bench.scaled(rate, quick=QUICK_RATE),
        "seconds": bench.seconds if bench.quick else max(bench.seconds, SHORTEST),
        "core": bench.peer_core,
    }


ALERTS = Scenario(
    name="alerts",
    title=f"Alerts: {RATE} orders a second; from acceptance (ack) to the first byte (peer)",
    counted="delivered",
    contenders=(
        Contender(name="orderwire worker", standing=Standing.OURS, start=worker),
        Contender(name="webpush(), then a connection", standing=Standing.BASELINE, start=plain),
        *(
            Contender(
                name=f"orderwire serve, {database}",
                group="whole",
                standing=Standing.OURS,
                start=partial(whole, database),
            )
            for database in KINDS
        ),
    ),
    phases=lambda _bench: [],
)
