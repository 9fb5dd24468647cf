"""Tables for people at a terminal: aligned, with a line under the heads, and nothing to escape."""

from collections.abc import Sequence

Cell = str | int | float | None


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Write rows under their heads; columns of numbers alone stand to the right.

    >>> print(table(["who", "n"], [["sam", 12], ["bea", None]]))
    WHO   N
    --- ---
    sam  12
    bea   -
    """
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(heads)
    to_right = [
        any(isinstance(cell, int | float) for cell in column)
        and not any(isinstance(cell, str) for cell in column)
        for column in columns
    ]
    shown = [[head.upper() for head in heads], *([text(cell) for cell in row] for row in rows)]
    widths = [max(len(line[n]) for line in shown) for n in range(len(heads))]
    widths = [max(width, 3) for width in widths]
    shown.insert(1, ["-" * width for width in widths])
    return "\n".join(_line(line, widths, to_right) for line in shown)


def _line(cells: Sequence[str], widths: Sequence[int], to_right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, to_right, strict=True)
    )
    return " ".join(aligned).rstrip()


def text(cell: Cell) -> str:
    """Write a value on one line."""
    if cell is None or cell == "":
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    # What others wrote must not move somebody's cursor.
    return "".join(each if each.isprintable() else "?" for each in cell)
