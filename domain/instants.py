"""Instants as people and programs read them."""

from datetime import UTC, datetime
from functools import lru_cache

# Later ones leave room for what is counted from them, and earlier ones are somebody's mistake.
EARLIEST, BEYOND = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
MOMENT_WORDS = "is a time between the years 1970 and 8999"


def is_moment(instant: datetime) -> bool:
    """Tell whether an aware instant is one that is taken from others."""
    return EARLIEST <= instant < BEYOND


@lru_cache(maxsize=4096)
def rfc3339(instant: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds; the same ones come again."""
    return (
        instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{instant.microsecond // 1000:03}Z"
    )


def rfc3339_or_none(instant: datetime | None) -> str | None:
    """Write an instant, if there is one."""
    return None if instant is None else rfc3339(instant)


def to_milliseconds(instant: datetime) -> datetime:
    """Cut an instant to the precision that is spoken outside."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
