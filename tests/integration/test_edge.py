"""What every request passes before it is routed, and every answer on its way out."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from domain.errors import Unauthorized
from realtime.api.app import Edge, create_app
from realtime.api.bodies import MAX_BODY_BYTES
from realtime.api.peers import Peers
from realtime.api.problems import CLIENT_LEFT
from realtime.api.request_log import UNMATCHED, RequestFigures
from realtime.setting_values import networks

ORIGIN = "https://messages.example.com"
FRIEND = "https://shop.example.com"
BACKEND_KEY = "the-backend"


async def _echo(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _broken(_request: Request) -> Response:
    raise RuntimeError("a secret of ours: Bearer hunter2")


async def _refusing(_request: Request) -> Response:
    raise Unauthorized("not you")


async def _page(_request: Request) -> Response:
    return PlainTextResponse("a page", headers={"Content-Security-Policy": "its own"})


ROUTES = [
    Route("/v1/echo/{name}", _echo, methods=["GET", "POST"]),
    Route("/v1/broken", _broken),
    Route("/v1/refused", _refusing),
    Route("/page", _page),
    Route("/healthz", _page),
]


class Side:
    """An app with a few routes, and a client before it."""

    def __init__(self, client: str = "203.0.113.5", **edge: Any) -> None:
        self.figures = RequestFigures()
        self.now = 0.0
        numbers = itertools.count(1)
        app = create_app(
            ROUTES,
            Edge(
                peers=Peers(networks("10.0.0.0/8")),
                new_id=lambda: f"made-{next(numbers)}",
                monotonic=lambda: self.now,
                is_backend=lambda credential: credential == BACKEND_KEY,
                figures=self.figures,
                **edge,
            ),
        )
        self.app = app
        transport = httpx2.ASGITransport(app=app, client=(client, 1))
        self.http = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    made = Side()
    yield made
    await made.http.aclose()


async def test_an_answer_carries_the_id_of_its_request(side: Side) -> None:
    answer = await side.http.get("/v1/echo/x", headers={"X-Request-Id": "from-the_caller.1"})
    assert answer.headers["x-request-id"] == "from-the_caller.1"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "new\tline", "ü"])
async def test_an_id_that_is_none_is_replaced_by_one_of_ours(side: Side, bad: str) -> None:
    answer = await side.http.get("/v1/echo/x", headers=[(b"X-Request-Id", bad.encode())])
    assert answer.headers["x-request-id"] == "made-1"


async def test_a_request_leaves_one_line_with_its_id_and_without_its_query(side: Side) -> None:
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        await side.http.get("/v1/echo/a%20b?token=hunter2", headers={"X-Request-Id": "r1"})
    (line,) = lines
    assert line.pop("milliseconds") == 0.0
    assert line == {
        "event": "request",
        "log_level": "info",
        "request_id": "r1",
        "method": "GET",
        "path": "/v1/echo/a%20b",
        "status": 200,
        "client": "203.0.113.5",
    }


async def test_probes_are_no_news(side: Side) -> None:
    with structlog.testing.capture_logs() as lines:
        await side.http.get("/healthz")
    assert [line["log_level"] for line in lines] == ["debug"]


async def test_requests_are_counted_by_template_and_status(side: Side) -> None:
    await side.http.get("/v1/echo/a")
    await side.http.get("/v1/echo/b")
    await side.http.get("/nowhere")
    await side.http.request("BREW", "/v1/echo/a")
    assert side.figures.answered == {
        ("GET", "/v1/echo/{name}", 200): 2,
        ("GET", UNMATCHED, 404): 1,
        ("OTHER", "/v1/echo/{name}", 405): 1,
    }
    assert side.figures.durations["GET", "/v1/echo/{name}"].counts[0] == 2


async def test_our_own_mistake_is_a_problem_with_every_header_and_one_traceback(
    side: Side,
) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await side.http.get("/v1/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert answer.headers["x-request-id"] == "made-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [line["event"] for line in lines] == ["request_failed", "request"]
    assert side.figures.answered == {("GET", "/v1/broken", 500): 1}


async def test_a_client_that_leaves_while_it_sends_is_no_mistake_of_ours(side: Side) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        """Nobody hears it."""

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/echo/x",
        "raw_path": b"/v1/echo/x",
        "headers": [(b"host", b"messages.example.com")],
    }
    with structlog.testing.capture_logs() as lines:
        await side.app(scope, receive, send)
    assert [(line["event"], line["log_level"]) for line in lines] == [("request", "info")]
    assert side.figures.answered == {("POST", "/v1/echo/{name}", CLIENT_LEFT): 1}


async def test_every_answer_is_safe_to_show(side: Side) -> None:
    answer = await side.http.get("/v1/echo/x")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in answer.headers


async def test_a_page_keeps_its_own_policy(side: Side) -> None:
    answer = await side.http.get("/page")
    assert answer.headers["content-security-policy"] == "its own"


async def test_where_people_come_by_https_they_stay_there() -> None:
    answer = await Side(https=True).http.get("/page")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("host", [b"", b"a b", b"evil.com/x", b"a:b", b"[::1", b"x:123456"])
async def test_a_host_that_is_none_is_a_problem(side: Side, host: bytes) -> None:
    answer = await side.http.get("/page", headers=[(b"Host", host)])
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"


async def test_where_hosts_are_named_others_are_refused() -> None:
    side = Side(hosts=frozenset({"localhost", "[::1]"}))
    for host, status in [("localhost:8000", 200), ("[::1]:8000", 200), ("evil.com", 400)]:
        answer = await side.http.get("/page", headers={"Host": host})
        assert answer.status_code == status


async def test_no_route_and_no_such_method_are_problems_and_say_what_would_do(side: Side) -> None:
    nowhere = await side.http.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    method = await side.http.delete("/v1/echo/x")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert set(method.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_a_slash_too_many_is_not_redirected(side: Side) -> None:
    assert (await side.http.get("/page/")).status_code == 404


async def test_a_body_that_says_it_is_too_large_is_refused_unread(side: Side) -> None:
    answer = await side.http.post(
        "/v1/echo/x", headers={"Content-Length": str(MAX_BODY_BYTES + 1)}, content=_endless()
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x"
        await asyncio.sleep(0)


async def test_a_body_that_turns_out_to_be_too_large_is_refused(side: Side) -> None:
    async def too_large() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 65_536 + 1):
            yield b"x" * 65_536

    answer = await side.http.post("/v1/echo/x", content=too_large())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_the_largest_body_is_taken(side: Side) -> None:
    answer = await side.http.post("/v1/echo/x", content=b"x" * MAX_BODY_BYTES)
    assert answer.text == f"{MAX_BODY_BYTES} bytes"


async def test_what_is_no_request_passes_untouched(side: Side) -> None:
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    said: list[str] = []

    async def receive() -> Message:
        return {"type": next(asked)}

    async def send(message: Message) -> None:
        said.append(message["type"])

    await side.app({"type": "lifespan"}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# --- other origins -----------------------------------------------------------------------------


async def test_a_friends_page_may_ask_and_read() -> None:
    side = Side(allowed_origins=[FRIEND])
    asked = await side.http.options(
        "/v1/echo/x",
        headers={
            "Origin": FRIEND,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == FRIEND
    answer = await side.http.get("/v1/echo/x", headers={"Origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_strangers_page_may_not() -> None:
    side = Side(allowed_origins=[FRIEND])
    stranger = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "GET"}
    assert (await side.http.options("/v1/echo/x", headers=stranger)).status_code == 400
    answer = await side.http.get("/v1/echo/x", headers=stranger)
    assert "access-control-allow-origin" not in answer.headers


async def test_without_friends_nobody_may(side: Side) -> None:
    answer = await side.http.get("/v1/echo/x", headers={"Origin": FRIEND})
    assert "access-control-allow-origin" not in answer.headers


# --- too many ----------------------------------------------------------------------------------


async def _statuses(side: Side, number: int, path: str = "/v1/echo/x", **headers: str) -> list[int]:
    answers = [await side.http.get(path, headers=headers) for _ in range(number)]
    return [answer.status_code for answer in answers]


async def test_what_is_too_much_is_a_problem_that_says_when_to_come_again() -> None:
    side = Side(requests_per_second=1, allowed_origins=[FRIEND])
    assert await _statuses(side, 4) == [200] * 4
    answer = await side.http.get("/v1/echo/x", headers={"Origin": FRIEND})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["access-control-allow-origin"] == FRIEND
    side.now += 1.0
    assert await _statuses(side, 2) == [200, 429]


async def test_each_credential_has_a_bucket_of_its_own_and_pages_need_none() -> None:
    side = Side(requests_per_second=1)
    assert await _statuses(side, 5, Authorization="Bearer anna") == [200] * 4 + [429]
    assert await _statuses(side, 1, Authorization="Bearer sabine") == [200]
    assert await _statuses(side, 5, "/page", Authorization="Bearer anna") == [200] * 5


async def test_the_backend_is_not_limited() -> None:
    side = Side(requests_per_second=1)
    assert await _statuses(side, 9, Authorization=f"Bearer {BACKEND_KEY}") == [200] * 9


async def test_made_up_credentials_count_against_their_address() -> None:
    side = Side(requests_per_second=1)
    for number in range(4):
        made_up = f"Bearer made-up-{number}"
        assert await _statuses(side, 1, "/v1/refused", Authorization=made_up) == [401]
    assert await _statuses(side, 1, "/v1/refused", Authorization="Bearer another") == [429]


async def test_behind_a_proxy_of_ours_addresses_are_those_of_the_clients() -> None:
    side = Side(client="10.0.0.1", requests_per_second=1)
    first, second = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "198.51.100.2"}
    assert await _statuses(side, 5, **first) == [200] * 4 + [429]
    assert await _statuses(side, 1, **second) == [200]
