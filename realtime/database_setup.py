"""Sees to it that the database is there and has the schema of this release, or says why not."""

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
    try:
        await migrate.upgrade(url)
    except (SQLAlchemyError, OrderwireError, OSError) as error:
        raise DatabaseNotReady(_line(url, error)) from error


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
    """Tell whether a database has the schema of this release."""
    try:
        return await migrate.is_current(url)
    except (SQLAlchemyError, OrderwireError, OSError) as error:
        raise DatabaseNotReady(_line(url, error)) from error


def is_embedded(url: str) -> bool:
    """Tell whether a database is a file of this machine's own."""
    return make_url(url).get_backend_name() == "sqlite"


def _line(url: str, error: Exception) -> str:
    parsed = make_url(url)
    place = parsed.database if is_embedded(url) else parsed.host
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = redacted(str(cause).strip().partition("\n")[0]) or type(cause).__name__
    return f"{NAME}: the database at {place} does not answer: {reason}"
