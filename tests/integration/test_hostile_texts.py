"""Names and texts that nobody can see, or that no text can have: refused by their field."""

from typing import Any
from urllib.parse import quote

import pytest

from domain.identity import Identity
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR

FILLERS = ["\u3164", "\u115f", "\u034f", "\U000e0041"]


@pytest.mark.parametrize(
    "name", ["\u200b", "\u202e \u2066", "x\r\nBcc: y", "x\u2028y", "a\x00b", *FILLERS]
)
async def test_a_name_is_one_line_with_something_to_see(api: HttpApi, name: str) -> None:
    answer = await api.call(BACKEND, "PUT", "/v1/accounts/zoe", json={"name": name})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "name"
    assert "regex" not in answer.text


@pytest.mark.parametrize("name", ["Zoë 👋", "ن", "王", "O'Neill\u200dX"])
async def test_names_of_all_the_world_are_names(api: HttpApi, name: str) -> None:
    answer = await api.call(BACKEND, "PUT", "/v1/accounts/zoe", json={"name": name})
    assert answer.status_code == 201
    assert answer.json()["name"] == name


async def test_nobody_is_called_system(api: HttpApi) -> None:
    answer = await api.call(BACKEND, "PUT", "/v1/accounts/system", json={"name": "System"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "account_id"


async def test_half_of_a_character_is_named(api: HttpApi) -> None:
    answer = await api.call(BACKEND, "PUT", "/v1/accounts/zoe", content=rb'{"name":"Zoe \ud83d"}')
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "name"


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"service_id": "sam-draft"}, 409, "service_id"),
        ({"id": "taken"}, 409, "id"),
    ],
)
async def test_a_conflict_names_its_field_too(
    api: HttpApi, change: dict[str, Any], status: int, path: str
) -> None:
    await api.market.sam_and_bea()
    await api.market.service("sam", id="sam-draft", status="pending")
    await api.market.order(id="taken")
    order = {
        "service_id": "sam-logo",
        "buyer_id": "bea",
        "price": {"amount": 1, "currency": "EUR"},
    }
    answer = await api.call(BACKEND, "POST", "/v1/orders", json=order | change)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["path"] == path


@pytest.mark.parametrize(
    ("caller", "method", "path", "name"),
    [
        (Identity("sam"), "GET", "/v1/contacts?q=a%00b", "q"),
        (OPERATOR, "GET", "/v1/ops/deliveries?reason=%00", "reason"),
        (OPERATOR, "POST", "/v1/ops/queues/push/pause?why=%00", "why"),
    ],
)
async def test_what_is_no_text_is_none_in_a_query_either(
    api: HttpApi, caller: Identity, method: str, path: str, name: str
) -> None:
    await api.market.sam_and_bea()
    answer = await api.call(caller, method, path)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"path": name, "message": "contains the character U+0000, which is no text"}
    ]


UNSEEN = " \u200b\u3164"
SAM, BEA = Identity("sam"), Identity("bea")


def _service(**change: Any) -> dict[str, Any]:
    question = {"id": "a", "kind": "choice", "prompt": "What?", "options": ["a", "b"]}
    offer = {"seller_id": "sam", "title": "Logo", "status": "approved", "delivery_days": 3}
    return offer | {"requirements": [question | change]}


def _act(action: str, **data: Any) -> dict[str, Any]:
    return {"action": action, "data": data}


# By the field that has nothing to see in it: who writes it, and where.
TEXTS: dict[str, tuple[Identity, str, str, dict[str, Any]]] = {
    "body": (BEA, "POST", "{thread}/messages", {"client_id": "1", "body": UNSEEN}),
    "requirements[0].prompt": (BACKEND, "PUT", "/v1/services/s", _service(prompt=UNSEEN)),
    "requirements[0].options[1]": (
        *(BACKEND, "PUT", "/v1/services/s"),
        _service(options=["a", UNSEEN]),
    ),
    "data.reason": (BEA, "POST", "{order}/actions", _act("request_cancellation", reason=UNSEEN)),
    "data.message": (BEA, "POST", "{order}/actions", _act("request_revision", message=UNSEEN)),
    "data.body": (SAM, "POST", "{order}/actions", _act("add_note", body=UNSEEN)),
    "tasks[0].title": (SAM, "PUT", "{order}/plan", {"tasks": [{"id": "1", "title": UNSEEN}]}),
}


@pytest.mark.parametrize("path", TEXTS)
async def test_what_others_are_to_read_has_something_to_see(api: HttpApi, path: str) -> None:
    await api.market.sam_and_bea()
    order = await api.market.order()
    caller, method, where, body = TEXTS[path]
    url = where.format(
        order=f"/v1/orders/{order['id']}", thread=f"/v1/conversations/{order['conversation_id']}"
    )

    answer = await api.call(caller, method, url, json=body)

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"path": path, "message": "has something to see in it"}]


@pytest.mark.parametrize("number", ["1e1", "10.0", "+5", " 5", "5 ", "0x5", "\u0665", "1_0"])
async def test_a_number_in_a_query_is_written_in_digits(api: HttpApi, number: str) -> None:
    await api.market.sam_and_bea()

    answer = await api.call(SAM, "GET", f"/v1/conversations?limit={quote(number)}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "limit"
    assert (await api.call(SAM, "GET", "/v1/conversations?limit=10")).status_code == 200
