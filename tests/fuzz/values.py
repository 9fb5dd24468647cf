"""Values for what the description calls by the name of a format: loaded by schemathesis."""

from datetime import UTC, datetime

import schemathesis
from hypothesis import strategies as st

from realtime.api.accounts import TIMEZONES

# Late enough for what has to lie ahead, early enough for what must not be too far away.
AHEAD = datetime(2029, 1, 1), datetime(2029, 12, 31)  # noqa: DTZ001 - Hypothesis wants them so

schemathesis.openapi.format("time-zone", st.sampled_from(sorted(TIMEZONES)))
# One that is empty asks for the first page; all others are given out by the server.
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.openapi.format(
    "date-time", st.datetimes(*AHEAD, timezones=st.just(UTC)).map(datetime.isoformat)
)
