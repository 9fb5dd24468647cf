"""Who may do what: the whole of the matrix, on a node with real sockets."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from domain.identity import Identity, Role
from domain.queue import DeliveryState, Filter
from domain.reports import ReportReason
from domain.suppression import Bounce, BounceKind, address_key
from realtime.bootstrap import describe
from realtime.bootstrap.use_cases import UseCases
from realtime.delivery.email.unsubscribe import UnsubscribeTokens, Unsubscription
from realtime.delivery.push.vapid import VapidKey
from realtime.gateway.calls import METHODS, SEND
from realtime.gateway.websocket import PATH
from realtime.services.channel_reads import LISTENERS
from realtime.services.reports import Complaint
from tests.integration.matrix import CALLERS, MATRIX, POINT
from tests.support.described import check
from tests.support.node import SECRET, SERVICE_KEY, RunningNode, running_node
from tests.support.raw_client import RawClient, raw_client

PEOPLE = {name: name for name in ("sam", "bea", "eve")}
TRANSPORTS = [row for row in MATRIX if row[0].startswith("connect ")]
HTTP = [row for row in MATRIX if "/" in row[0] and row not in TRANSPORTS]
SOCKETS = [row for row in MATRIX if row not in (*HTTP, *TRANSPORTS)]


def test_every_endpoint_is_in_the_matrix() -> None:
    served = [
        f"{method.upper()} {path}"
        for path, methods in describe()["paths"].items()
        for method in methods
    ]
    assert sorted(name for name, _, _ in HTTP) == sorted(served)


def test_every_method_and_channel_is_in_the_matrix() -> None:
    asked = {tuple(name.split()) for name, _, _ in SOCKETS}
    assert {("rpc", method) for method in (SEND, *METHODS)} < asked
    for command in ("subscribe", "history", "presence", "presence_stats"):
        names = [name for each, name in asked if each == command]
        for kind in LISTENERS:
            assert any(name.startswith(kind) for name in names), (command, kind)


async def test_every_transport_is_in_the_matrix(node: RunningNode) -> None:
    served = {PATH, *(route.path for route in node.node.gateway.routes())}
    assert {name.split()[1] for name, _, _ in TRANSPORTS} == served


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database."""
    key = {
        "ORDERWIRE_VAPID_PRIVATE_KEY": VapidKey.generate().private_text,
        "ORDERWIRE_VAPID_SUBJECT": "mailto:ops@example.com",
    }
    async with running_node(database_url, settings=key) as running:
        yield running


async def test_who_gets_what_over_http(node: RunningNode) -> None:
    expected, got = {}, {}
    for column, caller in enumerate(CALLERS):
        ids = await a_marketplace(node, caller)
        headers = {"Authorization": f"Bearer {credential(node, caller, ids)}"}
        for name, body, outcomes in HTTP:
            method, template = name.split()
            path = told(template.replace("{", "<").replace("}", ">"), ids)
            answer = await node.http.request(
                method,
                path,
                **{"params" if method == "GET" else "json": told(body, ids)},
                headers={} if caller == "nobody" else headers,
            )
            check(method, path, answer)
            expected[caller, name] = outcomes.split()[column]
            got[caller, name] = str(answer.status_code)
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"] == "Bearer"
    assert got == expected


async def test_who_gets_in_by_which_transport(node: RunningNode) -> None:
    expected, got = {}, {}
    for column, caller in enumerate(CALLERS):
        token = credential(node, caller, PEOPLE)
        for name, _, outcomes in TRANSPORTS:
            expected[caller, name] = outcomes.split()[column]
            got[caller, name] = await TRIES[name.split()[1]](node, token)
    assert got == expected


async def test_who_gets_what_over_sockets(node: RunningNode) -> None:
    expected, got = {}, {}
    for column, caller in enumerate(CALLERS):
        ids = await a_marketplace(node, caller)
        async with raw_client(node.socket_url) as client:
            turned_away = await enter(client, credential(node, caller, ids))
            for name, body, outcomes in SOCKETS:
                expected[caller, name] = outcomes.split()[column]
                got[caller, name] = turned_away or await ask(client, name, body, ids)
    assert got == expected


async def enter(client: RawClient, token: str) -> str | None:
    """Connect; return what ended that, if anything did."""
    command_id = await client.tell(connect={"token": token})

    def is_decided() -> bool:
        return client.reply(command_id) is not None or client.connection.close_code is not None

    await client.until(is_decided)
    reply = client.reply(command_id)
    if reply is None:
        return str(client.connection.close_code)
    return str(reply["error"]["code"]) if "error" in reply else None


async def by_websocket(node: RunningNode, token: str) -> str:
    """Connect by a WebSocket; return how it went."""
    async with raw_client(node.socket_url) as client:
        return await enter(client, token) or "ok"


async def by_http_stream(node: RunningNode, token: str) -> str:
    """Connect by a request whose answer does not end; return how it went."""
    connect = {"id": 1, "connect": {"token": token}}
    async with node.http.stream("POST", "/connection/http_stream", json=connect) as answer:
        return outcome(await anext(answer.aiter_lines()))


async def by_sse(node: RunningNode, token: str) -> str:
    """Connect by server-sent events; return how it went."""
    connect = {"cf_connect": json.dumps({"id": 1, "connect": {"token": token}})}
    async with node.http.stream("GET", "/connection/sse", params=connect) as answer:
        lines = [line async for line in _until_data(answer.aiter_lines())]
    return outcome(lines[-1].removeprefix("data:"))


async def _until_data(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line.startswith("data:"):
            return


async def by_emulation(node: RunningNode, token: str) -> str:
    """Say something on a stream of somebody else's; return how it went."""
    said = {"session": "guessed", "node": "guessed", "data": "{}"}
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await node.http.post("/emulation", json=said, headers=bearer)
    return str(answer.status_code)


TRIES = {
    "/connection/websocket": by_websocket,
    "/connection/http_stream": by_http_stream,
    "/connection/sse": by_sse,
    "/emulation": by_emulation,
}


def outcome(line: str) -> str:
    """Read from the first word of a stream how connecting went."""
    said = json.loads(line)
    ended = said.get("error") or said.get("push", {}).get("disconnect")
    return str(ended["code"]) if ended else "ok"


async def ask(client: RawClient, name: str, body: Any, ids: Mapping[str, str]) -> str:
    """Ask for a row of the matrix; return how it went."""
    command, subject = name.split()
    if command == "rpc":
        data = {"conversation": ids["conversation_id"], **told(body, ids)}
        reply = await client.command(rpc={"method": subject, "data": data})
    else:
        channel = told(subject, ids)
        reply = await client.command(**{command: {"channel": channel, **(body or {})}})
    return str(reply["error"]["code"]) if "error" in reply else "ok"


def told(body: Any, ids: Mapping[str, str]) -> Any:
    """Put the ids of this marketplace where a row names them."""
    if isinstance(body, dict):
        return {name: told(value, ids) for name, value in body.items()}
    if isinstance(body, str):
        return re.sub(r"<(\w+)>", lambda found: ids[found[1]], body)
    return body


async def a_marketplace(node: RunningNode, name: str) -> dict[str, str]:
    """Fill a marketplace with people of its own, and name what stands in paths and bodies."""
    sam, bea, eve = (f"{each}-{name}" for each in ("sam", "bea", "eve"))
    order = await node.order(buyer=bea, seller=sam)
    await node.backend("PUT", f"/v1/accounts/{eve}", {"name": "Eve"})
    of_sam = Identity(sam)
    use_cases = node.node.use_cases
    note = await use_cases.order_papers.add_note(of_sam, order["id"], "A note")
    reply = await use_cases.quick_replies.add(of_sam, "Hello", "Hello {name}")
    feed = await use_cases.notifications.page(of_sam, after=None, limit=1)
    report = await use_cases.reports.report(
        of_sam, Complaint(account_id=bea, reason=ReportReason.SPAM)
    )
    await a_browser(use_cases, of_sam, f"https://push.example.com/of-{sam}")
    bearer = {"Authorization": f"Bearer {node.token(sam)}"}
    file = {"file": ("logo.txt", b"A logo")}
    attachment = (await node.http.post("/v1/attachments", files=file, headers=bearer)).json()["id"]
    thread = f"/v1/conversations/{order['conversation_id']}/messages"
    message = {"client_id": "1", "body": "Hello", "attachments": [attachment]}
    assert (await node.http.post(thread, json=message, headers=bearer)).status_code == 201
    links = UnsubscribeTokens([SECRET.encode()])
    await use_cases.suppressions.note(
        Bounce(
            account_id=sam,
            address=f"{sam}@example.com",
            delivery_id="of-nobody",
            kind=BounceKind.HARD,
        )
    )
    webhook = await use_cases.webhooks.add(
        {"url": "https://example.com/hooks", "events": ["report.created"], "description": ""}
    )
    [skipped] = (
        await use_cases.queue.control.page(
            Filter(state=DeliveryState.SKIPPED, account_id=sam, order_id=order["id"]),
            after=None,
            limit=1,
        )
    )["items"]
    return {
        "channel": "push",
        "delivery_id": skipped["id"],
        "webhook_id": webhook["id"],
        "sam": sam,
        "bea": bea,
        "eve": eve,
        "service": f"of-{sam}",
        "conversation": order["conversation_id"],
        "account_id": sam,
        "service_id": f"of-{sam}",
        "order_id": order["id"],
        "conversation_id": order["conversation_id"],
        "notification_id": feed["items"][0]["id"],
        "subscription_id": await a_browser(use_cases, of_sam, "https://push.example.com/also"),
        "note_id": note["id"],
        "quick_reply_id": reply["id"],
        "report_id": report["id"],
        "seq": "1",
        "suppression_id": address_key(f"{sam}@example.com"),
        "attachment_id": attachment,
        "mail": "order_created",
        "form": "file",
        "token": links.make(Unsubscription(sam, "new_order", "email")),
    }


async def a_browser(use_cases: UseCases, identity: Identity, endpoint: str) -> str:
    """Have a browser take an account's pushes; return the id of its subscription."""
    device = await use_cases.accounts.subscribe_push(
        identity, endpoint=endpoint, p256dh=POINT, auth="", label="A browser"
    )
    return device["id"]


def credential(node: RunningNode, caller: str, ids: Mapping[str, str]) -> str:
    """Return what a kind of caller presents."""
    return {
        "nobody": "",
        "expired": node.token(ids["sam"], lifetime=-timedelta(hours=1)),
        "other": node.token(ids["eve"]),
        "counterpart": node.token(ids["bea"]),
        "owner": node.token(ids["sam"]),
        "operator": node.token("olga", role=Role.OPERATOR),
        "backend": SERVICE_KEY,
    }[caller]
