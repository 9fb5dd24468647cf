"""Migrations: what they make is what the code expects, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from storage import migrate
from storage.tables import metadata


def differences(connection: Connection) -> list[object]:
    """List what an automatic migration would change."""
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def test_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    """No table, column, index or rule is in one of the two alone."""
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    """A database that is up to date stays as it is."""
    await migrate.upgrade(database_url)

    assert await migrate.is_current(database_url)


async def test_an_empty_database_is_not_current(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What has no schema at all is told from what has the newest."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('empty')}/empty.db"

    assert not await migrate.is_current(url)
    await migrate.upgrade(url)
    assert await migrate.is_current(url)


async def test_two_nodes_that_start_at_once_migrate_once(database_url: str) -> None:
    """The second one waits and finds nothing to do."""
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()

    assert set(names) == {*metadata.tables, "alembic_version"}
