"""Bring a database to the newest schema, and tell how far it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.engine import sqlite_engine
from storage.sqlite_connection import MigratingConnection, ReadingConnection, SqliteConnection

# Any number, but the same for everybody: two nodes that start at once migrate one after the other.
ADVISORY_LOCK = 7_215_309


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _upgrade(connection: Connection, to: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _engine(url: URL, embedded: type[SqliteConnection]) -> AsyncEngine:
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url)
    return sqlite_engine(url, embedded)


async def upgrade(url: str, to: str = "head") -> None:
    """Apply what is missing up to a revision; does nothing to a database that is up to date."""
    engine = _engine(make_url(url), MigratingConnection)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, to)
    finally:
        await engine.dispose()


def newest() -> str | None:
    """Return the revision that this code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def revision(engine: AsyncEngine) -> str | None:
    """Return the revision that a database has."""
    async with engine.connect() as connection:
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


async def is_current(url: str) -> bool:
    """Tell whether a database has the schema that this code needs."""
    engine = _engine(make_url(url), ReadingConnection)
    try:
        return await revision(engine) == newest()
    finally:
        await engine.dispose()
