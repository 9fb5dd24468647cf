"""How far an import is, on one line that is drawn over and over."""

from collections.abc import Callable
from typing import TextIO

from realtime.importing.importer import Report

WIDTH = 30
EVERY = 0.2


class Progress:
    """Draws a bar on a terminal; ``whole`` is the size in bytes, if it is known."""

    def __init__(
        self,
        *,
        out: TextIO,
        monotonic: Callable[[], float],
        whole: int | None,
        begun_at: Report,
    ) -> None:
        self._out = out
        self._monotonic = monotonic
        self._whole = whole
        self._began = monotonic()
        self._drawn = self._began - EVERY
        self._lines, self._bytes = begun_at.lines, begun_at.bytes

    def show(self, report: Report) -> None:
        """Draw it, if it was not drawn a moment ago."""
        now = self._monotonic()
        if now - self._drawn >= EVERY:
            self._drawn = now
            self._out.write(f"\r{self.line(report)}\x1b[K")
            self._out.flush()

    def clear(self) -> None:
        """Take it away, for something else to be written there."""
        self._out.write("\r\x1b[K")
        self._out.flush()

    def line(self, report: Report) -> str:
        """Return what is to be seen."""
        passed = max(self._monotonic() - self._began, 1e-9)
        rate = (report.lines - self._lines) / passed
        seen = f"{report.lines:,} lines, {rate:,.0f}/s"
        if report.skipped:
            seen += f", {report.skipped:,} skipped"
        if not self._whole:
            return seen
        share = min(report.bytes / self._whole, 1.0)
        bar = ("=" * round(share * WIDTH)).ljust(WIDTH)
        return f"[{bar}] {share:4.0%} {seen}, {self._left(report, passed)} left"

    def _left(self, report: Report, passed: float) -> str:
        done = report.bytes - self._bytes
        if not done or self._whole is None:
            return "--:--"
        seconds = round((self._whole - report.bytes) * passed / done)
        hours, rest = divmod(seconds, 3600)
        clock = f"{rest // 60:02}:{rest % 60:02}"
        return f"{hours}:{clock}" if hours else clock
