"""Rows as they come back: one name for their type, three ways to fetch them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection

Record = Row[*tuple[Any, ...]]
Values = Mapping[str, Any]


async def fetch_all(
    connection: AsyncConnection, statement: Executable, parameters: Values | None = None
) -> Sequence[Record]:
    """Return every row."""
    rows: Sequence[Record] = (await connection.execute(statement, parameters)).all()
    return rows


async def fetch_one(connection: AsyncConnection, statement: Executable) -> Record:
    """Return the one row that there is."""
    row: Record = (await connection.execute(statement)).one()
    return row


async def fetch_optional(connection: AsyncConnection, statement: Executable) -> Record | None:
    """Return the row, if there is one."""
    row: Record | None = (await connection.execute(statement)).one_or_none()
    return row
