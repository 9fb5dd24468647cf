"""The commands that look after what is stored: what they do, and what they say of it."""

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from realtime.cli import main
from realtime.clock import SystemClock
from storage import orders
from storage.engine import Database, Transaction
from tests.support.imported import PEOPLE, at, message, order, written
from tests.support.logs import logging_put_back

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    with logging_put_back():
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], database_url: str) -> Run:
    """Run a command on a fresh database; return its exit code, and what it wrote."""

    def ran(*argv: str, **settings: str) -> tuple[int, str, str]:
        given = {"DATABASE_URL": database_url, "LOG_LEVEL": "error"} | settings
        environment = {f"ORDERWIRE_{name}": text for name, text in given.items()}
        code = main(argv, environment=environment)
        written = capsys.readouterr()
        return code, written.out, written.err

    return ran


def remember(url: str, *keys: str, ago: timedelta) -> None:
    """Have orders been placed under these keys."""

    async def work() -> None:
        database = Database.open(url)
        at = SystemClock().now() - ago

        async def claim(tx: Transaction) -> None:
            for key in keys:
                await orders.claim_key(tx.connection, key, "hash", key, at)

        await database.transaction(claim)
        await database.close()

    asyncio.run(work())


def test_what_would_go_is_counted_and_then_goes(run: Run, database_url: str) -> None:
    remember(database_url, "old", "older", ago=timedelta(days=8))
    remember(database_url, "new", ago=timedelta(days=6))

    counted = run("retain", "--dry-run")
    again = run("retain", "--dry-run", "--json")
    swept = run("retain")
    left = run("retain", "--json")

    assert (counted[0], swept[0]) == (0, 0)
    assert [line.split()[:4] for line in counted[1].splitlines()] == [
        ["messages", "0", "would", "go"],
        ["notifications", "0", "would", "go"],
        ["deliveries", "0", "would", "go"],
        ["idempotency_keys", "2", "would", "go"],
        ["ended_grants", "0", "would", "go"],
        ["queue_sets", "0", "would", "go"],
        ["webhook_events", "0", "would", "go"],
    ]
    assert "kept for ever" in counted[1].splitlines()[0]
    assert json.loads(again[1])["dry_run"] is True
    assert "idempotency_keys              2 gone      before 20" in swept[1]
    removed = {each["kind"]: each["removed"] for each in json.loads(left[1])["kinds"]}
    assert removed["idempotency_keys"] == 0
    assert swept[2] == ""


def test_what_is_kept_for_ever_stays(run: Run, database_url: str) -> None:
    remember(database_url, "old", ago=timedelta(days=3_000))

    _, out, _ = run("retain", RETENTION_IDEMPOTENCY_DAYS="0")

    assert "kept for ever" in out.splitlines()[3]
    assert "idempotency_keys              1 gone" in run("retain")[1]


# --- import ---------------------------------------------------------------------------------------


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A file with people, an order and some messages."""
    path = tmp_path / "history.ndjson"
    words = [message(f"m{number}", at=at(11 + number)) for number in range(6)]
    path.write_bytes(written([*PEOPLE, order("o1"), *words]))
    return path


def test_history_is_imported_and_again_is_no_harm(run: Run, history: Path) -> None:
    first = run("import", str(history))
    again = run("import", str(history))

    assert (first[0], again[0]) == (0, 0)
    assert re.match(r"10 lines in [0-9.]+ s \([0-9,]+/s\); new: ", first[1])
    assert "new: 2 accounts, 1 service, 1 order, 6 messages\n" in first[1]
    assert "new: nothing; there already: 10\n" in again[1]
    assert first[2] == again[2] == ""


def test_a_line_that_is_wrong_ends_it_or_is_left_out(run: Run, history: Path) -> None:
    history.write_bytes(history.read_bytes() + b"rubbish\n" + written([message("m9", at=at(19))]))

    stopped = run("import", str(history))
    skipped = run("import", str(history), "--on-error", "skip")

    assert stopped[0] == 1
    assert "new: 2 accounts, 1 service, 1 order, 6 messages" in stopped[1]
    assert stopped[2].startswith("line 11: line: is no JSON")
    assert stopped[2].endswith("; what stands before it is stored\n")
    assert (skipped[0], skipped[2].count("\n")) == (0, 1)
    assert skipped[2].startswith("line 11: line: is no JSON")
    assert "new: 1 message; there already: 10; skipped: 1" in skipped[1]


def test_what_is_out_of_place_is_counted(run: Run, history: Path) -> None:
    history.write_bytes(history.read_bytes() + written([message("m9", at=at(0))]))

    assert "older than what stands before them: 1" in run("import", str(history))[1]


def test_it_goes_on_from_its_checkpoint(run: Run, history: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    whole = history.read_bytes()
    history.write_bytes(whole[: whole.index(b'"m4"')])
    assert run("import", str(history), "--checkpoint", str(far), "--batch", "3")[0] == 1
    noted = json.loads(far.read_text())
    assert noted["lines"] == 6

    history.write_bytes(whole)
    code, out, _ = run("import", str(history), "--checkpoint", str(far))

    assert code == 0
    assert out.startswith("4 lines in ")
    assert "new: 2 messages; there already: 2" in out
    assert json.loads(far.read_text())["bytes"] == len(whole)
    assert run("import", str(history), "--checkpoint", str(far))[1].startswith("0 lines in ")


def test_a_checkpoint_of_something_else_is_refused(run: Run, history: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.write_text("{}")
    code, out, err = run("import", str(history), "--checkpoint", str(far))
    assert (code, out) == (1, "")
    assert err.startswith(f"{far}: is no checkpoint")


@pytest.mark.parametrize(
    ("argv", "is_code", "said"),
    [
        (["/no/such/file"], 1, "No such file or directory: '/no/such/file'"),
        (["-", "--checkpoint", "x"], 2, "--checkpoint: needs a file that can be read from the"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    run: Run, argv: list[str], is_code: int, said: str
) -> None:
    code, out, err = run("import", *argv)
    assert (code, out, err.count("\n")) == (is_code, "", 1)
    assert said in err


@pytest.mark.parametrize("more", [["--on-error", "ask"], ["--batch", "0"], ["--batch", "x"]])
def test_a_wrong_call_is_told_with_the_usage(
    run: Run, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run("import", "-", *more)
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("usage: orderwire import")


def test_the_standard_input_is_read_and_a_terminal_shows_how_far_it_is(
    database_url: str, history: Path
) -> None:
    terminal, its_end = pty.openpty()
    environment = {**os.environ, "ORDERWIRE_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "realtime.cli", "import", "-", "--on-error", "skip"]

    done = subprocess.run(
        command,
        input=history.read_bytes() + b"rubbish\n",
        stdout=subprocess.PIPE,
        stderr=its_end,
        env=environment,
        timeout=60,
        check=True,
    )

    os.close(its_end)
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert b"new: 2 accounts, 1 service, 1 order, 6 messages; skipped: 1" in done.stdout
    assert "line 11: line: is no JSON" in shown
    assert re.search(r"\r11 lines, [0-9,]+/s, 1 skipped\x1b\[K", shown)
