"""Times and numbers at the ends of what can be written: taken, or refused by name, everywhere."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from domain.identity import Role
from realtime.services.paging import encode_cursor
from tests.support.node import SERVICE_KEY, RunningNode, running_node

UNLIMITED = {"ORDERWIRE_LIMIT_REQUESTS_PER_SECOND": "0"}
BEYOND = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "0900-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
)
WITHIN = ("1970-01-01T14:00:00+14:00", "8999-12-31T09:59:59-14:00")
NAIVE = "2026-01-01T00:00:00"
# What the lists give out as cursors begins and ends like this; here it is decoded, and hurt.
KEYS: tuple[tuple[Any, ...], ...] = (
    *((at, "a") for at in (BEYOND[0], BEYOND[-1], NAIVE)),
    *((at, "a", 1) for at in (BEYOND[0], BEYOND[-1])),
    *((False, at, "a") for at in (BEYOND[0], BEYOND[-1])),
    *((number, "a") for number in (2**31, 2**63)),
    *(("a\0", "a"), ("a", "\0"), ("\0",)),
)
CURSORS = tuple(map(encode_cursor, KEYS))
# Where a body carries times: who sends it where, the field, and the body with it left open.
BODIES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "account",
        "PUT",
        "/v1/orders/{id}/plan",
        "tasks[0].due_at",
        '{"tasks":[{"id":"a","title":"a","due_at":%s}]}',
    ),
    (
        "serviceKey",
        "PUT",
        "/v1/contact-grants",
        "until",
        '{"seller_id":"sabine","buyer_id":"anna","until":%s}',
    ),
    ("operator", "POST", "/v1/ops/deliveries/retry", "since", '{"dry_run":true,"since":%s}'),
)


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database, that anybody may call as often as they like."""
    async with running_node(database_url, settings=UNLIMITED) as running:
        yield running


def bearers(node: RunningNode) -> Mapping[str, Mapping[str, str]]:
    """Return what each kind of caller sends, by its name in the description."""
    tokens = {
        "serviceKey": SERVICE_KEY,
        "account": node.token("sabine"),
        "operator": node.token("olga", role=Role.OPERATOR),
    }
    return {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}


def queries(operation: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Make queries with a made-up cursor, for each choice that it may depend on, or a time."""
    parameters = {each["name"]: each["schema"] for each in operation.get("parameters", ())}
    if "cursor" in parameters:
        choices = parameters.get("sort", {}).get("enum", [None])
        for sort, cursor in product(choices, CURSORS):
            yield {"cursor": cursor} | ({"sort": sort} if sort else {})
    for name, schema in parameters.items():
        if "date-time" in str(schema):
            yield from ({name: at} for at in (*BEYOND, *WITHIN))


async def test_no_list_breaks_of_a_cursor_or_a_time_that_somebody_made_up(
    node: RunningNode,
) -> None:
    order = await node.order()
    described = (await node.http.get("/v1/openapi.json")).json()["paths"]
    tried = 0
    for path, methods in described.items():
        operation = methods.get("get", {})
        for query in queries(operation):
            (caller,) = operation["security"][0]
            answer = await node.http.get(
                path.format_map({"order_id": order["id"], "conversation_id": "a"}),
                params=query,
                headers=bearers(node)[caller],
            )
            assert answer.status_code in (200, 400), (path, query, answer.text)
            tried += 1
            if answer.status_code == 400:
                assert answer.json()["errors"][0]["path"] in query
    assert tried > 10 * len(CURSORS)


async def test_a_time_too_far_away_is_refused_by_its_field(node: RunningNode) -> None:
    order = await node.order()
    for caller, method, path, field, body in BODIES:
        for at in BEYOND:
            answer = await node.http.request(
                method,
                path.format(id=order["id"]),
                content=body % json.dumps(at),
                headers=bearers(node)[caller],
            )
            assert answer.status_code == 400, answer.text
            assert answer.json()["errors"][0]["path"] == field
