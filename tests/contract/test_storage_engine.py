"""Transactions: whole or nothing, and the news only after the commit."""

from storage.engine import Database


async def test_ping(database: Database) -> None:
    await database.ping()
