"""Search over HTTP in a million messages, by accounts of three sizes; beside LIKE on their own."""

import asyncio
import os
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import cycle
from urllib.parse import quote

import asyncpg

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.figures import NOBODY, Phase, Run
from benchmarks.generator import Generator
from benchmarks.orderwire import COMMAND, Orderwire
from benchmarks.pages import NO_FAULTS
from benchmarks.processes import LOOPBACK, DidNotStart, cpu_seconds, rss_kb
from benchmarks.talk import SHARES, Talk

MESSAGES, QUICK_MESSAGES = 1_000_000, 3_000
INDEXED_WITHIN = 1_800.0
# In turn: common words, rare ones, several, a beginning, and what nobody wrote.
QUERIES = ("logo", "Entwürfe", "blau logo", "gruesse", "w1234", "rechnung w9", "desi", "xylophon")
LIKE = """SELECT e.* FROM entries e JOIN inbox_items i ON i.conversation_id = e.conversation_id
WHERE i.account_id = {0} AND e.kind = 'message' AND e.deleted_at IS NULL AND {1}
ORDER BY e.at DESC LIMIT 20"""
BEHIND = """SELECT count(*) FROM conversations c LEFT JOIN search_progress p
ON p.conversation_id = c.id WHERE c.last_seq > coalesce(p.indexed_seq, 0)"""
Ask = Callable[[str, str], int]


def phases(bench: Bench) -> list[str]:
    """Ask for each account in turn, when the last answer is there."""
    return [f"{name}:{share * _size(bench):g}:{bench.seconds}" for name, share in SHARES.items()]


def _size(bench: Bench) -> int:
    return bench.scaled(MESSAGES, quick=QUICK_MESSAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked, and how; ``ask`` returns how many bytes were answered."""

    ask: Ask
    pid: int

    def run(self, _generator: Generator, phases: Sequence[str]) -> Run:
        """Ask, account after account."""
        done = [self._phase(*phase.split(":")) for phase in phases]
        return Run(connections=1, connect=NOBODY, phases=done, faults=NO_FAULTS, first_fault="")

    def _phase(self, account: str, size: str, seconds: str) -> Phase:
        for query in QUERIES:
            self.ask(account, query)  # the first time pays for what later ones find in caches
        took: Counter[int] = Counter()
        read = 0
        cpu, own, begun = cpu_seconds(self.pid), time.process_time(), time.perf_counter()
        for query in cycle(QUERIES):
            now = time.perf_counter()
            if now >= begun + float(seconds):
                break
            read += self.ask(account, query)
            took[round((time.perf_counter() - now) * 1e6)] += 1
        return Phase(
            kind="own messages",
            value=float(size),
            seconds=time.perf_counter() - begun,
            sent=took.total(),
            acked=took.total(),
            delivered=took.total(),
            received_bytes=read,
            server_cpu_seconds=cpu_seconds(self.pid) - cpu,
            server_rss_kb=rss_kb(self.pid),
            own_cpu_seconds=time.process_time() - own,
            ack_us=sorted(took.items()),
            peer_us=[],
        )


def ours(database: str, bench: Bench) -> Questions:
    """Import the talk, wait until it is indexed, and ask over HTTP."""
    address = KINDS[database](bench.databases)
    Orderwire.migrate(bench, address)
    _import(bench, address)
    server = Orderwire.start(bench, f"search-{database}", address)
    until = time.monotonic() + INDEXED_WITHIN
    while _count(address, BEHIND):
        if time.monotonic() > until:
            raise DidNotStart("it was not indexed in time")
        time.sleep(0.5)  # an index says nothing when it is done: we look
    if database == "PostgreSQL":
        _count(address, "ANALYZE")
    connection = HTTPConnection(LOOPBACK, server.port, timeout=30)
    bench.stack.callback(connection.close)
    tokens = {account: server.token(account) for account in SHARES}

    def ask(account: str, query: str) -> int:
        headers = {"Authorization": f"Bearer {tokens[account]}"}
        connection.request("GET", f"/v1/search?in=messages&q={quote(query)}", headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"search: {answer.status} {content.decode(errors='replace')}")
        return len(content)

    return Questions(ask=ask, pid=server.pid)


def like(database: str, bench: Bench) -> Questions:
    """Ask the database itself, in this process: no server, and no umlauts."""
    address = KINDS[database](bench.databases)
    Orderwire.migrate(bench, address)
    _import(bench, address)
    return Questions(ask=ASK[database](bench, address), pid=os.getpid())


def _ask_sqlite(bench: Bench, address: str) -> Ask:
    connection = sqlite3.connect(address.partition("///")[2])
    bench.stack.callback(connection.close)

    def ask(account: str, query: str) -> int:
        words = query.split()
        statement = LIKE.format("?", " AND ".join(["e.body LIKE ?"] * len(words)))
        rows = connection.execute(statement, (account, *(f"%{word}%" for word in words)))
        return len(rows.fetchall())

    return ask


def _ask_postgresql(bench: Bench, address: str) -> Ask:
    runner = bench.stack.enter_context(asyncio.Runner())
    connection = runner.run(_connect(address))
    runner.run(connection.execute("ANALYZE"))
    bench.stack.callback(lambda: runner.run(connection.close()))

    def ask(account: str, query: str) -> int:
        words = query.split()
        conditions = [f"e.body ILIKE ${place}" for place in range(2, len(words) + 2)]
        statement = LIKE.format("$1", " AND ".join(conditions))
        likes = [f"%{word}%" for word in words]
        return len(runner.run(_fetch(connection, statement, account, *likes)))

    return ask


ASK = {"SQLite": _ask_sqlite, "PostgreSQL": _ask_postgresql}


async def _connect(address: str) -> asyncpg.Connection:
    return await asyncpg.connect(address.replace("+asyncpg", ""))


async def _fetch(connection: asyncpg.Connection, *asked: str) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(*asked)
    return rows


def _count(address: str, statement: str) -> int:
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.partition("///")[2])
        try:
            return int(connection.execute(statement).fetchone()[0])
        finally:
            connection.close()

    async def count() -> int:
        connection = await _connect(address)
        try:
            return int(await connection.fetchval(statement) or 0)
        finally:
            await connection.close()

    return asyncio.run(count())


def _import(bench: Bench, address: str) -> None:
    talk = bench.folder / "talk.ndjson"
    if not talk.exists():
        Talk(_size(bench)).write(talk)
    done = subprocess.run(
        [str(COMMAND), "import", str(talk)],
        env={**os.environ, "ORDERWIRE_DATABASE_URL": address},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise DidNotStart((done.stdout + done.stderr).decode(errors="replace"))


ASKED: tuple[tuple[str, Standing, Callable[[str, Bench], Questions]], ...] = (
    ("orderwire, over HTTP", Standing.OURS, ours),
    ("LIKE, in this process", Standing.BASELINE, like),
)
SEARCH = Scenario(
    name="search",
    title=f"Search: in {MESSAGES:,} messages, for words of accounts of three sizes",
    counted="acked",
    contenders=tuple(
        Contender(name=name, group=database, standing=standing, start=partial(start, database))
        for database in KINDS
        for name, standing, start in ASKED
    ),
    phases=phases,
)
