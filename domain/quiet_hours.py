"""When an account wants to be left alone: by the clock on its own wall, whatever that is set to."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.preferences import Category, Preferences, QuietHours


def quiet_until(wishes: Preferences, category: Category, now: datetime) -> datetime | None:
    """Tell until when pushes of a category wait, or None if they need not."""
    quiet = wishes.quiet_hours
    if quiet is None or category in quiet.excepted:
        return None
    zone = zone_of(wishes.timezone)
    if not is_quiet(quiet, now.astimezone(zone).time()):
        return None
    return min(end for end in _ends(quiet, zone, now) if end > now)


def is_quiet(quiet: QuietHours, shown: time) -> bool:
    """Tell whether it is quiet while the clock shows a time; the night may be in between."""
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    if start < end:
        return start <= shown < end
    return shown >= start or shown < end


def zone_of(name: str) -> ZoneInfo:
    """Find a time zone; what is none is taken for UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _ends(quiet: QuietHours, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """List when the clock shows the end, about now: twice on a day that has an hour twice.

    On a day without that hour it is taken for the same time after the clock was put forward.
    """
    end = time.fromisoformat(quiet.end)
    today = now.astimezone(zone).date()
    shown = (
        datetime.combine(today + timedelta(days=days), end, zone).replace(fold=fold)
        for days in (0, 1, 2)
        for fold in (0, 1)
    )
    moments = (each.astimezone(UTC) for each in shown)
    return [each for each in moments if not is_quiet(quiet, each.astimezone(zone).time())]
