"""What columns are made of: types that both databases keep alike, and their usual options."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

Processor = Callable[[Any], Any]


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite, which knows no zones, keeps it as naive UTC text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor | None:
        """Return what turns an instant into what the driver takes."""
        return _to_text if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, _kind: object) -> Processor | None:
        """Return what turns what the driver gives into an instant."""
        return _from_text if dialect.name == "sqlite" else None


# Many rows of one transaction have the same: an import stores each moment in five of them.
KEPT = 16_384


@lru_cache(maxsize=KEPT)
def _to_text(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


@lru_cache(maxsize=KEPT)
def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


Id = String(64)
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite counts by itself only in a column of type INTEGER PRIMARY KEY.
Counter = BigInteger().with_variant(Integer(), "sqlite")


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def required(name: str, kind: Any, **options: Any) -> Column[Any]:
    """Make a column that always has a value."""
    return Column(name, kind, nullable=False, **options)


def flag(name: str) -> Column[Any]:
    """Make a column that is false until it is said."""
    return Column(name, Boolean, nullable=False, default=False)


def count(name: str) -> Column[Any]:
    """Make a column that counts from 0."""
    return Column(name, BigInteger, nullable=False, default=0)


def partial(condition: str, *columns: str) -> Index:
    """Index only those rows for which ``condition`` holds."""
    where = text(condition)
    return Index(None, *columns, sqlite_where=where, postgresql_where=where)
