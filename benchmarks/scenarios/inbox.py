"""Pages of an inbox, of a hundred conversations and of ten thousand: the same, or not."""

import asyncio
import sqlite3
from functools import partial

import asyncpg

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.orderwire import Orderwire, Pair
from benchmarks.pages import Pages
from storage.tables import inbox_items

SIZES = (100, 10_000)
QUICK_SIZES = (60, 120)
PAGE = 50
KEPT = [column.name for column in inbox_items.c if column.name != "conversation_id"]
# The one conversation that there is, again and again under other names.
COPY = f"""INSERT INTO inbox_items (conversation_id, {", ".join(KEPT)})
SELECT 'c' || n, {", ".join(KEPT)} FROM inbox_items, numbers
WHERE kind = 'order' AND account_id = """
FILLED_BY = {
    "SQLite": f"""WITH RECURSIVE numbers(n) AS
        (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) {COPY} ?""",
    "PostgreSQL": f"WITH numbers AS (SELECT n FROM generate_series(2, $1::int) AS n) {COPY} $2",
}


def phases(bench: Bench) -> list[str]:
    """Ask for a page when the last one is there."""
    return [f"window:1:{bench.seconds}"]


def ours(database: str, size: int, quick_size: int, bench: Bench) -> Pages:
    """Fill an inbox behind the server's back, and leaf through it."""
    address = KINDS[database](bench.databases)
    server = Orderwire.start(bench, f"inbox-{database}-{size}", address)
    (pair,) = server.pairs(1)
    FILL[database](address, pair, bench.scaled(size, quick=quick_size))
    return Pages(
        port=server.port,
        pid=server.pid,
        path=f"/v1/conversations?limit={PAGE}",
        token=server.token(pair.seller),
    )


def _fill_sqlite(address: str, pair: Pair, count: int) -> None:
    database = sqlite3.connect(address.partition("///")[2])
    with database:
        database.execute(FILLED_BY["SQLite"], (count, pair.seller))
    database.close()


def _fill_postgresql(address: str, pair: Pair, count: int) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(address.replace("+asyncpg", ""))
        await connection.execute(FILLED_BY["PostgreSQL"], count, pair.seller)
        await connection.execute("ANALYZE")
        await connection.close()

    asyncio.run(fill())


FILL = {"SQLite": _fill_sqlite, "PostgreSQL": _fill_postgresql}

INBOX = Scenario(
    name="inbox",
    title=f"Inbox: pages of {PAGE} conversations, from the latest to the oldest",
    counted="acked",
    contenders=tuple(
        Contender(
            name=f"orderwire, {size:,} conversations",
            group=database,
            standing=Standing.OURS if size > SIZES[0] else Standing.BASELINE,
            start=partial(ours, database, size, quick_size),
        )
        for database in KINDS
        for size, quick_size in zip(SIZES, QUICK_SIZES, strict=True)
    ),
    phases=phases,
)
