"""``orderwire queue``: what it does, and what it says of it."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from realtime.cli import main
from realtime.clock import SystemClock
from realtime.queue_command import operator_at
from realtime.services.paging import encode_cursor
from storage import circuits
from storage.deliveries import Status
from storage.engine import Database
from tests.support.logs import logging_put_back
from tests.support.queue import Queue, a_change, a_delivery

Run = Callable[..., tuple[int, str, str]]
DEAD: Mapping[str, Any] = {"status": Status.DEAD, "ready_at": None, "reason": "hard_bounce"}


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    with logging_put_back():
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], sqlite_url: str) -> Run:
    """Run ``orderwire queue``; return its exit code, and what it wrote.

    Its use cases are tried on both databases where the API calls them.
    """

    def ran(*argv: str) -> tuple[int, str, str]:
        environment = {"ORDERWIRE_DATABASE_URL": sqlite_url, "ORDERWIRE_LOG_LEVEL": "error"}
        code = main(["queue", *argv], environment=environment)
        written = capsys.readouterr()
        return code, written.out, written.err

    return ran


@pytest.fixture
def said(run: Run) -> Callable[..., Any]:
    """Run ``orderwire queue`` with ``--json``; return what it told."""

    def ran(*argv: str) -> Any:
        code, out, err = run(*argv, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return ran


def planned(url: str, *rows: dict[str, Any]) -> None:
    """Put deliveries into the queue; those that are due are sent at once, and accepted."""

    async def work() -> None:
        database = Database.open(url)
        await Queue(database).plan(*rows)
        await database.close()

    asyncio.run(work())


def shut(url: str, origin: str) -> None:
    """Have workers leave a push service alone."""

    async def work() -> None:
        database = Database.open(url)
        until = SystemClock().now() + timedelta(hours=1)
        row = {"kind": "push", "name": origin, "shut_until": until, "reason": "rate_limited"}
        await database.transaction(lambda tx: circuits.shut(tx.connection, [row]))
        await database.close()

    asyncio.run(work())


def sent(url: str) -> None:
    """Have all pushes that are due be sent."""

    async def work() -> None:
        database = Database.open(url)
        queue = Queue(database)
        for claim in await queue.claim(now=SystemClock().now()):
            await queue.record(a_change(claim))
        await database.close()

    asyncio.run(work())


def test_how_the_queue_stands(run: Run, said: Callable[..., Any], sqlite_url: str) -> None:
    assert run("stats")[1].startswith("nothing waits, and nothing is dead\nworkers hold 0;")
    planned(sqlite_url, a_delivery(**DEAD), a_delivery(channel="email", attempts=1))
    run("pause", "email", "--why", "the relay moves")
    shut(sqlite_url, "https://push.example")

    code, out, _ = run("stats")

    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["CHANNEL", "CATEGORY", "SCHEDULED", "DUE"]
    assert lines[2].split()[:8] == ["email", "new_order", "0", "0", "1", "0", "0", "0"]
    assert lines[3].split()[:8] == ["push", "new_order", "0", "0", "0", "0", "1", "0"]
    assert re.search(
        r"^email is paused since 20\S+Z by cli\.\S+: the relay moves$", out, re.MULTILINE
    )
    assert re.search(r"^push +https://push\.example 20\S+Z rate_limited$", out, re.MULTILINE)
    assert said("stats")["channels"][1]["why"] == "the relay moves"


def test_deliveries_are_listed_page_by_page_and_one_is_shown(
    run: Run, said: Callable[..., Any], sqlite_url: str
) -> None:
    planned(sqlite_url, *(a_delivery(id=f"d{n}", account_id=f"a{n}") for n in range(3)))
    sent(sqlite_url)
    planned(sqlite_url, a_delivery(id="x1", channel="email", order_id="o1"))

    code, out, _ = run("list", "--limit", "2")
    cursor = re.search(r"^more: --cursor (\S+)$", out, re.MULTILINE)
    assert code == 0
    assert cursor is not None
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["x1", "d2"]
    rest = said("list", "--cursor", cursor[1])
    assert [each["id"] for each in rest["items"]] == ["d1", "d0"]
    assert [each["id"] for each in said("list", "--status", "due")["items"]] == ["x1"]
    assert [each["id"] for each in said("list", "--account", "a1")["items"]] == ["d1"]
    assert said("list", "--account", "webhook:w1")["items"] == []
    assert said("list", "--until", "1m", "--since", "2026-11-25T00:00:00Z")["items"] == []
    assert run("list", "--order", "o9")[1] == "there is none\n"

    shown = run("show", "d1")[1]
    assert re.search(r"^status +accepted$", shown, re.MULTILINE)
    assert re.search(r"^order_id +-$", shown, re.MULTILINE)
    assert re.search(r"^ +1 20\S+Z 20\S+Z accepted sent +201 +-$", shown, re.MULTILINE)
    assert re.search(r"^20\S+Z accepted sent +device +201$", shown, re.MULTILINE)
    assert said("show", "d1")["ledger"][0]["decision"] == "accepted"


def test_named_ones_are_sent_again_or_thrown_away(
    run: Run, said: Callable[..., Any], sqlite_url: str
) -> None:
    planned(sqlite_url, *(a_delivery(id=f"d{n}", attempts=1, **DEAD) for n in range(3)))
    assert run("retry", "d0", "d1")[1].count("retrying") == 2
    assert run("discard", "d2")[1].count("cancelled") == 1
    assert run("discard", "d2") == (1, "", "d2: it has ended as cancelled\n")
    assert run("show", "d9") == (1, "", "there is no such delivery\n")
    assert run("discard", "d0", "--status", "dead")[0] == 2
    assert [each["status"] for each in said("list")["items"]] == [
        "cancelled",
        "retrying",
        "retrying",
    ]


def test_of_those_named_each_is_told_what_became_of_it(run: Run, sqlite_url: str) -> None:
    planned(sqlite_url, *(a_delivery(id=f"d{n}", attempts=1, **DEAD) for n in range(2)))
    code, out, err = run("retry", "d0", "d9", "d1", "--json")
    assert (code, err) == (1, "d9: there is no such delivery\n")
    assert [each["id"] for each in json.loads(out)["items"]] == ["d0", "d1"]


@pytest.mark.parametrize(
    ("environment", "uid", "name"),
    [
        ({"LOGNAME": "olga"}, 4_000_000_000, "cli.olga"),
        ({"USER": "ol ga"}, 0, "cli.ol-ga"),
        ({}, 0, "cli.root"),
        ({}, 4_000_000_000, "cli.uid-4000000000"),
    ],
)
def test_whoever_types_it_is_named_in_the_log(
    environment: Mapping[str, str], uid: int, name: str
) -> None:
    assert operator_at(environment, uid).account_id == name


def test_many_are_counted_and_only_then_done(
    run: Run, said: Callable[..., Any], sqlite_url: str
) -> None:
    planned(sqlite_url, *(a_delivery(id=f"d{n}", **DEAD) for n in range(3)))

    counted = run("replay", "--channel", "push")

    assert counted[1].startswith("3 would be sent again (channel push, status dead)\nnothing was")
    assert {each["status"] for each in said("list")["items"]} == {"dead"}
    chosen = re.search(r"--set (\S+) --yes", counted[1])
    assert chosen is not None
    planned(sqlite_url, a_delivery(id="late", **DEAD))
    done = run("replay", "--set", chosen[1], "--per-second", "3", "--yes")
    assert done[1] == "3 of 3 are sent again, 3 a second (channel push, status dead)\n"
    assert run("replay", "--set", chosen[1], "--yes")[0] == 1
    thrown = run("discard", "--yes", "--reason", "hard_bounce")
    assert thrown[1] == "1 of 1 are thrown away (reason hard_bounce, status dead)\n"
    assert said("discard")["count"] == 0
    assert run("replay", "--set", chosen[1])[0] == 2
    assert run("replay", "--set", chosen[1], "--yes", "--channel", "push")[0] == 2


def test_a_channel_is_paused_and_goes_on(run: Run) -> None:
    assert run("pause", "push")[1].startswith("push is paused since 20")
    assert run("resume", "push") == (0, "push goes on\n", "")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("list", "--status", "lost"), "invalid choice: 'lost'"),
        (("list", "--limit", "201"), "'201' is not a number from 1 to 200"),
        (("list", "--since", "yesterday"), "'yesterday' is no time such as"),
        (("list", "--since", "2026-11-23T10:00:00"), "is no time such as"),
        (("list", "--since", "0001-01-01T00:00:00+14:00"), "is no time such as"),
        (("list", "--since", "999999d"), "is no time such as"),
        (("list", "--reason", "\udcff"), "is no text"),
        (("pause", "push", "--why", "\udcff"), "is no text"),
        (("show", "a b"), "'a b' is not an id"),
        (("list", "--account", "pigeon:x"), "is neither an account nor webhook:ID"),
        (("pause", "pigeon"), "invalid choice: 'pigeon'"),
        (("pause", "push", "--why", "x" * 501), "has at most 500 characters"),
        (("replay", "--per-second", "0"), "'0' is not a number from 1 to 100"),
        (("replay", "--status", "accepted"), "invalid choice: 'accepted'"),
    ],
)
def test_what_is_typed_wrong_is_a_wrong_call(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["queue", *argv], environment={})
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("cursor", ["x", "\udcff", encode_cursor(("d\0",))])
def test_a_cursor_of_another_list_is_refused(run: Run, cursor: str) -> None:
    told = "cursor: is not one that this list gave out\n"
    assert run("list", "--cursor", cursor) == (1, "", told)


def test_since_may_be_so_long_ago(said: Callable[..., Any], sqlite_url: str) -> None:
    made = SystemClock().now() - timedelta(hours=3)
    planned(sqlite_url, a_delivery(id="old", created_at=made))
    assert [each["id"] for each in said("list", "--since", "4h")["items"]] == ["old"]
    assert said("list", "--since", "2h")["items"] == []
