"""Every endpoint answers whatever it is sent as its description says: checked by schemathesis."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from domain.identity import Role
from tests.support.node import SERVICE_KEY, RunningNode, running_node

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
UNLIMITED = {
    "ORDERWIRE_LIMIT_REQUESTS_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_MESSAGES_PER_SECOND": "1000000",
}
# What no database has a part in is tried on either of them alone.
PHASES = {"sqlite": "examples,coverage", "postgresql": "fuzzing,stateful"}
# Whom bodies speak of, so that they are about people and things that there are.
NAMED = {
    "account_id": ["bea"],
    "buyer_id": ["bea"],
    "seller_id": ["sam"],
    "service_id": ["of-sam"],
    "with": ["bea"],
}


@pytest.mark.timeout(300)
async def test_every_endpoint_keeps_to_its_description(database_url: str, tmp_path: Path) -> None:
    phases = PHASES[database_url.partition("+")[0]]
    async with running_node(database_url, settings=UNLIMITED) as node:
        settings = tmp_path / "schemathesis.toml"
        settings.write_text(_settings(node, await _a_marketplace(node)), encoding="utf-8")
        code, report = await _schemathesis(node, settings, phases)

    assert code == 0, report


async def _schemathesis(node: RunningNode, settings: Path, phases: str) -> tuple[int, str]:
    """Let it run against the server; return its exit code and what it found."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"),
        *(f"http://127.0.0.1:{node.port}/v1/openapi.json", "--phases", phases, "--no-color"),
        cwd=settings.parent,
        env={"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    report, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, report.decode()


def _settings(node: RunningNode, ids: Mapping[str, str]) -> str:
    """Write what it is to know: who calls as what, and the ids that there are."""
    bearers = {
        "serviceKey": SERVICE_KEY,
        "account": node.token("sam"),
        "operator": node.token("olga", role=Role.OPERATOR),
    }
    lines = [
        f"hooks = {json.dumps(str(HERE / 'values.py'))}",
        (HERE / "schemathesis.toml").read_text(encoding="utf-8"),
    ]
    for scheme, bearer in bearers.items():
        lines += [f"[auth.openapi.{scheme}]", f"bearer = {json.dumps(bearer)}"]
    lines.append("[parameters]")
    # Now and then another id, which is of something that is not there.
    lines += [f'"path.{name}" = {{dictionary = "{name}", probability = 0.8}}' for name in ids]
    lines += [f'"body.{name}" = {{dictionary = "of-{name}"}}' for name in NAMED]
    for name, value in ids.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps([value])}"]
    for name, values in NAMED.items():
        lines += [f"[dictionaries.of-{name}]", f"values = {json.dumps(values)}"]
    return "\n".join(lines)


async def _a_marketplace(node: RunningNode) -> dict[str, str]:
    """Have Bea order from Sam, who has something of each kind; return the ids in paths."""
    order = await node.order(buyer="bea", seller="sam")
    sam = {"Authorization": f"Bearer {node.token('sam')}"}

    async def of_sam(method: str, path: str, body: object = None) -> str:
        answer = await node.http.request(method, path, json=body, headers=sam)
        assert answer.is_success, answer.text
        told = answer.json()
        found: str = told["items"][0]["id"] if "items" in told else told["id"]
        return found

    file = await node.http.post("/v1/attachments", files={"file": ("a.txt", b"text")}, headers=sam)
    return {
        "attachment_id": file.json()["id"],
        "account_id": "bea",
        "service_id": "of-sam",
        "order_id": order["id"],
        "conversation_id": order["conversation_id"],
        "note_id": await of_sam("POST", f"/v1/orders/{order['id']}/notes", {"body": "A note"}),
        "quick_reply_id": await of_sam("POST", "/v1/quick-replies", {"title": "a", "body": "b"}),
        "report_id": await of_sam("POST", "/v1/reports", {"account_id": "bea", "reason": "spam"}),
        "notification_id": await of_sam("GET", "/v1/notifications"),
    }
