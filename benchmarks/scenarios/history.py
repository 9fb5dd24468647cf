"""Pages of a conversation, from a thousand entries to a million: flat, or not."""

import asyncio
import sqlite3
from collections.abc import Iterable
from functools import partial

import asyncpg

from benchmarks.bench import Bench, Contender, Scenario, Standing
from benchmarks.databases import KINDS
from benchmarks.generator import Client, Load
from benchmarks.orderwire import Orderwire, Pair
from benchmarks.processes import family

SIZES = (1_000, 1_000_000)
QUICK_SIZES = (100, 1_000)
READERS = 4
PAGE = 50
# A page from the middle of the conversation, as somebody who scrolls asks for it.
PAGES = (
    '{"id":@id@,"history":{"channel":"thread:@to@","limit":%d,"reverse":true,'
    '"since":{"offset":%d,"epoch":""}}}'
)
COLUMNS = "conversation_id, seq, id, kind, sender, client_id, body, attachments, at"
AT = "2026-01-01 12:00:00.000000"


def phases(bench: Bench) -> list[str]:
    """Each reader asks for a page when it has the last one."""
    return [f"window:1:{bench.seconds}"]


def ours(database: str, size: int, quick_size: int, bench: Bench) -> Load:
    """Fill one conversation behind the server's back, and read it through the socket."""
    address = KINDS[database](bench.databases)
    server = Orderwire.start(bench, f"history-{database}-{size}", address)
    (pair,) = server.pairs(1)
    count = bench.scaled(size, quick=quick_size)
    FILL[database](address, pair, count)
    reader = server.listener(pair.buyer, pair.conversation, sends=True)
    clients: tuple[Client, ...] = (reader,) * READERS
    return Load(
        clients=clients,
        pids=tuple(family(server.pid)),
        dialect="centrifuge",
        message=PAGES % (PAGE, count // 2),
        audience=0,
        complete="acked",
    )


def _rows(pair: Pair, count: int) -> Iterable[tuple[object, ...]]:
    for seq in range(2, count + 1):
        sender = pair.buyer if seq % 2 else pair.seller
        body = f"message {seq} of a long conversation about a logo"
        yield (pair.conversation, seq, f"e{seq}", "message", sender, f"c{seq}", body, "[]", AT)


def _fill_sqlite(address: str, pair: Pair, count: int) -> None:
    database = sqlite3.connect(address.partition("///")[2])
    with database:
        places = ", ".join("?" * len(COLUMNS.split(",")))
        database.executemany(
            f"INSERT INTO entries ({COLUMNS}) VALUES ({places})", _rows(pair, count)
        )
        database.execute(
            "UPDATE conversations SET last_seq = ? WHERE id = ?", (count, pair.conversation)
        )
    database.close()


def _fill_postgresql(address: str, pair: Pair, count: int) -> None:
    asyncio.run(_fill(address.replace("+asyncpg", ""), pair, count))


async def _fill(address: str, pair: Pair, count: int) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(
        f"""INSERT INTO entries ({COLUMNS})
        SELECT $1, n, 'e' || n, 'message', CASE n % 2 WHEN 1 THEN $2 ELSE $3 END, 'c' || n,
               'message ' || n || ' of a long conversation about a logo', '[]'::jsonb, '{AT}+00'
        FROM generate_series(2, $4::int) AS n""",
        pair.conversation,
        pair.buyer,
        pair.seller,
        count,
    )
    await connection.execute(
        "UPDATE conversations SET last_seq = $1 WHERE id = $2", count, pair.conversation
    )
    await connection.execute("ANALYZE")
    await connection.close()


FILL = {"SQLite": _fill_sqlite, "PostgreSQL": _fill_postgresql}

HISTORY = Scenario(
    name="history",
    title=f"History: pages of {PAGE} entries from the middle of a conversation",
    counted="acked",
    contenders=tuple(
        Contender(
            name=f"orderwire, {size:,} entries",
            group=database,
            standing=Standing.OURS if size > SIZES[0] else Standing.BASELINE,
            start=partial(ours, database, size, quick_size),
        )
        for database in KINDS
        for size, quick_size in zip(SIZES, QUICK_SIZES, strict=True)
    ),
    phases=phases,
)
