"""Quiet hours: what the clock on the wall shows, in every zone and on every day of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.preferences import Category, Preferences, effective
from domain.quiet_hours import is_quiet, quiet_until, zone_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
TIMES = st.times().map(lambda at: f"{at.hour:02}:{at.minute:02}")


def wishes(start: str, end: str, zone: str = "Europe/Berlin", *excepted: str) -> Preferences:
    said = {"quiet_hours": {"start": start, "end": end, "except": list(excepted)}}
    return effective(said, locale="de", timezone=zone)


def until(start: str, end: str, now: str, zone: str = "Europe/Berlin") -> str | None:
    """Tell until when it is quiet, both as ISO text: the end in UTC."""
    found = quiet_until(wishes(start, end, zone), Category.SERVICE, datetime.fromisoformat(now))
    return None if found is None else found.isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-24T20:59+00:00", None),
        ("2026-11-24T21:00+00:00", "2026-11-25T06:00+00:00"),
        ("2026-11-25T05:59+00:00", "2026-11-25T06:00+00:00"),
        ("2026-11-25T06:00+00:00", None),
    ],
)
def test_a_night_goes_over_midnight_by_the_clock_of_the_zone(now: str, end: str | None) -> None:
    assert until("22:00", "07:00", now) == end


def test_hours_within_a_day_end_on_that_day() -> None:
    assert until("12:00", "14:00", "2026-11-24T11:30+00:00") == "2026-11-24T13:00+00:00"
    assert until("12:00", "14:00", "2026-11-24T13:00+00:00") is None


@pytest.mark.parametrize(
    ("evening", "end"),
    [
        # The night of the 29th of March lacks an hour, that of the 25th of October has it twice.
        ("2026-03-28T22:00+00:00", "2026-03-29T05:00+00:00"),
        ("2026-10-24T21:00+00:00", "2026-10-25T06:00+00:00"),
    ],
)
def test_the_morning_is_when_the_clock_says_so_on_days_that_change_it(
    evening: str, end: str
) -> None:
    assert until("22:00", "07:00", evening) == end


def test_an_end_that_a_day_lacks_comes_as_soon_as_the_clock_is_past_it() -> None:
    assert until("22:00", "02:30", "2026-03-29T00:30+00:00") == "2026-03-29T01:30+00:00"


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    assert until("01:00", "02:30", "2026-10-25T00:15+00:00") == "2026-10-25T00:30+00:00"
    assert until("01:00", "02:30", "2026-10-25T01:15+00:00") == "2026-10-25T01:30+00:00"


def test_what_is_excepted_may_always_disturb() -> None:
    night = datetime(2026, 11, 24, 23, tzinfo=UTC)
    asleep = wishes("22:00", "07:00", "UTC", "new_order")
    assert quiet_until(asleep, Category.NEW_ORDER, night) is None
    assert quiet_until(asleep, Category.SERVICE, night) is not None


def test_who_said_nothing_may_always_be_disturbed() -> None:
    awake = effective({}, locale="de", timezone="Europe/Berlin")
    assert quiet_until(awake, Category.SERVICE, datetime(2026, 11, 24, 23, tzinfo=UTC)) is None


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../etc/passwd"])
def test_a_zone_that_is_none_is_taken_for_utc(name: str) -> None:
    assert zone_of(name) == ZoneInfo("UTC")


@given(
    start=TIMES,
    end=TIMES,
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_it_is_quiet_while_the_clock_shows_it_and_not_when_it_ends(
    start: str, end: str, zone: str, now: datetime
) -> None:
    """Against the plain rule, minute by minute: it is held for no longer than the clock says."""
    asleep = wishes(start, end, zone)
    if start == end:
        return
    quiet, moment = asleep.quiet_hours, now.replace(tzinfo=UTC)
    assert quiet is not None
    found = quiet_until(asleep, Category.SERVICE, moment)

    def shown(at: datetime) -> time:
        return at.astimezone(ZoneInfo(zone)).time()

    assert (found is not None) == is_quiet(quiet, shown(moment))
    if found is None:
        return
    assert moment < found <= moment + timedelta(hours=26)
    assert not is_quiet(quiet, shown(found))
    # Only where an hour is missing may it be quiet a little longer than the clock says.
    looked_at = moment
    while looked_at < found and is_quiet(quiet, shown(looked_at)):
        looked_at += timedelta(minutes=1)
    assert found - looked_at <= timedelta(hours=1)
