"""A PostgreSQL for one test run, and a database of its own for each test."""

import asyncio
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import URL, make_url

from tests.support.postgres_keeper import execute

T = TypeVar("T")


class Postgres:
    """Makes copies of a migrated template database; ``template`` is its address."""

    def __init__(self, template: URL) -> None:
        self._template = template
        self._numbers = count(1)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a fresh database, and drop it in the end."""
        with self._database(f"TEMPLATE {self._template.database}") as url:
            yield url

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the address of a database without a schema, and drop it in the end."""
        with self._database("TEMPLATE template0") as url:
            yield url

    @contextmanager
    def _database(self, options: str) -> Iterator[str]:
        name = f"{self._template.database}_{next(self._numbers)}"
        server = self._template.set(database="postgres")
        run(execute(server, f"CREATE DATABASE {name} {options}"))
        try:
            yield self._template.set(database=name).render_as_string(hide_password=False)
        finally:
            run(execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


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
        yield Postgres(make_url(address))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` to its end without touching the event loop of the tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)
