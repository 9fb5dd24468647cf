"""The pages of orders: one order as its sides see it, and the dashboard's lists."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import NotFound
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR, QUESTION, Marketplace


async def test_the_page_of_an_order_shows_the_last_inbox_messages(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    direct = await market.direct(bea, sam)
    for number in range(7):
        await market.send(bea, direct, f"message {number}")

    page = await market.orders.get(sam, order["id"])

    assert [message["body"] for message in page["recent_messages"]] == [
        f"message {number}" for number in range(2, 7)
    ]
    assert page["direct_conversation_id"] == direct
    assert page["counterpart"]["id"] == "bea"
    assert [(line["seq"], line["type"]) for line in page["timeline"]] == [(1, "created")]


async def test_an_order_is_seen_by_its_two_sides_and_who_looks_after_them(
    market: Marketplace,
) -> None:
    sam, bea = await market.sam_and_bea()
    stranger = await market.account("eve")
    order = await market.order()

    for caller in (sam, bea, OPERATOR, BACKEND):
        assert (await market.orders.get(caller, order["id"]))["id"] == order["id"]
    for caller, wanted in ((stranger, order["id"]), (bea, "no-such-order")):
        with pytest.raises(NotFound):
            await market.orders.get(caller, wanted)


async def test_lateness_is_told_at_the_moment_of_asking(market: Marketplace) -> None:
    _, bea = await market.sam_and_bea()
    order = await market.order(delivery_days=1)

    seen = []
    for _ in range(3):
        seen.append((await market.orders.get(bea, order["id"]))["lateness"])
        market.clock.advance(timedelta(hours=24, seconds=1))

    assert seen == ["on_time", "late", "very_late"]


async def test_the_dashboard_lists_by_due_time_page_by_page(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    await api.market.service("sam", questions=[QUESTION])
    answers = {"logo": "x"}
    for days in (5, 2, 9, 2):
        await api.market.order(delivery_days=days, answers=answers)
    await api.market.order()  # waits for its requirements: it has no due date, and comes last
    await api.market.service("bea", id="bea-logo")
    await api.market.order("bea-logo", "sam", delivery_days=1)

    seen: list[dict[str, Any]] = []
    path = "/v1/orders?role=seller&status=active&limit=2"
    cursor: str | None = ""
    while cursor is not None:
        answer = (await api.call(sam, "GET", f"{path}&cursor={cursor}")).json()
        seen += answer["items"]
        cursor = answer["next_cursor"]

    due = [order["due_at"] for order in seen]
    assert len({order["id"] for order in seen}) == 5
    assert due[:4] == sorted(due[:4])
    assert due[4] is None
    mine = (await api.call(bea, "GET", "/v1/orders")).json()["items"]
    assert len(mine) == 6
    bought = (await api.call(sam, "GET", "/v1/orders?role=buyer")).json()["items"]
    assert [order["service"]["id"] for order in bought] == ["bea-logo"]


async def test_orders_are_found_by_status(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    await api.market.order()

    for status, found in (("in_progress", 1), ("completed", 0), ("active", 1)):
        answer = await api.call(sam, "GET", f"/v1/orders?status={status}")
        assert len(answer.json()["items"]) == found


async def test_a_wrong_query_is_refused_by_name(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    wrong = {
        "status=done": "status",
        "role=owner": "role",
        "limit=0": "limit",
        "limit=201": "limit",
        "limit=many": "limit",
        "cursor=abc": "cursor",
        "cursor=%C3%A4": "cursor",
        "cursor=WyJhIiwgImIiXQ": "cursor",
    }

    for query, path in wrong.items():
        answer = await api.call(sam, "GET", f"/v1/orders?{query}")

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), query


@pytest.mark.parametrize(
    ("action", "data", "named"),
    [
        ("deliver", {"message": "x" * 10_001}, "data.message"),
        ("deliver", {"what": 1}, "data.what"),
        ("request_extension", {}, "data.days"),
        ("request_extension", {"days": 0}, "data.days"),
        ("request_cancellation", {"reason": ""}, "data.reason"),
        ("request_cancellation", {"reason": 5}, "data.reason"),
        ("dance", {}, "action"),
    ],
)
async def test_what_comes_along_with_an_action_is_checked_field_by_field(
    api: HttpApi, action: str, data: dict[str, Any], named: str
) -> None:
    sam, _ = await api.market.sam_and_bea()
    order = await api.market.order()

    body = {"action": action, "data": data}
    answer = await api.call(sam, "POST", f"/v1/orders/{order['id']}/actions", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, named)
    assert (await api.market.orders.get(sam, order["id"]))["version"] == order["version"]


async def test_what_is_not_available_is_answered_with_the_new_state(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    order = await api.market.order()
    act = f"/v1/orders/{order['id']}/actions"
    await api.call(sam, "POST", act, json={"action": "deliver"})

    answer = await api.call(bea, "POST", act, json={"action": "withdraw_request"})

    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (409, 409, "action_not_available")
    page = await api.market.orders.get(bea, order["id"])
    assert told["order_status"] == page["status"] == "delivered"
    assert told["available_actions"] == page["available_actions"]
