"""What alerts are measured with: the sinks that take them, our workers, and the plain loop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import msgspec

from benchmarks import toolchain
from benchmarks.bench import Bench, Contender, Standing
from benchmarks.databases import KINDS
from benchmarks.figures import NOBODY, Faults, Phase, Run
from benchmarks.generator import Generator, GeneratorFailed
from benchmarks.orderwire import COMMAND, Orderwire, environment
from benchmarks.processes import LOOPBACK, cpu_seconds, free_port, pinned, rss_kb
from benchmarks.shop import Shop
from domain.preferences import Channel
from realtime.delivery.push.vapid import VapidKey

PLAIN_LOOP = toolchain.BASELINES / "plain_loop.py"
PATIENCE = 120.0
# What is written down behind the last answer takes a moment.
SETTLED_WITHIN = 20.0
# Far away, a push service or a mail server takes about so long; a worker waits, and has room.
SLOW = 0.2
SLOW_A_SECOND = {Channel.PUSH: 600, Channel.EMAIL: 80}
SINK_KINDS = {Channel.PUSH: "push", Channel.EMAIL: "mail"}


@dataclass(frozen=True, slots=True)
class Taken:
    """One push or mail that came: what it is, when its first byte did, and for whom."""

    kind: str
    at_ns: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sinks:
    """A running push service and mail server."""

    push_port: int
    mail_port: int
    log: Path
    pid: int

    @classmethod
    def start(cls, bench: Bench, name: str, *, after: float = 0.0) -> "Sinks":
        """Start them on the peers' core; they answer ``after`` so many seconds."""
        push_port, mail_port = free_port(), free_port()
        log = bench.folder / f"{name}.taken"
        script = str(Path(__file__).with_name("sinks.py"))
        ports = (str(push_port), str(mail_port))
        command = [sys.executable, script, *ports, str(log), "--after", str(after)]
        pid = bench.meet(f"{name}-sinks", command, port=mail_port)
        return cls(push_port=push_port, mail_port=mail_port, log=log, pid=pid)

    @property
    def settings(self) -> dict[str, str]:
        """What leads a server of ours here."""
        return {
            "SMTP_URL": f"smtp://{LOOPBACK}:{self.mail_port}",
            "PUSH_EXTRA_ORIGINS": self.push_origin,
            "VAPID_PRIVATE_KEY": VapidKey.generate().private_text,
            "VAPID_SUBJECT": "mailto:ops@market.test",
        }

    @property
    def push_origin(self) -> str:
        """Where pushes go."""
        return f"http://{LOOPBACK}:{self.push_port}"

    def mark(self) -> int:
        """Return where the log ends now."""
        return self.log.stat().st_size

    def since(self, mark: int) -> list[Taken]:
        """Read what came since."""
        with self.log.open() as file:
            file.seek(mark)
            lines = [line.split() for line in file if line.endswith("\n")]
        return [Taken(kind, int(at), key) for kind, at, key in lines]

    def wait_for(self, wanted: int, mark: int) -> list[Taken]:
        """Wait until so many came, or too long."""
        until = time.monotonic() + PATIENCE
        while len(taken := self.since(mark)) < wanted and time.monotonic() < until:
            time.sleep(0.1)  # a log says nothing: we look
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """Workers and a shop: each round so many alerts are due at once, and go out.

    The workers of others stand still meanwhile.
    """

    shop: Shop
    sinks: Sinks
    channel: Channel
    alerts: int
    pids: tuple[int, ...]
    rounds: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, _generator: Generator, _phases: Sequence[str]) -> Run:
        """Have one round's alerts sent."""
        name, mark = f"r{next(self.rounds)}", self.sinks.mark()
        with awake(self.pids):
            cpu, own = self._cpu(), cpu_seconds(self.sinks.pid)
            self.shop.alert(name, self.channel, self.alerts)
            taken = self.sinks.wait_for(self.alerts, mark)
            left = settled(lambda: self.shop.left(name))
            cpu, own = self._cpu() - cpu, cpu_seconds(self.sinks.pid) - own
        return a_run(
            taken,
            wanted=self.alerts,
            accepted=left.get("accepted", 0),
            cpu=cpu,
            sink_cpu=own,
            rss=sum(map(rss_kb, self.pids)),
        )

    def _cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLoop:
    """One after the other, with a new connection each; it stores nothing."""

    sinks: Sinks
    channel: Channel
    alerts: int
    core: int | None

    def run(self, _generator: Generator, _phases: Sequence[str]) -> Run:
        """Have so many sent."""
        kind, mark = SINK_KINDS[self.channel], self.sinks.mark()
        port = self.sinks.push_port if kind == "push" else self.sinks.mail_port
        own = cpu_seconds(self.sinks.pid)
        command = [sys.executable, str(PLAIN_LOOP), kind, str(port), str(self.alerts)]
        done = subprocess.run(pinned(command, self.core), capture_output=True, check=False)
        if done.returncode:
            raise GeneratorFailed(done.stderr.decode(errors="replace").strip())
        taken = self.sinks.since(mark)
        return a_run(
            taken,
            wanted=self.alerts,
            accepted=len(taken),
            cpu=json.loads(done.stdout)["cpu"],
            sink_cpu=cpu_seconds(self.sinks.pid) - own,
            rss=0,
        )


def drained(
    database: str,
    bench: Bench,
    *,
    channel: Channel,
    a_second: int,
    workers: int = 1,
    after: float = 0.0,
) -> Draining:
    """Start workers for a database, which stand still until it is their turn."""
    name = f"{channel}-{database}-{workers}-{after:g}"
    address = KINDS[database](bench.databases)
    Orderwire.migrate(bench, address)
    bench.databases.keep_to(bench.peer_core)
    sinks = Sinks.start(bench, name, after=after)
    env = environment(address, **sinks.settings, LOG_LEVEL="info")
    command = [str(COMMAND), "worker"]
    pids = tuple(
        bench.work(f"{name}-{number}", command, says="delivering", env=env)
        for number in range(workers)
    )
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
        bench.stack.callback(os.kill, pid, signal.SIGCONT)  # so that it hears of the end
    return Draining(
        shop=Shop(address, sinks.push_origin),
        sinks=sinks,
        channel=channel,
        alerts=int(a_second * bench.seconds),
        pids=pids,
    )


def plain(bench: Bench, *, channel: Channel, a_second: int) -> PlainLoop:
    """Start sinks for the plain loop."""
    sinks = Sinks.start(bench, f"plain-{channel}")
    alerts = int(a_second * bench.seconds)
    return PlainLoop(sinks=sinks, channel=channel, alerts=alerts, core=bench.core)


@contextmanager
def awake(pids: Sequence[int]) -> Iterator[None]:
    """Let processes that stand still run until the block ends."""
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)


def settled(left: Callable[[], dict[str, int]]) -> dict[str, int]:
    """Wait until nothing waits or is under way; return where all of it stands."""
    until = time.monotonic() + SETTLED_WITHIN
    while (found := left()).keys() & {"scheduled", "leased"} and time.monotonic() < until:
        time.sleep(0.2)  # a database says nothing: we look
    return found


def a_run(
    taken: Sequence[Taken], *, wanted: int, accepted: int, cpu: float, sink_cpu: float, rss: int
) -> Run:
    """Tell how fast they came, from the first to the last; and what did not come, or came again."""
    times = [each.at_ns for each in taken]
    seconds = (max(times) - min(times)) / 1e9 if len(times) > 1 else 1e-9
    faults = Faults(
        errors=0,
        gaps=0,
        repeats=max(0, len(taken) - wanted),
        missing=max(0, wanted - min(accepted, len(taken))),
        unknown=0,
        disconnects=0,
    )
    phase = Phase(
        kind="due",
        value=wanted,
        seconds=seconds,
        sent=wanted,
        acked=len(taken),
        delivered=len(taken),
        received_bytes=0,
        server_cpu_seconds=cpu,
        server_rss_kb=rss,
        own_cpu_seconds=sink_cpu,
        ack_us=[],
        peer_us=[],
    )
    return Run(
        connections=1, connect=NOBODY, phases=[phase], faults=faults, first_fault=told(faults)
    )


def told(faults: Faults) -> str:
    found = {name: n for name, n in msgspec.structs.asdict(faults).items() if n}
    return ", ".join(f"{n} {name}" for name, n in found.items())


def contenders_for(channel: Channel, plain_name: str, *, a_second: int) -> tuple[Contender, ...]:
    """List who sends: our worker, two of them where answers take their time, the plain loop."""
    due = partial(drained, channel=channel, a_second=a_second)
    slow = partial(due, "PostgreSQL", after=SLOW, a_second=SLOW_A_SECOND[channel])
    slowly = f"answers after {SLOW * 1000:g} ms"
    return (
        *(
            Contender(
                name=f"orderwire, {database}", standing=Standing.OURS, start=partial(due, database)
            )
            for database in KINDS
        ),
        Contender(
            name=plain_name,
            standing=Standing.BASELINE,
            start=partial(plain, channel=channel, a_second=100),
        ),
        Contender(
            name=f"one worker, {slowly}", group="slow", standing=Standing.BASELINE, start=slow
        ),
        Contender(
            name=f"two workers, {slowly}",
            group="slow",
            standing=Standing.OURS,
            start=partial(slow, workers=2),
        ),
    )
