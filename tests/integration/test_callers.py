"""Credentials and the shape of requests: what is refused alike at every endpoint."""

from datetime import timedelta
from typing import Any

import jwt

from domain.identity import Identity
from realtime.ids import new_id
from storage.engine import Database
from tests.support.http_api import SECRET, SERVICE_KEY, HttpApi
from tests.support.marketplace import BACKEND, Marketplace

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
