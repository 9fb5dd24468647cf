"""Instants are spoken in UTC, with milliseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import is_moment, rfc3339, rfc3339_or_none, to_milliseconds

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


@pytest.mark.parametrize(
    "text",
    ["1970-01-01T00:00:00+00:00", "1970-01-01T14:00:00+14:00", "8999-12-31T23:59:59.999999+00:00"],
)
def test_what_is_taken_from_others_lies_between_two_years(text: str) -> None:
    assert is_moment(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "0900-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00+00:01",
        "8999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_lies_further_out_is_not_taken(text: str) -> None:
    assert not is_moment(datetime.fromisoformat(text))
