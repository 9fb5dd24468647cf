"""Instants are spoken in UTC, with milliseconds."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import rfc3339, rfc3339_or_none, to_milliseconds

instants = st.timedeltas(timedelta(), timedelta(days=365 * 200)).map(
    lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since
)


def test_an_instant_is_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    instant = datetime(2026, 11, 24, 12, 0, 0, 7_999, tzinfo=berlin)

    assert rfc3339(instant) == "2026-11-24T11:00:00.007Z"


def test_no_instant_is_written_as_none() -> None:
    assert rfc3339_or_none(None) is None
    assert rfc3339_or_none(datetime(2026, 11, 24, tzinfo=UTC)) == "2026-11-24T00:00:00.000Z"


@given(instants)
def test_what_is_cut_is_what_is_spoken(instant: datetime) -> None:
    cut = to_milliseconds(instant)

    assert datetime.fromisoformat(rfc3339(instant)) == cut
    assert timedelta() <= instant - cut < timedelta(milliseconds=1)
