"""Sees to it that the database is there and has the schema of this release, or says why not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.errors import OrderwireError
from realtime.logs import redacted
from storage import migrate

NAME = "ORDERWIRE_DATABASE_URL"


class DatabaseNotReady(Exception):
    """One line that says what is wrong with the database, and what to do."""


async def upgrade(url: str) -> None:
    """Bring a database to the schema of this release."""
    with _told(url):
        if is_embedded(url):
            _open_once(_file_of(url))
        await migrate.upgrade(url)


async def prepare(url: str) -> None:
    """Bring an embedded database up to date; of any other, see that somebody has done so.

    Servers that start together would all migrate: for one that they share, that is a step of its
    own.
    """
    if is_embedded(url):
        await upgrade(url)
    elif not await is_current(url):
        raise DatabaseNotReady(
            f"{NAME}: the database does not have the schema of this release; run: orderwire migrate"
        )


async def is_current(url: str) -> bool:
    """Tell whether a database has the schema of this release; nothing is changed."""
    with _told(url):
        if is_embedded(url):
            if not _file_of(url).exists():
                return False
            _open_once(_file_of(url))
        return await migrate.is_current(url)


def is_embedded(url: str) -> bool:
    """Tell whether a database is a file of this machine's own."""
    return make_url(url).get_backend_name() == "sqlite"


def _file_of(url: str) -> Path:
    return Path(make_url(url).database or "")


def _open_once(path: Path) -> None:
    """Open a file the plain way first: what is wrong with it is then said in SQLite's own words."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version")


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Tell in one line what a database says instead of answering."""
    try:
        yield
    except (SQLAlchemyError, OrderwireError, OSError, sqlite3.Error) as error:
        place = _file_of(url) if is_embedded(url) else make_url(url).host
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = redacted(str(cause).strip().partition("\n")[0]) or type(cause).__name__
        line = f"{NAME}: the database at {place} does not answer: {reason}"
        raise DatabaseNotReady(line) from error
