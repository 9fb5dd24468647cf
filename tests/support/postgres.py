"""A PostgreSQL for one test run, and a database of its own for each test."""

import asyncio
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

T = TypeVar("T")


class Postgres:
    """Makes copies of a migrated template database; ``template`` is its address."""

    def __init__(self, template: URL, admin: "Admin") -> None:
        self._template = template
        self._admin = admin
        self._numbers = count(1)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a fresh database, and drop it in the end."""
        # Copying files is the faster way while nothing has to survive a power cut.
        with self._database(f"TEMPLATE {self._template.database} STRATEGY FILE_COPY") as url:
            yield url

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the address of a database without a schema, and drop it in the end."""
        with self._database("TEMPLATE template0") as url:
            yield url

    @contextmanager
    def _database(self, options: str) -> Iterator[str]:
        name = f"{self._template.database}_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} {options}")
        try:
            yield self._template.set(database=name).render_as_string(hide_password=False)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Admin:
    """One connection for what concerns the whole server, without the event loop of the tests."""

    def __init__(self, server: URL) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._engine = create_async_engine(server, isolation_level="AUTOCOMMIT", pool_size=1)

    def execute(self, statement: str) -> None:
        """Run a statement outside of a transaction."""
        self._runner.run(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Let go of the server."""
        self._runner.run(self._engine.dispose())
        self._runner.close()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server, or use the one that ``ORDERWIRE_TEST_POSTGRES_URL`` names."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.postgres_keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the tests: the keeper ends when they have.
        start_new_session=True,
    ) as keeper:
        assert keeper.stdout is not None
        address = keeper.stdout.readline().strip()
        assert address, "no PostgreSQL could be started; what it said stands above"
        template = make_url(address)
        admin = Admin(template.set(database="postgres"))
        try:
            yield Postgres(template, admin)
        finally:
            admin.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end without touching the event loop of the tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
