"""The figures of a benchmark: what is made of a generator's report."""

from xml.etree import ElementTree

import msgspec
import pytest

from benchmarks.charts import HEIGHT, WIDTH, chart
from benchmarks.figures import (
    Connect,
    Faults,
    Phase,
    Row,
    Run,
    compared,
    median_or_none,
    percentile,
    phase_name,
    summarise,
    table,
)
from benchmarks.generator import Client


def a_phase(*, delivered: int = 1000, kind: str = "window", value: float = 4) -> Phase:
    return Phase(
        kind=kind,
        value=value,
        seconds=2.0,
        sent=10,
        acked=8,
        delivered=delivered,
        received_bytes=130 * delivered,
        server_cpu_seconds=1.5,
        server_rss_kb=2048,
        own_cpu_seconds=0.5,
        ack_us=[],
        peer_us=[(1000, 98), (5000, 2)],
    )


def a_run(*phases: Phase, gaps: int = 0) -> Run:
    return Run(
        connections=100,
        connect=Connect(
            seconds=0.1,
            server_cpu_seconds=0.1,
            rss_before_kb=1000,
            rss_after_kb=1800,
            ready_us=[],
            refused=2,
            turned_away=1,
            longest_wait_us=7_000,
        ),
        phases=list(phases),
        faults=Faults(errors=0, gaps=gaps, repeats=0, missing=0, unknown=0, disconnects=0),
        first_fault="gap: offset 9" if gaps else "",
    )


def a_row(server: str, per_second: float, *, group: str = "", phase: str = "window 4") -> Row:
    (row,) = summarise(server, [a_run(a_phase())], counted="delivered", group=group)
    return msgspec.structs.replace(row, per_second=per_second, phase=phase)


@pytest.mark.parametrize(
    ("share", "milliseconds"), [(0.0, 1.0), (0.5, 1.0), (0.98, 1.0), (0.99, 5.0), (1.0, 5.0)]
)
def test_a_percentile_is_the_upper_edge_that_the_share_stays_under(
    share: float, milliseconds: float
) -> None:
    assert percentile([(1000, 98), (5000, 2)], share) == milliseconds


def test_nothing_timed_has_no_percentile() -> None:
    assert percentile([], 0.99) is None


def test_a_median_leaves_out_what_is_not_there() -> None:
    assert median_or_none([3.0, None, 1.0, 2.0]) == 2.0
    assert median_or_none([None]) is None


def test_phases_have_the_names_that_people_say() -> None:
    assert phase_name(a_phase(kind="window", value=16)) == "window 16"
    assert phase_name(a_phase(kind="rate", value=10)) == "10/s"
    assert phase_name(a_phase(kind="push", value=100)) == "push, 100/s"
    assert phase_name(a_phase(kind="due", value=64)) == "all due"


def test_a_row_holds_the_medians_of_the_rounds() -> None:
    runs = [a_run(a_phase(delivered=delivered)) for delivered in (1000, 9000, 2000)]

    (row,) = summarise("one", runs, counted="delivered")

    assert row.per_second == 1000  # 2000 in two seconds
    assert (row.peer_p50, row.peer_p99, row.ack_p99) == (1.0, 5.0, None)
    assert (row.cpu, row.generator_cpu) == (0.75, 0.25)
    assert (row.rss_mb, row.kb_a_connection, row.bytes_each) == (2.0, 8.0, 130.0)
    assert (row.returns, row.longest_wait) == (3, 7.0)
    assert row.cpu_each == 750  # microseconds of 0.75 seconds for a thousand
    assert row.faults == ""


def test_each_phase_has_its_row() -> None:
    rows = summarise("one", [a_run(a_phase(value=1), a_phase(value=4))], counted="acked")

    assert [(row.phase, row.per_second) for row in rows] == [("window 1", 4), ("window 4", 4)]


def test_one_faulty_round_is_told_in_the_row() -> None:
    (row,) = summarise("one", [a_run(a_phase()), a_run(a_phase(), gaps=2)], counted="delivered")

    assert row.faults == "gap: offset 9"


def test_servers_are_set_beside_the_best_baseline_of_their_group_and_phase() -> None:
    rows = [
        a_row("ours", 300),
        a_row("slow", 50),
        a_row("fast", 100),
        a_row("yardstick", 200),
        a_row("ours", 30, group="other"),
        a_row("fast", 10, group="other"),
        a_row("ours", 5, phase="window 1"),
    ]

    times = [row.times_best for row in compared(rows, frozenset({"slow", "fast"}))]

    assert times == [3.0, 0.5, 1.0, 2.0, 3.0, 1.0, None]


def test_the_table_is_markdown_with_aligned_columns() -> None:
    lines = table([a_row("ours", 284_000), a_row("a longer name", 1)]).splitlines()

    assert len({len(line) for line in lines}) == 1
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines)
    assert "284,000" in lines[2]
    assert "1.0 / 5.0" in lines[2]


def test_a_client_is_a_line_of_the_plan() -> None:
    client = Client(port=80, role="both", path="/c", to="t1", commands=('{"id":1}', '{"id":2}'))

    assert client.line() == 'both\t80\t/c\tt1\t{"id":1}\t{"id":2}'


def test_a_chart_names_every_server_and_keeps_every_figure_in_sight() -> None:
    windows = (a_phase(delivered=1_000, value=1), a_phase(delivered=90_000, value=16))
    rows = [
        row
        for server in ("orderwire", "a <b>", "another")
        for row in summarise(server, [a_run(*windows)], counted="delivered")
    ]
    svg = "{http://www.w3.org/2000/svg}"
    drawn = ElementTree.fromstring(chart("Figures & more", rows))
    texts = [element.text for element in drawn.iter(f"{svg}text")]
    assert {"Figures & more", "orderwire", "a <b>", "another", "window 1", "window 16"} <= {*texts}
    heights = [float(element.attrib["cy"]) for element in drawn.iter(f"{svg}circle")]
    assert len(heights) == 3 * 2 + 3
    assert all(0 < height < HEIGHT for height in heights)
    places = {float(element.attrib["cx"]) for element in drawn.iter(f"{svg}circle")}
    assert all(0 < place < WIDTH for place in places)
