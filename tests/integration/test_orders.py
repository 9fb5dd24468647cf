"""Orders: placed once, in one transaction with everything that follows from them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.errors import Conflict, Invalid
from domain.identity import Identity
from storage.engine import Database
from storage.tables import deliveries, metadata, notifications
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, QUESTION, Marketplace


async def stored(database: Database) -> dict[str, int]:
    """Count the rows of every table."""
    async with database.reading() as connection:
        return {
            name: int(await connection.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in metadata.tables.items()
        }


def an_order(**changes: Any) -> dict[str, Any]:
    """Write an order as a marketplace would."""
    order = {
        "service_id": "sam-logo",
        "buyer_id": "bea",
        "price": {"amount": 12_050, "currency": "EUR"},
    }
    return {name: value for name, value in (order | changes).items() if value is not ...}


# --- one transaction ------------------------------------------------------------------------------


async def test_an_order_brings_its_thread_its_contact_and_its_alert(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()

    order = await market.order()

    assert order["status"] == "in_progress"
    assert order["due_at"] == "2026-11-27T12:00:00.000Z"
    assert order["price"] == {"amount": 12_050, "currency": "EUR"}
    thread = await market.conversations.get(bea, order["conversation_id"])
    assert thread["kind"] == "order"
    assert thread["order"]
    assert thread["order"]["number"] == order["number"]
    assert (thread["last_seq"], thread["unread"]) == (1, 0)
    page = await market.conversations.messages(
        sam, order["conversation_id"], before=None, after=None, around=None, limit=10
    )
    assert [(entry["type"], entry["event"]) for entry in page["items"]] == [("order", "created")]
    feed = await market.notifications.page(sam, after=None, limit=10)
    assert [item["category"] for item in feed["items"]] == ["new_order", "service"]
    assert (await market.notifications.page(bea, after=None, limit=10))["items"] == []
    assert sorted(market.ear.doorbells) == ["delivery", "timers"]


async def test_both_sides_hear_of_it_at_once(market: Marketplace) -> None:
    await market.sam_and_bea()
    order = await market.order()

    of_sam = market.ear.on("inbox:sam")
    assert [news["type"] for news in of_sam] == ["conversation", "order", "notification", "badge"]
    assert of_sam[1]["order"]["id"] == order["id"]
    assert of_sam[3] == {"type": "badge", "unread_conversations": 0, "unread_notifications": 2}
    assert [news["type"] for news in market.ear.on("inbox:bea")] == ["conversation", "order"]
    assert market.ear.offsets("inbox:sam") == [3, 4, 5, 6], "behind those of the approval"
    assert market.ear.offsets("inbox:bea") == [1, 2]


async def test_an_order_waits_for_what_its_seller_must_know(market: Marketplace) -> None:
    await market.account("sam")
    await market.account("bea")
    await market.service("sam", questions=[QUESTION])

    waiting = await market.order()
    answered = await market.order(answers={"logo": "Bea's Bakery"})

    assert (waiting["status"], waiting["due_at"]) == ("awaiting_requirements", None)
    assert waiting["requirements"] == {
        "status": "pending",
        "total": 1,
        "required": 1,
        "answered": 0,
    }
    assert answered["status"] == "in_progress"
    assert answered["requirements"]["status"] == "submitted"


async def test_answers_that_come_along_are_the_first_version_of_them(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    await market.service("sam", questions=[QUESTION])
    order = await market.order(answers={"logo": "Bea's Bakery"})

    market.clock.advance(timedelta(hours=1))
    await market.order_actions.change_answers(bea, order["id"], {"logo": "Bea and Co"})

    shown = await market.requirements.get(sam, order["id"])
    assert shown["version"] == 2
    assert shown["versions"] == [
        {
            "version": 1,
            "by": "bea",
            "at": "2026-11-24T12:00:00.000Z",
            "answers": {"logo": "Bea's Bakery"},
        },
        {
            "version": 2,
            "by": "bea",
            "at": "2026-11-24T13:00:00.000Z",
            "answers": {"logo": "Bea and Co"},
        },
    ]


async def test_an_order_that_asks_nothing_has_no_version_of_answers(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    order = await market.order(answers={})

    shown = await market.requirements.get(sam, order["id"])

    assert (shown["version"], shown["versions"], shown["status"]) == (0, [], "none")


async def test_questions_that_change_leave_running_orders_as_they_were(
    market: Marketplace,
) -> None:
    _, bea = await market.sam_and_bea()
    order = await market.order()

    await market.service("sam", questions=[QUESTION], title="Another logo")

    shown = await market.orders.get(bea, order["id"])
    assert shown["requirements"]["total"] == 0
    assert shown["service"]["title"] == "A logo"


async def test_numbers_rise_from_order_to_order(market: Marketplace) -> None:
    await market.sam_and_bea()

    first, second = await market.order(), await market.order()

    assert int(second["number"].removeprefix("FO-")) > int(first["number"].removeprefix("FO-"))


async def test_the_longest_of_everything_fits(market: Marketplace) -> None:
    """No column is too short for what the API lets through, nor for what is made of it."""
    seller, buyer, service, order = ("s" * 64, "b" * 64, "v" * 64, "o" * 64)
    await market.account(seller, name="S" * 200, locale="de", timezone="Europe/Berlin")
    await market.account(buyer, name="B" * 200)
    await market.service(seller, id=service, title="T" * 200)

    placed = await market.order(
        service, buyer, id=order, price_amount=10**12, delivery_days=365, key="k" * 255
    )

    feed = await market.notifications.page(Identity(seller), after=None, limit=10)
    assert [item["category"] for item in feed["items"]] == ["new_order", "service"]
    assert placed["id"] == order


@pytest.mark.parametrize("broken", [notifications, deliveries], ids=lambda table: str(table.name))
async def test_an_order_whose_alert_cannot_be_stored_is_no_order(
    market: Marketplace, broken: Any
) -> None:
    """In one transaction: order, thread, contacts and every alert, or nothing."""
    await market.sam_and_bea()
    before = await stored(market.database)
    market.ear.news.clear()
    await _take_away(market.database, broken.name)

    with pytest.raises(Exception, match=r"no such table|does not exist"):
        await market.order()

    await _give_back(market.database, broken.name)
    assert await stored(market.database) == before
    assert market.ear.news == []


async def _take_away(database: Database, table: str) -> None:
    await database.transaction(
        lambda tx: tx.connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO aside")
    )


async def _give_back(database: Database, table: str) -> None:
    await database.transaction(
        lambda tx: tx.connection.exec_driver_sql(f"ALTER TABLE aside RENAME TO {table}")
    )


# --- idempotency ----------------------------------------------------------------------------------


async def test_the_same_key_places_an_order_once(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    key = {"headers": {"Idempotency-Key": "key-1"}, "json": an_order()}

    first = await api.call(BACKEND, "POST", "/v1/orders", **key)
    again = await api.call(BACKEND, "POST", "/v1/orders", **key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await stored(api.market.database))["orders"] == 1


async def test_a_key_for_another_body_is_refused(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    headers = {"Idempotency-Key": "key-1"}
    await api.call(BACKEND, "POST", "/v1/orders", headers=headers, json=an_order())

    other = an_order(price={"amount": 1, "currency": "EUR"})
    answer = await api.call(BACKEND, "POST", "/v1/orders", headers=headers, json=other)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (await stored(api.market.database))["orders"] == 1


async def test_a_key_of_an_order_that_was_refused_is_free(market: Marketplace) -> None:
    await market.sam_and_bea()
    await market.service("sam", status="paused")
    with pytest.raises(Conflict):
        await market.order(key="key-1")

    await market.service("sam", status="approved")

    assert (await market.order(key="key-1"))["status"] == "in_progress"


async def test_the_same_key_on_two_nodes_at_once_places_one_order(
    market: Marketplace, other_node: Marketplace
) -> None:
    await market.sam_and_bea()

    shown = await asyncio.gather(
        *(node.order(key="key-1") for node in (market, other_node) for _ in range(4))
    )

    assert len({order["id"] for order in shown}) == 1
    assert (await stored(market.database))["orders"] == 1
    assert len(market.ear.on("inbox:bea")) + len(other_node.ear.on("inbox:bea")) == 2


async def test_when_the_first_of_two_is_refused_the_second_has_the_key(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Whoever waits for a key that is then not taken goes on as the first."""
    await market.sam_and_bea()
    await market.service("sam", id="paused", status="paused")

    refused, placed = await asyncio.gather(
        market.order("paused", key="key-1"),
        other_node.order(key="key-1"),
        return_exceptions=True,
    )

    assert isinstance(refused, Conflict | Invalid)
    assert not isinstance(placed, BaseException)
    assert (await stored(market.database))["orders"] == 1


async def test_many_orders_of_one_pair_at_once_share_one_direct_conversation(
    market: Marketplace, other_node: Marketplace
) -> None:
    await market.sam_and_bea()

    await asyncio.gather(*(node.order() for node in (market, other_node) for _ in range(5)))

    count = await stored(market.database)
    assert (count["orders"], count["contacts"], count["conversations"]) == (10, 2, 11)
    heard = sorted(market.ear.offsets("inbox:sam") + other_node.ear.offsets("inbox:sam"))
    assert heard == list(range(3, len(heard) + 3)), "positions have no gap and no double"


async def test_an_id_is_taken_once(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    await api.market.order(id="order-1")

    answer = await api.call(BACKEND, "POST", "/v1/orders", json=an_order(id="order-1"))

    assert (answer.status_code, answer.json()["code"]) == (409, "order_exists")


# --- what is refused ------------------------------------------------------------------------------


WRONG_ORDERS: list[tuple[Any, str]] = [
    (an_order(colour="red"), "colour"),
    (an_order(service_id=...), "service_id"),
    (an_order(service_id="nothing"), "service_id"),
    (an_order(service_id="a b"), "service_id"),
    (an_order(service_id="x" * 65), "service_id"),
    (an_order(service_id=7), "service_id"),
    (an_order(buyer_id="nobody"), "buyer_id"),
    (an_order(buyer_id="sam"), "buyer_id"),
    (an_order(buyer_id=None), "buyer_id"),
    (an_order(id=""), "id"),
    (an_order(price=...), "price"),
    (an_order(price=120), "price"),
    (an_order(price={"amount": 1}), "price.currency"),
    (an_order(price={"amount": "1", "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": 1.5, "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": -1, "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": 10**13, "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": 10**40, "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": True, "currency": "EUR"}), "price.amount"),
    (an_order(price={"amount": 1, "currency": "eur"}), "price.currency"),
    (an_order(price={"amount": 1, "currency": "EURO"}), "price.currency"),
    (an_order(price={"amount": 1, "currency": "XXX"}), "price.currency"),
    (an_order(price={"amount": 1, "currency": "EUR", "tax": 19}), "price.tax"),
    (an_order(delivery_days=0), "delivery_days"),
    (an_order(delivery_days=-3), "delivery_days"),
    (an_order(delivery_days=366), "delivery_days"),
    (an_order(delivery_days="3"), "delivery_days"),
    (an_order(requirements=[]), "requirements"),
    (an_order(requirements={"no such": "x"}), "requirements"),
    (an_order(requirements={"other": "x"}), "requirements.other"),
    (an_order(service_id="asking", requirements={}), "requirements.logo"),
    (an_order(service_id="asking", requirements={"logo": " "}), "requirements.logo"),
    (an_order(service_id="asking", requirements={"logo": 7}), "requirements.logo"),
    (an_order(service_id="asking", requirements={"logo": ["a"]}), "requirements.logo"),
    (an_order(service_id="asking", requirements={"logo": "x" * 10_001}), "requirements.logo"),
    (
        an_order(service_id="asking", requirements={"logo": "x", "sketch": ["f"]}),
        "requirements.sketch[0]",
    ),
    (
        an_order(service_id="asking", requirements={"logo": "x", "sketch": "f"}),
        "requirements.sketch",
    ),
    ([], "body"),
    ("order", "body"),
    (None, "body"),
]


async def test_a_wrong_order_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    sketch = {**QUESTION, "id": "sketch", "kind": "file", "required": False}
    await api.market.service("sam", id="asking", questions=[QUESTION, sketch])
    before = await stored(api.market.database)

    for body, path in WRONG_ORDERS:
        answer = await api.call(BACKEND, "POST", "/v1/orders", json=body)

        assert answer.status_code == 400, body
        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), body
        assert answer.headers["content-type"] == "application/problem+json"
    assert await stored(api.market.database) == before


@pytest.mark.parametrize("status", ["pending", "paused", "rejected"])
async def test_only_an_approved_service_can_be_ordered(api: HttpApi, status: str) -> None:
    await api.market.sam_and_bea()
    await api.market.service("sam", status=status)
    before = await stored(api.market.database)

    answer = await api.call(BACKEND, "POST", "/v1/orders", json=an_order())

    assert (answer.status_code, answer.json()["code"]) == (409, "service_not_approved")
    assert "service_id" in answer.json()["detail"]
    assert await stored(api.market.database) == before


async def test_a_key_has_a_bound(api: HttpApi) -> None:
    await api.market.sam_and_bea()

    for key in ("", "x" * 256, "tab\there"):
        headers = {"Idempotency-Key": key}
        answer = await api.call(BACKEND, "POST", "/v1/orders", headers=headers, json=an_order())

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_a_pause_and_an_order_at_once_are_one_after_the_other(
    market: Marketplace, other_node: Marketplace
) -> None:
    """An order that was accepted was accepted while its service was approved."""
    _, bea = await market.sam_and_bea()

    outcomes = await asyncio.gather(
        market.order(), other_node.service("sam", status="paused"), return_exceptions=True
    )

    placed: Any = outcomes[0]
    count = (await stored(market.database))["orders"]
    assert (isinstance(placed, Conflict), count) in ((True, 0), (False, 1))
    page = await market.orders.page(bea, role=None, status=None, after=None, limit=9)
    assert [order["id"] for order in page["items"]] == ([placed["id"]] if count else [])
