"""Endpoints of webhooks as the marketplace's backend keeps them, over HTTP."""

from typing import Any

import pytest

from realtime.services.webhooks import MOST
from tests.support.http_api import FORBIDDEN_ENDPOINT, HttpApi
from tests.support.marketplace import BACKEND

ALL = "/v1/webhooks"


async def test_an_endpoint_is_kept_changed_and_dropped(api: HttpApi) -> None:
    told = {"url": "https://example.com/hooks", "events": ["order.*", "delivery.dead"]}
    added = await api.call(BACKEND, "POST", ALL, json=told)
    assert added.status_code == 201
    secret = added.json()["secret"]
    assert secret.startswith("whsec_")
    one = f"{ALL}/{added.json()['id']}"
    shown = (await api.call(BACKEND, "GET", one)).json()
    assert secret not in str(shown)
    assert shown["events"] == told["events"]
    assert (await api.call(BACKEND, "GET", ALL)).json() == {"items": [shown], "next_cursor": None}
    off = {"enabled": False, "url": "https://example.com/others"}
    changed = (await api.call(BACKEND, "PATCH", one, json=off)).json()
    assert (changed["enabled"], changed["disabled_reason"]) == (False, "switched_off")
    assert changed["url"] == off["url"]
    again = (await api.call(BACKEND, "PATCH", one, json={"enabled": False})).json()
    assert again["disabled_at"] == changed["disabled_at"]
    events = {"events": ["message.created"]}
    assert (await api.call(BACKEND, "PATCH", one, json=events)).json()["events"] == events["events"]
    rotated = (await api.call(BACKEND, "POST", f"{one}/secret")).json()
    assert rotated["secret"] != secret
    assert rotated["former_secret_until"] is not None
    assert (await api.call(BACKEND, "DELETE", one)).status_code == 204
    for method, path in (("GET", one), ("DELETE", one), ("POST", f"{one}/secret")):
        assert (await api.call(BACKEND, method, path)).status_code == 404
    assert (await api.call(BACKEND, "PATCH", one, json={})).status_code == 404


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"url": FORBIDDEN_ENDPOINT, "events": ["*"]}, "url"),
        ({"url": "https://example.com", "events": ["order.eaten"]}, "events[0]"),
        ({"url": "https://example.com", "events": []}, "events"),
        ({"events": ["*"]}, "url"),
    ],
)
async def test_what_is_wrong_is_named(api: HttpApi, told: dict[str, Any], path: str) -> None:
    refused = await api.call(BACKEND, "POST", ALL, json=told)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == path
    assert (await api.call(BACKEND, "GET", ALL)).json()["items"] == []


async def test_a_change_to_a_forbidden_place_is_refused(api: HttpApi) -> None:
    told = {"url": "https://example.com/hooks", "events": ["*"]}
    one = f"{ALL}/{(await api.call(BACKEND, 'POST', ALL, json=told)).json()['id']}"
    for wrong in ({"url": FORBIDDEN_ENDPOINT}, {"events": ["none"]}):
        assert (await api.call(BACKEND, "PATCH", one, json=wrong)).status_code == 400
    assert (await api.call(BACKEND, "GET", one)).json()["url"] == told["url"]


async def test_there_are_only_so_many(api: HttpApi) -> None:
    told = {"url": "https://example.com/hooks", "events": ["*"]}
    for _ in range(MOST):
        await api.market.webhooks.add({**told, "description": ""})
    refused = await api.call(BACKEND, "POST", ALL, json=told)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhooks")
