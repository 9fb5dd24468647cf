"""The commands that look after what is stored: what they do, and what they say of it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from realtime.cli import main
from realtime.clock import SystemClock
from storage import orders
from storage.engine import Database, Transaction
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
