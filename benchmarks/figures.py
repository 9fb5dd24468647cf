"""What comes out of a run, and what is made of several: percentiles, medians, a table."""

from collections.abc import Callable, Sequence
from statistics import median

import msgspec

Histogram = list[tuple[int, int]]  # (upper edge in us, count), ascending


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """What the generator counted while it kept one window or rate."""

    kind: str
    value: float
    seconds: float
    sent: int
    acked: int
    delivered: int
    received_bytes: int
    server_cpu_seconds: float
    server_rss_kb: int
    own_cpu_seconds: float
    ack_us: Histogram
    peer_us: Histogram


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """How everybody came in, and what it cost the server.

    ``refused`` by 503 and ``turned_away`` by error 111 came again later, as an SDK does. The
    longest wait is that of the commands that open a connection for the last of their answers.
    """

    seconds: float
    server_cpu_seconds: float
    rss_before_kb: int
    rss_after_kb: int
    ready_us: Histogram
    refused: int
    turned_away: int
    longest_wait_us: int


# Where nobody comes in by a socket, or nobody asks how.
NOBODY = Connect(
    seconds=0,
    server_cpu_seconds=0,
    rss_before_kb=0,
    rss_after_kb=0,
    ready_us=[],
    refused=0,
    turned_away=0,
    longest_wait_us=0,
)


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What must not happen; the first one is told in words."""

    errors: int
    gaps: int
    repeats: int
    missing: int
    unknown: int
    disconnects: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the generator against one server."""

    connections: int
    connect: Connect
    phases: list[Phase]
    faults: Faults
    first_fault: str

    @property
    def clean(self) -> bool:
        """Tell whether everything came, once and in order."""
        return not any(msgspec.structs.astuple(self.faults))


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the rounds for one server in one phase; times in milliseconds."""

    server: str
    group: str
    phase: str
    per_second: float
    times_best: float | None
    ack_p50: float | None
    ack_p99: float | None
    peer_p50: float | None
    peer_p99: float | None
    bytes_each: float
    cpu: float
    generator_cpu: float
    rss_mb: float
    kb_a_connection: float
    connect_seconds: float
    connect_cpu: float
    ready_p99: float | None
    returns: int
    longest_wait: float
    faults: str

    @property
    def cpu_each(self) -> float:
        """Microseconds of the server's processor for each that is counted; 0 if none was."""
        return self.cpu / self.per_second * 1e6 if self.per_second else 0.0


def percentile(histogram: Histogram, share: float) -> float | None:
    """Return the time in ms that ``share`` of all stay under, or None if nothing was timed."""
    total = sum(count for _, count in histogram)
    seen = 0
    for upper, count in histogram:
        seen += count
        if seen >= share * total:
            return upper / 1000
    return None


def median_or_none(values: Sequence[float | None]) -> float | None:
    """Return the median of what there is."""
    present = [value for value in values if value is not None]
    return median(present) if present else None


def phase_name(phase: Phase) -> str:
    """Name a phase as people say it: ``window 4``, ``10/s``, ``all due``."""
    return _PHASES.get(phase.kind, f"{phase.kind} {{:g}}").format(phase.value)


_PHASES = {"rate": "{:g}/s", "due": "all due", "push": "push, {:g}/s", "mail": "mail, {:g}/s"}


def summarise(server: str, runs: Sequence[Run], *, counted: str, group: str = "") -> list[Row]:
    """Make one row a phase out of several runs; ``counted`` is ``delivered`` or ``acked``."""
    phases = zip(*(run.phases for run in runs), strict=True)
    return [_row(server, group, runs, rounds, counted) for rounds in phases]


def _row(
    server: str, group: str, runs: Sequence[Run], rounds: Sequence[Phase], counted: str
) -> Row:
    def middle(figure: Callable[[Phase], float]) -> float:
        return median(figure(phase) for phase in rounds)

    def time(figure: Callable[[Phase], Histogram], share: float) -> float | None:
        return median_or_none([percentile(figure(phase), share) for phase in rounds])

    # Later rounds find the memory that earlier ones have left.
    fresh = runs[0].connect.rss_after_kb - runs[0].connect.rss_before_kb
    return Row(
        server=server,
        group=group,
        phase=phase_name(rounds[0]),
        per_second=middle(lambda phase: getattr(phase, counted) / phase.seconds),
        times_best=None,
        ack_p50=time(lambda phase: phase.ack_us, 0.50),
        ack_p99=time(lambda phase: phase.ack_us, 0.99),
        peer_p50=time(lambda phase: phase.peer_us, 0.50),
        peer_p99=time(lambda phase: phase.peer_us, 0.99),
        bytes_each=middle(lambda phase: phase.received_bytes / max(phase.delivered, 1)),
        cpu=middle(lambda phase: phase.server_cpu_seconds / phase.seconds),
        generator_cpu=middle(lambda phase: phase.own_cpu_seconds / phase.seconds),
        rss_mb=middle(lambda phase: phase.server_rss_kb / 1024),
        kb_a_connection=fresh / runs[0].connections,
        connect_seconds=median(run.connect.seconds for run in runs),
        connect_cpu=median(run.connect.server_cpu_seconds for run in runs),
        ready_p99=median_or_none([percentile(run.connect.ready_us, 0.99) for run in runs]),
        returns=int(median(run.connect.refused + run.connect.turned_away for run in runs)),
        longest_wait=median(run.connect.longest_wait_us / 1000 for run in runs),
        faults=next((run.first_fault for run in runs if not run.clean), ""),
    )


def compared(rows: Sequence[Row], baselines: frozenset[str]) -> list[Row]:
    """Set every row beside the best baseline of its group and phase."""
    best: dict[tuple[str, str], float] = {}
    for row in rows:
        if row.server in baselines:
            place = (row.group, row.phase)
            best[place] = max(row.per_second, best.get(place, 0.0))
    return [_beside(row, best.get((row.group, row.phase))) for row in rows]


def _beside(row: Row, best: float | None) -> Row:
    return msgspec.structs.replace(row, times_best=row.per_second / best) if best else row


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _pair(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.1f} / {high:.1f}"


COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("phase", lambda row: row.phase),
    ("server", lambda row: row.server),
    ("per second", lambda row: f"{row.per_second:,.0f}"),
    ("x best", lambda row: _times(row.times_best)),
    ("ack ms", lambda row: _pair(row.ack_p50, row.ack_p99)),
    ("peer ms", lambda row: _pair(row.peer_p50, row.peer_p99)),
    ("bytes", lambda row: f"{row.bytes_each:.0f}"),
    ("cpu", lambda row: f"{row.cpu:.0%}"),
    ("cpu us each", lambda row: f"{row.cpu_each:,.0f}" if row.cpu_each else ""),
    ("generator", lambda row: f"{row.generator_cpu:.0%}"),
    ("rss MB", lambda row: f"{row.rss_mb:.0f}"),
    ("KB/conn", lambda row: f"{row.kb_a_connection:.1f}"),
    ("all in s", lambda row: f"{row.connect_seconds:.2f}"),
    ("for cpu s", lambda row: f"{row.connect_cpu:.2f}"),
    ("ready p99 ms", lambda row: "" if row.ready_p99 is None else f"{row.ready_p99:.0f}"),
    ("came again", lambda row: f"{row.returns:,}" if row.returns else ""),
    ("command ms", lambda row: f"{row.longest_wait:.0f}" if row.longest_wait else ""),
    ("faults", lambda row: row.faults),
)
LEFT = {"phase", "server", "faults"}


def table(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table that also reads well in a terminal."""
    cells = [[name for name, _ in COLUMNS], *([show(row) for _, show in COLUMNS] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    rule = [
        "-" * width if name in LEFT else "-" * (width - 1) + ":"
        for (name, _), width in zip(COLUMNS, widths, strict=True)
    ]
    return "\n".join(_line(line, widths) for line in [cells[0], rule, *cells[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.ljust(width) if name in LEFT else cell.rjust(width)
        for cell, width, (name, _) in zip(cells, widths, COLUMNS, strict=True)
    )
    return f"| {' | '.join(padded)} |"
