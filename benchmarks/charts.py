"""``python -m benchmarks.charts figures.json FOLDER``: draws what ``--json`` has written, as SVG.

One picture a scenario: what each server did in each phase, on a scale where a doubling is always
as high. The pictures follow the reader's light or dark.
"""

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from benchmarks.figures import Row

WIDTH, HEIGHT = 860, 380
LEFT, RIGHT, TOP, BOTTOM = 84, 280, 44, 44
OURS = "orderwire"
# Ours in the accent, thick; the others quietly, each in a colour of its own.
COLOURS = (
    *("#2c5cc5", "#c2571a", "#1d7a46", "#8a3ffc", "#9a5b00"),
    *("#b42318", "#00798c", "#6a727e", "#c2185b", "#5b7a00"),
)
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #16191d }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #e3e6ea }
.axis { fill: #545b66 }
rect { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #eceef1 } .grid { stroke: #2d323a } .axis { fill: #a9b0bb } rect { fill: #16181c }
}
"""

Point = tuple[float, float]


def chart(title: str, rows: Sequence[Row]) -> str:
    """Draw the figures of one scenario: a line a server, a place a phase."""
    phases = list(dict.fromkeys(row.phase for row in rows))
    servers = list(dict.fromkeys(row.server for row in rows))
    top = max(row.per_second for row in rows)
    scale = _Scale(min(row.per_second for row in rows if row.per_second > 0), top, len(phases))
    shapes: list[str] = [*_grid(scale), *_phases(phases, scale)]
    ends: list[tuple[float, str, str]] = []
    for number, server in enumerate(servers):
        colour = COLOURS[number % len(COLOURS)]
        points = [
            scale.place(phases.index(row.phase), row.per_second)
            for row in rows
            if row.server == server and row.per_second > 0
        ]
        if points:
            shapes += _line(points, colour, thick=server.startswith(OURS))
            ends.append((points[-1][1], server, colour))
    shapes += _names(ends)
    return _document(title, shapes)


class _Scale:
    """Where a figure stands: phases from left to right, doublings from bottom to top."""

    def __init__(self, low: float, high: float, phases: int) -> None:
        self.lowest = math.floor(math.log10(low))
        self.highest = max(math.ceil(math.log10(high)), self.lowest + 1)
        self._step = (WIDTH - LEFT - RIGHT) / max(phases - 1, 1)

    def place(self, phase: int, value: float) -> Point:
        """Return x and y in pixels."""
        return LEFT + phase * self._step, self.height(value)

    def height(self, value: float) -> float:
        """Return y in pixels."""
        share = (math.log10(value) - self.lowest) / (self.highest - self.lowest)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid(scale: _Scale) -> Iterable[str]:
    for power in range(scale.lowest, scale.highest + 1):
        y = scale.height(10**power)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 8, y + 4, f"{10**power:,}", "end", "axis")


def _phases(phases: Sequence[str], scale: _Scale) -> Iterable[str]:
    for number, phase in enumerate(phases):
        x, _ = scale.place(number, 10**scale.lowest)
        yield _text(x, HEIGHT - BOTTOM + 22, phase, "middle", "axis")


def _line(points: Sequence[Point], colour: str, *, thick: bool) -> Iterable[str]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    width = 3 if thick else 1.5
    yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 1}" fill="{colour}"/>'


def _names(ends: Sequence[tuple[float, str, str]]) -> Iterable[str]:
    """Write the names beside the ends of their lines, none over another."""
    below = float(min(TOP, HEIGHT - 16 * len(ends)))
    for y, server, colour in sorted(ends):
        below = max(y, below + 16)
        x = WIDTH - RIGHT + 14
        yield f'<circle cx="{x}" cy="{below:.1f}" r="4" fill="{colour}"/>'
        yield _text(x + 10, below + 4, server, "start")


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def _document(title: str, shapes: Iterable[str]) -> str:
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}"/>',
            _text(LEFT, 24, title, "start", "title"),
            *shapes,
            "</svg>\n",
        )
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw every scenario that has more than one phase."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.charts", description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    report: dict[str, Any] = json.loads(asked.figures.read_text())
    for name, found in report["results"].items():
        # A rate that was asked for is no figure of anybody's.
        rows = [row for row in msgspec.convert(found, list[Row]) if not row.phase.endswith("/s")]
        if len({row.phase for row in rows}) > 1:
            words = f"{name}: a second, each server in each phase"
            (asked.folder / f"performance-{name}.svg").write_text(chart(words, rows))


if __name__ == "__main__":
    main()
