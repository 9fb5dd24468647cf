"""Quick replies: kept for their owner, changed and dropped by nobody else."""

from typing import Any

import pytest

from domain.identity import Identity
from realtime.services.quick_replies import MOST
from tests.support.http_api import HttpApi

PATH = "/v1/quick-replies"
THANKS = {"title": "Thanks", "body": "Thank you, {name}! I start with {order} today."}


async def titles(api: HttpApi, owner: Identity) -> list[str]:
    """List somebody's own."""
    listed = await api.call(owner, "GET", PATH)
    return [reply["title"] for reply in listed.json()["items"]]


async def test_a_text_is_kept_changed_and_dropped(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()

    added = await api.call(sam, "POST", PATH, json=THANKS)
    one = f"{PATH}/{added.json()['id']}"
    changed = await api.call(sam, "PATCH", one, json={"title": "Thank you"})

    assert added.status_code == 201
    assert changed.json() == added.json() | {"title": "Thank you"}
    assert changed.json()["body"] == THANKS["body"]
    assert await titles(api, sam) == ["Thank you"]
    assert (await api.call(sam, "DELETE", one)).status_code == 204
    assert (await api.call(sam, "DELETE", one)).status_code == 404
    assert await titles(api, sam) == []


async def test_each_has_their_own(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    one = f"{PATH}/{(await api.call(sam, 'POST', PATH, json=THANKS)).json()['id']}"

    assert (await api.call(bea, "PATCH", one, json={"title": "Mine"})).status_code == 404
    assert (await api.call(bea, "DELETE", one)).status_code == 404
    assert await titles(api, bea) == []
    assert await titles(api, sam) == ["Thanks"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "", "body": "x"}, "title"),
        ({"title": "x", "body": " "}, "body"),
        ({"title": "x", "body": "x" * 10_001}, "body"),
        ({"title": "x"}, "body"),
        ({"title": "x", "body": "x", "more": 1}, "more"),
    ],
)
async def test_what_is_wrong_is_named(api: HttpApi, body: dict[str, Any], field: str) -> None:
    sam, _ = await api.market.sam_and_bea()

    refused = await api.call(sam, "POST", PATH, json=body)

    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, field)


async def test_there_is_an_end_to_them(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    for number in range(MOST):
        await api.market.quick_replies.add(sam, f"{number}", "Hello")

    refused = await api.call(sam, "POST", PATH, json=THANKS)

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_quick_replies")


async def test_an_account_that_nobody_told_us_of_keeps_none(api: HttpApi) -> None:
    assert (await api.call(Identity("new"), "POST", PATH, json=THANKS)).status_code == 404
