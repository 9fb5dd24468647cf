"""The load generator notices what a server does wrong: its figures are worth nothing otherwise."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks import toolchain
from benchmarks.figures import Faults, Run
from benchmarks.generator import Client, Generator, Load
from benchmarks.orderwire import SEND, opening

Answers = Callable[[int, int, str], list[dict[str, Any]]]  # (id, how many before, body)
CLEAN = Faults(errors=0, gaps=0, repeats=0, missing=0, unknown=0, disconnects=0)


def reply(command: int) -> dict[str, Any]:
    return {"id": command, "rpc": {"data": {}}}


def push(offset: int, body: str) -> dict[str, Any]:
    return {"push": {"channel": "thread:t", "pub": {"offset": offset, "data": {"body": body}}}}


@asynccontextmanager
async def a_server(answers: Answers) -> AsyncIterator[int]:
    async def talk(connection: ServerConnection) -> None:
        sent = 0
        async for frame in connection:
            for command in map(json.loads, str(frame).split("\n")):
                if "rpc" in command:
                    sent += 1
                    lines = answers(command["id"], sent, command["rpc"]["data"]["body"])
                else:
                    lines = [reply(command["id"])]
                text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
                await connection.send(text)

    async with serve(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def a_run(answers: Answers, folder: Path, *phases: str) -> Run:
    generator = Generator(
        program=toolchain.load_generator(), core=None, folder=folder, warmup=0.0, deadline=20
    )
    async with a_server(answers) as port:
        client = Client(
            port=port, role="both", path="/", to="t", commands=opening("token", "thread:t")
        )
        load = Load(
            clients=(client,),
            pids=(),
            dialect="centrifuge",
            message=SEND,
            audience=1,
            complete="acked",
            options=("--drain=0.1",),
        )
        return await asyncio.to_thread(generator.run, load, phases or ["window:1:0.1"])


async def test_an_honest_server_has_no_faults_and_each_message_is_counted(tmp_path: Path) -> None:
    run = await a_run(
        lambda command, sent, body: [reply(command), push(sent, body)], tmp_path, "rate:100:0.2"
    )

    (phase,) = run.phases
    assert run.faults == CLEAN
    assert 10 <= phase.sent <= 21
    assert phase.sent - 2 <= phase.acked == phase.delivered
    assert sum(count for _, count in phase.ack_us) == phase.acked
    assert sum(count for _, count in run.connect.ready_us) == 1


WRONGS: dict[str, Answers] = {
    "gaps": lambda command, sent, body: [reply(command), push(sent * 2, body)],
    "repeats": lambda command, sent, body: [reply(command), push(sent, body), push(sent, body)],
    "missing": lambda command, sent, body: [reply(command)],
    "unknown": lambda command, sent, body: [reply(command + 1), push(sent, body)],
    "errors": lambda command, sent, body: [
        {"id": command, "error": {"code": 100, "message": "internal"}},
        push(sent, body),
    ],
}


@pytest.mark.parametrize("fault", WRONGS)
async def test_what_a_server_does_wrong_is_counted_under_its_name(
    fault: str, tmp_path: Path
) -> None:
    run = await a_run(WRONGS[fault], tmp_path)

    assert getattr(run.faults, fault) > 0
    assert run.first_fault
    assert not run.clean


async def test_a_lost_connection_is_told_with_its_code(tmp_path: Path) -> None:
    def die(_command: int, _sent: int, _body: str) -> list[dict[str, Any]]:
        raise RuntimeError

    run = await a_run(die, tmp_path)

    assert run.faults.disconnects == 1
    assert run.first_fault.startswith("disconnect: 1011")


async def test_the_runner_starts_servers_and_writes_what_it_measured(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    arguments = ("--quick", "--scenario=fanout", "--only=epoll", "--only=websockets")

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.run", *arguments, f"--json={report}"
    )

    assert await process.wait() == 0
    rows = json.loads(report.read_text())["results"]["fanout"]
    assert [(row["phase"], row["server"]) for row in rows[:2]] == [
        ("window 1", "websockets"),
        ("window 1", "bare epoll in C"),
    ]
    assert {row["phase"] for row in rows} == {"window 1", "window 4", "window 16"}
    assert all(row["per_second"] > 0 and row["faults"] == "" for row in rows)


async def test_alerts_that_are_due_are_sent_and_counted_once_each(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    arguments = ("--quick", "--scenario=push", "--only=SQLite", "--only=webpush")

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.run", *arguments, f"--json={report}"
    )

    assert await process.wait() == 0
    rows = json.loads(report.read_text())["results"]["push"]
    assert [row["server"] for row in rows] == ["orderwire, SQLite", "webpush() each"]
    assert all(row["per_second"] > 0 and row["faults"] == "" for row in rows)
