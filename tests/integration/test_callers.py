"""Who may call what: every endpoint, every kind of caller, and what it gets."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from starlette.routing import Route

from domain.identity import Identity
from realtime.ids import new_id
from storage.engine import Database
from tests.support.http_api import SECRET, SERVICE_KEY, HttpApi
from tests.support.marketplace import BACKEND, OPERATOR, Marketplace

# Sam sells, Bea has bought from him, Eve has to do with neither. Each owns what is named here as
# theirs: the owner of the order's thread and of the notification is Sam.
CALLERS = ("nobody", "expired", "other", "counterpart", "owner", "operator", "backend")

SERVICE = {"seller_id": "sam", "title": "Logo", "status": "approved", "delivery_days": 3}
ORDER = {
    "service_id": "sam-logo",
    "buyer_id": "bea",
    "price": {"amount": 1, "currency": "EUR"},
}
GRANT = {"seller_id": "sam", "buyer_id": "bea", "until": "2026-12-24T12:00:00Z"}
SUBSCRIPTION = {"endpoint": "https://push.example.com/1", "keys": {"p256dh": "", "auth": ""}}

# For each endpoint: what it is asked, and the status for each kind of caller, in their order.
MATRIX: dict[tuple[str, str], tuple[Any, tuple[int, ...]]] = {
    ("GET", "/v1/openapi.json"): (None, (200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/v1/docs"): (None, (200, 200, 200, 200, 200, 200, 200)),
    ("PUT", "/v1/accounts/{account_id}"): ({"name": "Sam"}, (401, 401, 403, 403, 403, 403, 200)),
    ("GET", "/v1/me"): (None, (401, 401, 200, 200, 200, 200, 403)),
    ("GET", "/v1/me/preferences"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("PATCH", "/v1/me/preferences"): ({}, (401, 401, 200, 200, 200, 403, 403)),
    ("GET", "/v1/push/public-key"): (None, (200, 200, 200, 200, 200, 200, 200)),
    ("GET", "/v1/me/push-subscriptions"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("POST", "/v1/me/push-subscriptions"): (SUBSCRIPTION, (401, 401, 400, 400, 400, 403, 403)),
    ("DELETE", "/v1/me/push-subscriptions"): (
        {"endpoint": "https://push.example.com/1"},
        (401, 401, 404, 404, 404, 403, 403),
    ),
    ("DELETE", "/v1/me/push-subscriptions/{subscription_id}"): (
        None,
        (401, 401, 404, 404, 404, 403, 403),
    ),
    ("PUT", "/v1/services/{service_id}"): (SERVICE, (401, 401, 403, 403, 403, 403, 200)),
    ("GET", "/v1/services/{service_id}"): (None, (401, 401, 403, 403, 403, 403, 200)),
    ("POST", "/v1/orders"): (ORDER, (401, 401, 403, 403, 403, 403, 201)),
    ("GET", "/v1/orders"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("GET", "/v1/orders/{order_id}"): (None, (401, 401, 404, 200, 200, 200, 200)),
    # The buyer may cancel no order that is in progress; others do not know of it.
    ("POST", "/v1/orders/{order_id}/actions"): (
        {"action": "remind_requirements"},
        (401, 401, 404, 409, 409, 403, 409),
    ),
    ("GET", "/v1/orders/{order_id}/requirements"): (None, (401, 401, 404, 200, 200, 200, 200)),
    ("PUT", "/v1/orders/{order_id}/requirements"): (
        {"answers": {}},
        (401, 401, 404, 200, 404, 403, 403),
    ),
    ("GET", "/v1/orders/{order_id}/notes"): (None, (401, 401, 404, 200, 200, 403, 403)),
    ("POST", "/v1/orders/{order_id}/notes"): (
        {"body": "A note"},
        (401, 401, 404, 201, 201, 403, 403),
    ),
    ("PATCH", "/v1/orders/{order_id}/notes/{note_id}"): (
        {"body": "A note"},
        (401, 401, 404, 404, 200, 403, 403),
    ),
    ("DELETE", "/v1/orders/{order_id}/notes/{note_id}"): (
        None,
        (401, 401, 404, 404, 204, 403, 403),
    ),
    ("GET", "/v1/orders/{order_id}/plan"): (None, (401, 401, 404, 200, 200, 200, 200)),
    ("PUT", "/v1/orders/{order_id}/plan"): ({"tasks": []}, (401, 401, 404, 403, 200, 403, 403)),
    ("PUT", "/v1/orders/{order_id}/welcome"): ({"done": []}, (401, 401, 404, 403, 200, 403, 403)),
    ("GET", "/v1/contacts"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("PUT", "/v1/contact-grants"): (GRANT, (401, 401, 403, 403, 403, 403, 200)),
    ("GET", "/v1/conversations"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("POST", "/v1/conversations"): ({"with": "sam"}, (401, 401, 201, 200, 400, 403, 403)),
    ("GET", "/v1/conversations/{conversation_id}"): (
        None,
        (401, 401, 404, 200, 200, 403, 403),
    ),
    ("PATCH", "/v1/conversations/{conversation_id}"): (
        {"starred": True},
        (401, 401, 404, 200, 200, 403, 403),
    ),
    ("GET", "/v1/conversations/{conversation_id}/messages"): (
        None,
        (401, 401, 404, 200, 200, 200, 403),
    ),
    ("POST", "/v1/conversations/{conversation_id}/messages"): (
        {"client_id": "c", "body": "Hello"},
        (401, 401, 404, 201, 201, 403, 403),
    ),
    ("PUT", "/v1/conversations/{conversation_id}/read"): (
        {"seq": 1},
        (401, 401, 404, 200, 200, 403, 403),
    ),
    ("GET", "/v1/can-message/{account_id}"): (None, (401, 401, 200, 200, 400, 403, 403)),
    # None of these is a form, and none speaks tus.
    ("POST", "/v1/attachments"): (None, (401, 401, 415, 415, 415, 403, 403)),
    ("OPTIONS", "/v1/attachments"): (None, (204, 204, 204, 204, 204, 204, 204)),
    ("HEAD", "/v1/attachments/{attachment_id}"): (None, (401, 401, 412, 412, 412, 403, 403)),
    ("GET", "/v1/attachments/{attachment_id}"): (None, (401, 401, 404, 200, 200, 200, 403)),
    ("PATCH", "/v1/attachments/{attachment_id}"): (None, (401, 401, 412, 412, 412, 403, 403)),
    ("DELETE", "/v1/attachments/{attachment_id}"): (None, (401, 401, 404, 404, 409, 403, 403)),
    # A link is asked for no credential, and no credential makes up for its signature.
    ("GET", "/v1/attachments/{attachment_id}/{form}"): (
        None,
        (404, 404, 404, 404, 404, 404, 404),
    ),
    ("GET", "/v1/blocks"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("PUT", "/v1/blocks/{account_id}"): (None, (401, 401, 201, 201, 400, 403, 403)),
    ("DELETE", "/v1/blocks/{account_id}"): (None, (401, 401, 204, 204, 204, 403, 403)),
    ("GET", "/v1/quick-replies"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("POST", "/v1/quick-replies"): (
        {"title": "Hello", "body": "Hello {name}"},
        (401, 401, 201, 201, 201, 403, 403),
    ),
    ("PATCH", "/v1/quick-replies/{quick_reply_id}"): ({}, (401, 401, 404, 404, 200, 403, 403)),
    ("DELETE", "/v1/quick-replies/{quick_reply_id}"): (None, (401, 401, 404, 404, 204, 403, 403)),
    ("POST", "/v1/reports"): (
        {"account_id": "bea", "reason": "spam"},
        (401, 401, 201, 400, 201, 403, 403),
    ),
    ("GET", "/v1/ops/reports"): (None, (401, 401, 403, 403, 403, 200, 403)),
    ("POST", "/v1/ops/reports/{report_id}/close"): (None, (401, 401, 403, 403, 403, 404, 403)),
    ("GET", "/v1/search"): (None, (401, 401, 400, 400, 400, 403, 403)),
    ("GET", "/v1/notifications"): (None, (401, 401, 200, 200, 200, 403, 403)),
    ("POST", "/v1/notifications/read"): ({}, (401, 401, 200, 200, 200, 403, 403)),
    ("GET", "/v1/notifications/{notification_id}/trace"): (
        None,
        (401, 401, 404, 404, 200, 403, 403),
    ),
}


def endpoints(api: HttpApi) -> Iterator[tuple[str, str]]:
    """List the methods and paths of every route."""
    for route in api.routes:
        assert isinstance(route, Route)
        methods = route.methods or set()
        # Starlette adds HEAD to what can be got.
        for method in sorted(methods - {"HEAD"} if "GET" in methods else methods):
            yield method, route.path


async def test_every_endpoint_is_in_the_matrix(api: HttpApi) -> None:
    assert set(endpoints(api)) == set(MATRIX)


@pytest.mark.parametrize("caller", CALLERS)
async def test_who_gets_what(api: HttpApi, caller: str) -> None:
    ids = await a_marketplace(api)
    credential = credentials(api)[caller]
    expected = {}
    got = {}
    for (method, template), (body, statuses) in MATRIX.items():
        path = re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], template)
        more = {} if body is None else {"json": body}
        answer = await api.call(credential, method, path, **more)
        expected[method, template] = statuses[CALLERS.index(caller)]
        got[method, template] = answer.status_code
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"] == "Bearer"
    assert got == expected


async def a_marketplace(api: HttpApi) -> dict[str, str]:
    """Fill the marketplace, and name what stands in the paths."""
    market = api.market
    sam, bea = await market.sam_and_bea()
    await market.account("eve")
    await market.direct(bea, sam)
    order = await market.order()
    note = await market.order_papers.add_note(sam, order["id"], "A note")
    reply = await market.quick_replies.add(sam, "Hello", "Hello {name}")
    attachment = await market.upload(sam)
    await market.send(sam, order["conversation_id"], attachments=(attachment,))
    feed = await market.notifications.page(sam, after=None, limit=1)
    return {
        "account_id": "sam",
        "service_id": "sam-logo",
        "order_id": order["id"],
        "conversation_id": order["conversation_id"],
        "notification_id": feed["items"][0]["id"],
        "subscription_id": "none",
        "note_id": note["id"],
        "quick_reply_id": reply["id"],
        "report_id": "none",
        "attachment_id": attachment,
        "form": "file",
    }


def credentials(api: HttpApi) -> dict[str, str | None]:
    """Return what each kind of caller presents."""
    sam = Identity("sam")
    return {
        "nobody": None,
        "expired": api.token(sam, expires_in=timedelta(seconds=-1)),
        "other": api.token(Identity("eve")),
        "counterpart": api.token(Identity("bea")),
        "owner": api.token(sam),
        "operator": api.token(OPERATOR),
        "backend": api.token(BACKEND),
    }


# --- credentials ----------------------------------------------------------------------------------


async def test_what_is_no_credential_is_refused_alike(api: HttpApi) -> None:
    """Nobody learns from an answer what was wrong with a guess."""
    await api.market.account("sam")
    good = {"sub": "sam", "exp": 4_000_000_000}
    for credential in (
        "",
        "Bearer",
        "a.b.c",
        "ä",
        SERVICE_KEY + "x",
        SERVICE_KEY[:-1],
        jwt.encode(good, "another secret, as long as the first", algorithm="HS256"),
        jwt.encode(good, 2 * SECRET, algorithm="HS512"),
        jwt.encode(good, "", algorithm="none"),
        jwt.encode({"sub": "sam"}, SECRET, algorithm="HS256"),
        jwt.encode({"exp": 4_000_000_000}, SECRET, algorithm="HS256"),
        jwt.encode(good | {"sub": "a b"}, SECRET, algorithm="HS256"),
    ):
        answer = await api.call(credential, "GET", "/v1/me")

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), credential


async def test_an_expired_token_says_that_a_fresh_one_will_do(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    expired = api.token(sam, expires_in=timedelta(seconds=-1))

    answer = await api.call(expired, "GET", "/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


async def test_another_scheme_is_none(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    token = api.token(sam)

    for value in (f"Basic {token}", token, ""):
        answer = await api.call(None, "GET", "/v1/me", headers={"Authorization": value})
        assert answer.status_code == 401
    answer = await api.call(None, "GET", "/v1/me", headers={"Authorization": f"bearer {token}"})
    assert answer.status_code == 200


async def test_an_account_that_nobody_told_us_of(api: HttpApi) -> None:
    """Its token is good, and there is nothing to see or to do yet."""
    await api.market.sam_and_bea()
    stranger = Identity(f"new-{new_id()}")
    tries: list[tuple[str, str, Any, int]] = [
        ("GET", "/v1/me", None, 404),
        ("GET", "/v1/me/preferences", None, 404),
        ("PATCH", "/v1/me/preferences", {}, 404),
        ("POST", "/v1/conversations", {"with": "sam"}, 404),
        ("GET", "/v1/conversations", None, 200),
        ("GET", "/v1/notifications", None, 200),
        ("GET", "/v1/orders", None, 200),
    ]

    for method, path, body, status in tries:
        more = {} if body is None else {"json": body}
        answer = await api.call(stranger, method, path, **more)
        assert answer.status_code == status, path


# --- the shape of requests ------------------------------------------------------------------------


async def test_what_is_no_json_is_refused(api: HttpApi) -> None:
    for raw in (b"", b"{", b'{"name": "Sam"', b"\xff", b'"\\ud800"', b"[" * 100_000, b"NaN"):
        answer = await api.call(BACKEND, "PUT", "/v1/accounts/sam", content=raw)

        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "body"), raw[:20]
        assert answer.json()["code"] == "invalid"


async def test_a_whole_number_may_have_a_point(api: HttpApi) -> None:
    """To a JSON schema 3.0 is an integer, and some languages write it so."""
    await api.market.sam_and_bea()
    text = b'{"seller_id": "sam", "title": "A logo", "status": "approved", "delivery_days": %b}'

    for number, status, said in (
        (b"3.0", 200, None),
        (b"3e0", 400, "expected `int`, got `float`"),
        (b"3.5", 400, "expected `int`, got `float`"),
        (b"400.0", 400, "expected `int` <= 365"),
        (b'"3.0"', 400, "expected `int`, got `str`"),
        (b"3.0, NaN", 400, "expected `int`, got `float`"),
    ):
        answer = await api.call(
            BACKEND, "PUT", "/v1/services/sam-logo", content=text.replace(b"%b", number)
        )

        assert answer.status_code == status, number
        assert said in ([e["message"] for e in answer.json().get("errors", ())] or [None])


async def test_a_body_has_a_bound(api: HttpApi) -> None:
    answer = await api.call(BACKEND, "PUT", "/v1/accounts/sam", content=b" " * (1024 * 1024 + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_what_no_route_takes_is_a_problem_too(api: HttpApi) -> None:
    missing = await api.call(BACKEND, "GET", "/v1/nothing")
    wrong = await api.call(BACKEND, "DELETE", "/v1/orders")

    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    for answer in (missing, wrong):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


async def test_a_mistake_of_ours_tells_nothing(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    await api.market.database.transaction(
        lambda tx: tx.connection.exec_driver_sql("ALTER TABLE orders RENAME TO elsewhere")
    )

    answer = await api.call(sam, "GET", "/v1/orders")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "elsewhere" not in answer.text
    assert "orders" not in answer.text


async def test_without_its_database_it_says_come_again() -> None:
    database = Database.open("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    api = HttpApi(Marketplace(database))

    answer = await api.call(Identity("sam"), "GET", "/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    await api.close()
    await database.close()
