"""Claims from a queue that holds nothing else, and from one in which a million rows wait."""

import asyncio
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import asyncpg
from sqlalchemy import text

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.figures import NOBODY, Phase, Run
from benchmarks.generator import Generator
from benchmarks.orderwire import Orderwire
from benchmarks.pages import NO_FAULTS
from benchmarks.processes import rss_kb
from benchmarks.shop import Shop, on_database
from domain.preferences import Channel
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.delivery.verdict import Try, Verdicts
from realtime.ids import new_id
from storage import deliveries, ledger
from storage.deliveries import BUCKET, Claim, Priority
from storage.engine import Database, Transaction
from storage.tables import deliveries as table

WAITING = 1_000_000
QUICK_WAITING = 1_000
# A statement may take half a minute.
AT_A_TIME = 50_000
A_CLAIM = 64
CLAIMS = 60
LEASE = timedelta(seconds=30)
SENT = Outcome(result=Result.ACCEPTED, reason=Reason.SENT, code="201")
# A day ahead, as a marketplace's reminders are: each a second behind the last.
KEPT = [
    column.name for column in table.c if column.name not in ("id", "cause", "due_at", "ready_at")
]
SCHEDULED = {
    "SQLite": """WITH RECURSIVE numbers(n) AS
        (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
        INSERT INTO deliveries (id, cause, due_at, ready_at, {kept})
        SELECT 'w' || n, 'w' || n, datetime('now', '+' || (86400 + n) || ' seconds') || '.000000',
        datetime('now', '+' || (86400 + n) || ' seconds') || '.000000', {kept}
        FROM deliveries, numbers WHERE id = 'model-1-push'""",
    "PostgreSQL": """INSERT INTO deliveries (id, cause, due_at, ready_at, {kept})
        SELECT 'w' || n, 'w' || n, now() + (86400 + n) * interval '1 second',
        now() + (86400 + n) * interval '1 second', {kept}
        FROM deliveries, generate_series({first}, {last}) AS n WHERE id = 'model-1-push'""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """A queue, from which this process claims what is due, and ends it."""

    shop: Shop
    claims: int
    rounds: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, _generator: Generator, _phases: Sequence[str]) -> Run:
        """Claim a round's alerts; only the claims are timed, and what ends them is not."""
        name = f"c{next(self.rounds)}"
        self.shop.alert(name, Channel.PUSH, A_CLAIM * self.claims)
        own = time.process_time()
        took, seconds = on_database(self.shop.address, self._claims)
        phase = Phase(
            kind="due",
            value=A_CLAIM,
            seconds=seconds,
            sent=took.total(),
            acked=took.total(),
            delivered=took.total(),
            received_bytes=0,
            server_cpu_seconds=time.process_time() - own,
            server_rss_kb=rss_kb(os.getpid()),
            own_cpu_seconds=0,
            ack_us=sorted(took.items()),
            peer_us=[],
        )
        return Run(connections=1, connect=NOBODY, phases=[phase], faults=NO_FAULTS, first_fault="")

    async def _claims(self, database: Database) -> tuple[Counter[int], float]:
        took: Counter[int] = Counter()
        seconds = 0.0
        verdicts = Verdicts(new_id=new_id, random=lambda: 0.5)
        for _ in range(self.claims):
            began = time.perf_counter()
            claims = await database.transaction(_claim)
            lasted = time.perf_counter() - began
            took[round(lasted * 1e6)] += 1
            seconds += lasted
            await database.transaction(partial(_end, verdicts, claims))
        return took, seconds


async def _claim(tx: Transaction) -> list[Claim]:
    now = datetime.now(UTC)
    return await deliveries.claim(
        tx.connection,
        bucket=BUCKET,
        channel=Channel.PUSH,
        priorities=tuple(Priority),
        limit=A_CLAIM,
        now=now,
        lease_until=now + LEASE,
        token=secrets.token_hex(16),
    )


async def _end(verdicts: Verdicts, claims: Sequence[Claim], tx: Transaction) -> None:
    now = datetime.now(UTC)
    sent = Try(began=now, outcome=SENT, target="https://push.example")
    await ledger.record(tx.connection, [verdicts.tried(claim, sent, now) for claim in claims])


def claiming(database: str, waiting: int, quick_waiting: int, bench: Bench) -> Claiming:
    """Fill a queue with what is not due for a day."""
    address = KINDS[database](bench.databases)
    Orderwire.migrate(bench, address)
    bench.databases.keep_to(bench.peer_core)
    shop = Shop(address, "http://127.0.0.1:9")
    if wait := bench.scaled(waiting, quick=quick_waiting):
        shop.alert("model", Channel.PUSH, 2)
        on_database(address, partial(_schedule, SCHEDULED[database], wait))
    if database == "PostgreSQL":
        asyncio.run(_vacuum(address))
    return Claiming(shop=shop, claims=bench.scaled(CLAIMS, quick=3))


async def _schedule(statement: str, wait: int, database: Database) -> None:
    async def fill(first: int, tx: Transaction) -> None:
        last = min(first + AT_A_TIME, wait + 1) - 1
        filled = statement.format(first=first, last=last, kept=", ".join(KEPT))
        await tx.connection.execute(text(filled))

    async def forget_the_model(tx: Transaction) -> None:
        await tx.connection.execute(table.delete().where(table.c.id.startswith("model-")))

    for first in range(1, wait + 1, AT_A_TIME):
        await database.transaction(partial(fill, first))
    await database.transaction(forget_the_model)


async def _vacuum(address: str) -> None:
    """As autovacuum would have done by then, and not while claims are timed."""
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


QUEUES = (
    ("nothing else waits", Standing.BASELINE, 0, 0),
    (f"{WAITING:,} wait", Standing.OURS, WAITING, QUICK_WAITING),
)
BACKLOG = Scenario(
    name="backlog",
    title=f"Backlog: claims of {A_CLAIM} due pushes, a second spent on claiming",
    counted="delivered",
    contenders=tuple(
        Contender(
            name=f"{name}, {database}",
            group=database,
            standing=standing,
            start=partial(claiming, database, waiting, quick_waiting),
        )
        for database in KINDS
        for name, standing, waiting, quick_waiting in QUEUES
    ),
    phases=lambda _bench: [],
)
