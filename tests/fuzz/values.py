"""Values for what the description calls by the name of a format: loaded by schemathesis."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st


@schemathesis.serializer("application/offset+octet-stream")
def _piece(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """Write a piece of a file."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


# Late enough for what has to lie ahead, early enough for what must not be too far away.
AHEAD = datetime(2029, 1, 1), datetime(2029, 12, 31)  # noqa: DTZ001 - Hypothesis wants them so

schemathesis.openapi.format("time-zone", st.sampled_from(sorted(available_timezones())))
# One that is empty asks for the first page; all others are given out by the server.
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.openapi.format(
    "date-time", st.datetimes(*AHEAD, timezones=st.just(UTC)).map(datetime.isoformat)
)
