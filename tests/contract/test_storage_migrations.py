"""Migrations: what they make is what the code expects, on both databases."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import migrate
from storage.tables import metadata


def differences(connection: Connection) -> list[object]:
    """List what an automatic migration would change."""
    options = {"compare_server_default": True, "include_object": _is_in_tables}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def _is_in_tables(_object: object, name: str | None, *_: object) -> bool:
    """The index of words is of its own kind on each database, and no table of ours."""
    return not (name or "").startswith("search_words")


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


async def test_an_empty_database_is_not_current(empty_url: str) -> None:
    """What has no schema at all is told from what has the newest."""
    assert not await migrate.is_current(empty_url)
    await migrate.upgrade(empty_url)
    assert await migrate.is_current(empty_url)


async def test_nodes_that_start_at_once_migrate_one_after_the_other(empty_url: str) -> None:
    """Whoever comes second waits, and finds nothing to do."""
    await asyncio.gather(*(migrate.upgrade(empty_url) for _ in range(3)))

    assert await migrate.is_current(empty_url)


FILES = {"held": "message", "read": "message", "foreign": "message", "done": "delivery"}
BEFORE_0020 = (
    "INSERT INTO conversations (id, kind, epoch, last_seq, rights, created_at)"
    " VALUES ('talk', 'direct', 'e', 2, 0, '2026-01-01')",
    "INSERT INTO held_messages (conversation_id, seq, account_id, body, attachments, found, at)"
    """ VALUES ('talk', 1, 'sam', 'a', '[{"id": "held"}, {"id": "done"}]', '[]', '2026-01-01'),"""
    """ ('talk', 2, 'kim', 'b', '[{"id": "foreign"}]', '[]', '2026-01-01'),"""
    """ ('talk', 3, 'sam', 'c', '[]', '[]', '2026-01-01')""",
    *(
        "INSERT INTO attachments"
        " (account_id, id, name, type, received, pieces, status, used_as, created_at)"
        f" VALUES ('sam', '{name}', 'a', 'b', 0, '[]', 'ready', '{used_as}', '2026-01-01')"
        for name, used_as in FILES.items()
    ),
)


async def test_files_of_messages_that_are_held_back_already_are_held_back(empty_url: str) -> None:
    """Those alone that the message of their own owner has; what is read stays readable."""
    await migrate.upgrade(empty_url, to="0019")
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        for statement in BEFORE_0020:
            # As they are: a colon names no parameter here.
            await connection.exec_driver_sql(statement)

    await migrate.upgrade(empty_url, to="0020")

    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT id, used_as FROM attachments"))
        assert {row.id: row.used_as for row in rows} == FILES | {"held": "held"}
    await engine.dispose()
