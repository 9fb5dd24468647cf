"""The line that shows how far an import is."""

from io import StringIO

from realtime.importing.importer import Report
from realtime.importing.progress import EVERY, Progress


class Stopwatch:
    """Shows a time that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return it."""
        return self.now


def test_it_shows_share_rate_and_what_is_left() -> None:
    watch = Stopwatch()
    progress = Progress(out=StringIO(), monotonic=watch, whole=1_000, begun_at=Report())
    watch.now += 10

    assert progress.line(Report(lines=5_000, bytes=250)) == (
        "[========                      ]  25% 5,000 lines, 500/s, 00:30 left"
    )
    assert progress.line(Report(lines=5_000, bytes=1, skipped=2)).endswith(
        "5,000 lines, 500/s, 2 skipped, 2:46:30 left"
    )
    assert progress.line(Report(lines=9, bytes=1_000)).startswith(f"[{'=' * 30}] 100% 9 lines")


def test_what_was_done_before_is_no_part_of_the_rate() -> None:
    watch = Stopwatch()
    begun = Report(lines=4_000, bytes=500)
    progress = Progress(out=StringIO(), monotonic=watch, whole=1_000, begun_at=begun)
    assert progress.line(begun).endswith("4,000 lines, 0/s, --:-- left")
    watch.now += 10

    assert progress.line(Report(lines=5_000, bytes=750)).endswith("5,000 lines, 100/s, 00:10 left")


def test_without_an_end_in_sight_it_counts() -> None:
    watch = Stopwatch()
    progress = Progress(out=StringIO(), monotonic=watch, whole=None, begun_at=Report())
    watch.now += 2

    assert progress.line(Report(lines=3_000, bytes=99)) == "3,000 lines, 1,500/s"


def test_it_is_drawn_now_and_then_over_itself() -> None:
    out, watch = StringIO(), Stopwatch()
    progress = Progress(out=out, monotonic=watch, whole=None, begun_at=Report())

    for lines in range(5):
        progress.show(Report(lines=lines))
        watch.now += EVERY * 0.6
    progress.clear()

    drawn = out.getvalue().split("\r")
    assert len(drawn) == 5
    assert drawn[-1] == "\x1b[K"
    assert "\n" not in out.getvalue()
