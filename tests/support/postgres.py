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


# Who still uses the database is cut off, and everything in it is removed: the schema stays.
CUT_OFF = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = """
SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'
"""
EMPTY = """
DO $$ DECLARE name text; BEGIN
  PERFORM set_config('session_replication_role', 'replica', true);
  FOR name IN SELECT tablename FROM pg_tables
              WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$
"""


class Postgres:
    """Gives databases with the newest schema, copied from ``template``, and used again."""

    def __init__(self, template: URL, admin: "Admin") -> None:
        self._template = template
        self._admin = admin
        self._numbers = count(1)
        self._free: list[tuple[URL, Admin]] = []
        self._tables = ""

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a database that nothing is in, and empty it in the end.

        To copy one takes hundreds of files and half a second.
        """
        address, admin = self._free.pop() if self._free else self._copied()
        yield address.render_as_string(hide_password=False)
        admin.execute(CUT_OFF)
        if admin.ask(TABLES) != self._tables:  # a test has hidden one: nobody else gets this
            admin.close()
            return
        admin.execute(EMPTY)
        self._free.append((address, admin))

    def close(self) -> None:
        """Let go of all databases."""
        for _, admin in self._free:
            admin.close()

    def _copied(self) -> "tuple[URL, Admin]":
        name = f"{self._template.database}_{next(self._numbers)}"
        # Copying files is the faster way while nothing has to survive a power cut.
        self._admin.execute(
            f"CREATE DATABASE {name} TEMPLATE {self._template.database} STRATEGY FILE_COPY"
        )
        address = self._template.set(database=name)
        admin = Admin(address)
        self._tables = self._tables or admin.ask(TABLES)
        return address, admin

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the address of a database without a schema, and drop it in the end."""
        name = f"{self._template.database}_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
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

    def ask(self, question: str) -> str:
        """Return the one value that a query has."""
        return self._runner.run(self._ask(question))

    async def _ask(self, question: str) -> str:
        async with self._engine.connect() as connection:
            return str((await connection.exec_driver_sql(question)).scalar_one())

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
        postgres = Postgres(template, admin)
        try:
            yield postgres
        finally:
            postgres.close()
            admin.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end without touching the event loop of the tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
