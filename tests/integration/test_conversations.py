"""Conversations: opened as first contact allows, listed by their latest word, read in pages."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import NotFound
from domain.identity import Identity
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR, Marketplace


async def listed(api: HttpApi, caller: Identity, query: str = "") -> list[dict[str, Any]]:
    """List somebody's conversations, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await api.call(caller, "GET", f"/v1/conversations?limit=2&cursor={cursor}&{query}")
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return found


def ids(items: list[dict[str, Any]]) -> list[str]:
    """Name what was listed."""
    return [item["id"] for item in items]


# --- opening --------------------------------------------------------------------------------------


async def test_a_client_opens_a_conversation_with_a_seller(api: HttpApi) -> None:
    _, bea = await api.market.sam_and_bea()

    opened = await api.call(bea, "POST", "/v1/conversations", json={"with": "sam"})
    again = await api.call(bea, "POST", "/v1/conversations", json={"with": "sam"})

    assert (opened.status_code, again.status_code) == (201, 200)
    shown = opened.json()
    assert shown == again.json()
    assert (shown["kind"], shown["with"]["id"], shown["can_send"]) == ("direct", "sam", True)


async def test_a_seller_is_told_why_not_and_what_unlocks_it(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()

    refused = await api.call(sam, "POST", "/v1/conversations", json={"with": "bea"})
    asked = await api.call(sam, "GET", "/v1/can-message/bea")

    assert (refused.status_code, refused.json()["code"]) == (403, "first_contact_required")
    assert asked.json() == {
        "allowed": False,
        "reason": "first_contact_required",
        "unlocked_by": ["order", "buyer_message", "grant"],
    }


@pytest.mark.parametrize("key", ["order", "buyer_message", "grant"])
async def test_each_of_these_unlocks_it(api: HttpApi, key: str) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    before = await api.call(sam, "GET", f"/v1/conversations/{thread}")

    if key == "order":
        await market.order()
    elif key == "buyer_message":
        await market.send(bea, thread)
    else:
        until = (market.clock.now() + timedelta(days=1)).isoformat()
        body = {"seller_id": "sam", "buyer_id": "bea", "until": until}
        assert (await api.call(BACKEND, "PUT", "/v1/contact-grants", json=body)).status_code == 200

    after = await api.call(sam, "GET", f"/v1/conversations/{thread}")
    asked = await api.call(sam, "GET", "/v1/can-message/bea")
    assert (before.json()["can_send"], after.json()["can_send"]) == (False, True)
    assert before.json()["can_send_reason"] == "first_contact_required"
    assert asked.json() == {"allowed": True, "reason": None, "unlocked_by": []}
    assert (await market.send(sam, thread, "Hello")).created


async def test_two_who_open_at_once_get_the_same_conversation(
    market: Marketplace, other_node: Marketplace
) -> None:
    sam, bea = await market.sam_and_bea()
    await market.service("bea", id="bea-logo")

    opened = await asyncio.gather(
        *(market.direct(sam, bea) for _ in range(3)),
        *(other_node.direct(bea, sam) for _ in range(3)),
    )

    assert len(set(opened)) == 1


async def test_opening_names_what_is_wrong(api: HttpApi) -> None:
    _, bea = await api.market.sam_and_bea()
    wrong: list[tuple[Any, str]] = [
        ({"with": "bea"}, "with"),
        ({"with": "nobody"}, "with"),
        ({"with": "a b"}, "with"),
        ({"with": None}, "with"),
        ({}, "with"),
        ({"with": "sam", "subject": "logo"}, "subject"),
    ]

    for body, path in wrong:
        answer = await api.call(bea, "POST", "/v1/conversations", json=body)

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), body
    assert await listed(api, bea) == []


async def test_asking_about_nobody_or_oneself(api: HttpApi) -> None:
    _, bea = await api.market.sam_and_bea()

    nobody = await api.call(bea, "GET", "/v1/can-message/nobody")
    oneself = await api.call(bea, "GET", "/v1/can-message/bea")
    no_id = await api.call(bea, "GET", "/v1/can-message/a%20b")

    assert (nobody.status_code, oneself.status_code, no_id.status_code) == (404, 400, 400)


# --- grants ---------------------------------------------------------------------------------------


async def test_a_grant_is_shown_as_it_was_understood(api: HttpApi) -> None:
    await api.market.sam_and_bea()
    body = {"seller_id": "sam", "buyer_id": "bea", "until": "2026-12-24T12:00:00+01:00"}

    granted = await api.call(BACKEND, "PUT", "/v1/contact-grants", json=body)
    taken_back = await api.call(BACKEND, "PUT", "/v1/contact-grants", json=body | {"until": None})

    assert granted.json() == body | {"until": "2026-12-24T11:00:00.000Z"}
    assert taken_back.json() == body | {"until": None}


async def test_a_wrong_grant_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    body = {"seller_id": "sam", "buyer_id": "bea", "until": "2026-12-24T12:00:00Z"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"until": "2026-11-24T12:00:00Z"}, "until"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "2026-12-24T12:00:00"}, "until"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "9999-12-31T23:59:59-23:00"}, "until"),
        ({"seller_id": "nobody"}, "seller_id"),
        ({"buyer_id": "nobody"}, "buyer_id"),
        ({"buyer_id": "sam"}, "buyer_id"),
        ({"note": "an offer"}, "note"),
    ]

    for change, path in wrong:
        answer = await api.call(BACKEND, "PUT", "/v1/contact-grants", json=body | change)

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), change
    asked = await api.call(sam, "GET", "/v1/can-message/bea")
    assert not asked.json()["allowed"]


async def test_a_grant_says_until_when(api: HttpApi) -> None:
    """A grant without an end would be one that nobody remembers: its end is said, if only null."""
    await api.market.sam_and_bea()

    answer = await api.call(
        BACKEND, "PUT", "/v1/contact-grants", json={"seller_id": "sam", "buyer_id": "bea"}
    )

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "until")


# --- the list -------------------------------------------------------------------------------------


async def test_the_latest_word_comes_first(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    carl = await market.account("carl")
    orders = []
    for buyer in ("bea", "carl", "bea"):
        market.clock.advance(timedelta(minutes=1))
        orders.append((await market.order("sam-logo", buyer))["conversation_id"])
    market.clock.advance(timedelta(minutes=1))
    direct = await market.direct(carl, sam)
    await market.send(carl, direct, "One more thing")
    market.clock.advance(timedelta(minutes=1))
    await market.send(sam, orders[0], "Started")

    found = await listed(api, sam)

    assert ids(found) == [orders[0], direct, orders[2], orders[1]]
    assert found[1]["with"] == {"id": "carl", "name": "Carl", "avatar_url": None}
    assert ids(await listed(api, bea)) == [orders[0], orders[2]]


async def test_conversations_of_one_moment_are_listed_once_each(api: HttpApi) -> None:
    market = api.market
    sam, _ = await market.sam_and_bea()
    made = {(await market.order())["conversation_id"] for _ in range(7)}

    found = ids(await listed(api, sam))

    assert len(found) == 7
    assert set(found) == made


async def test_a_direct_conversation_shows_once_it_has_a_message(api: HttpApi) -> None:
    """It exists from the first order on, for My Contacts to link to."""
    market = api.market
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    page = await market.orders.get(sam, order["id"])

    assert ids(await listed(api, sam)) == [order["conversation_id"]]

    assert page["direct_conversation_id"]
    await market.send(sam, page["direct_conversation_id"], "Hello")

    for person in (sam, bea):
        assert page["direct_conversation_id"] in ids(await listed(api, person))


async def test_filters(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    starred, archived, plain = [(await market.order())["conversation_id"] for _ in range(3)]
    await market.send(bea, plain, "Hello")
    for thread, flag in ((starred, "starred"), (archived, "archived")):
        answer = await api.call(sam, "PATCH", f"/v1/conversations/{thread}", json={flag: True})
        assert answer.json()[flag] is True

    assert set(ids(await listed(api, sam))) == {starred, plain}
    assert ids(await listed(api, sam, "filter=unread")) == [plain]
    assert ids(await listed(api, sam, "filter=starred")) == [starred]
    assert ids(await listed(api, sam, "filter=archived")) == [archived]
    assert ids(await listed(api, sam, "kind=direct")) == []
    assert len(ids(await listed(api, sam, "kind=order"))) == 2
    assert len(ids(await listed(api, bea))) == 3, "what one does is not the other's concern"


async def test_a_new_message_brings_an_archived_conversation_back(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    thread = (await market.order())["conversation_id"]
    await market.conversations.change(sam, thread, {"archived": True, "muted": True})

    await market.send(bea, thread, "One more thing")

    shown = (await listed(api, sam))[0]
    assert (shown["id"], shown["archived"], shown["muted"]) == (thread, False, True)


async def test_what_one_does_with_a_view_is_told_to_ones_other_devices(
    market: Marketplace,
) -> None:
    sam, _ = await market.sam_and_bea()
    thread = (await market.order())["conversation_id"]
    market.ear.news.clear()

    await market.conversations.change(sam, thread, {"starred": True})
    await market.conversations.change(sam, thread, {})

    told = market.ear.on("inbox:sam")
    assert [news["conversation"]["starred"] for news in told] == [True]
    assert market.ear.on("inbox:bea") == []


async def test_wrong_flags_and_queries_are_refused_by_name(api: HttpApi) -> None:
    market = api.market
    sam, _ = await market.sam_and_bea()
    thread = (await market.order())["conversation_id"]
    for body, path in (
        ({"starred": "yes"}, "starred"),
        ({"starred": None}, "starred"),
        ({"pinned": True}, "pinned"),
    ):
        answer = await api.call(sam, "PATCH", f"/v1/conversations/{thread}", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)
    for query, path in (
        ("filter=hidden", "filter"),
        ("kind=group", "kind"),
        ("limit=0", "limit"),
        ("cursor=e30", "cursor"),
        ("cursor=WyIyMDI2LTExLTI0VDEyOjAwOjAwIiwgImEiXQ", "cursor"),
    ):
        answer = await api.call(sam, "GET", f"/v1/conversations?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)


# --- a page of messages ---------------------------------------------------------------------------


async def a_thread(market: Marketplace, length: int) -> tuple[Identity, str]:
    """Make a thread with messages named by their sequence number."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for seq in range(1, length + 1):
        await market.send(bea, thread, f"{seq}")
    return sam, thread


PAGES: dict[str, tuple[list[int], bool, bool]] = {
    "limit=3": ([8, 9, 10], True, False),
    "limit=20": (list(range(1, 11)), False, False),
    "before=4&limit=2": ([2, 3], True, True),
    "before=3&limit=9": ([1, 2], False, True),
    "before=1": ([], False, True),
    "before=0": ([], False, True),
    "after=7&limit=2": ([8, 9], True, True),
    "after=8&limit=2": ([9, 10], True, False),
    "after=10": ([], True, False),
    "after=0&limit=2": ([1, 2], False, True),
    "around=5&limit=4": ([3, 4, 5, 6], True, True),
    "around=1&limit=4": ([1, 2], False, True),
    "around=10&limit=4": ([8, 9, 10], True, False),
    "around=99&limit=4": ([9, 10], True, False),
}


async def test_a_page_of_messages_is_ascending_and_knows_what_is_around_it(api: HttpApi) -> None:
    sam, thread = await a_thread(api.market, 10)

    for query, expected in PAGES.items():
        answer = await api.call(sam, "GET", f"/v1/conversations/{thread}/messages?{query}")

        page = answer.json()
        seqs = [item["seq"] for item in page["items"]]
        assert (seqs, page["has_before"], page["has_after"]) == expected, query


async def test_one_bound_at_a_time(api: HttpApi) -> None:
    sam, thread = await a_thread(api.market, 1)

    for query in ("before=1&after=1", "before=x", "after=-1", "around=1.5", f"before={10**20}"):
        answer = await api.call(sam, "GET", f"/v1/conversations/{thread}/messages?{query}")
        assert answer.status_code == 400, query


async def test_an_operator_reads_and_a_stranger_does_not(api: HttpApi) -> None:
    _, thread = await a_thread(api.market, 2)
    stranger = await api.market.account("eve")
    path = f"/v1/conversations/{thread}/messages"

    by_operator = await api.call(OPERATOR, "GET", path)
    by_stranger = await api.call(stranger, "GET", path)
    of_nothing = await api.call(OPERATOR, "GET", "/v1/conversations/nothing/messages")

    assert len(by_operator.json()["items"]) == 2
    assert (by_stranger.status_code, of_nothing.status_code) == (404, 404)
    with pytest.raises(NotFound):
        await api.market.conversations.get(OPERATOR, thread)
