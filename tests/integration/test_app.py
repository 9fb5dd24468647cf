"""A whole node on both databases: its health, its metrics, its pages, and one click of a mail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from domain.identity import Identity
from domain.preferences import Category, Channel
from realtime.bootstrap import Node, serving
from realtime.delivery.email.unsubscribe import UnsubscribeTokens, Unsubscription
from realtime.settings import SERVING, Settings

ORIGIN = "https://messages.example.com"
SECRET = "a secret of the tests, long enough for HS256"
SERVICE_KEY = "a-service-key-of-the-tests"
METRICS_TOKEN = "a-token-for-the-metrics"
BACKEND = {"Authorization": f"Bearer {SERVICE_KEY}"}
LINKS = UnsubscribeTokens([SECRET.encode()])


class App:
    """A node, and a client of its app without a network between them."""

    def __init__(self, node: Node, client: str) -> None:
        self.node = node
        transport = httpx2.ASGITransport(app=node.app, client=(client, 1))
        self.http = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)

    async def account(self, account_id: str, **profile: Any) -> None:
        """Have the marketplace tell of an account."""
        body = {"name": account_id.title(), **profile}
        answer = await self.http.put(f"/v1/accounts/{account_id}", json=body, headers=BACKEND)
        assert answer.status_code == 201

    async def ready(self) -> tuple[int, dict[str, Any]]:
        """Ask whether it is ready."""
        answer = await self.http.get("/readyz")
        return answer.status_code, answer.json()


@asynccontextmanager
async def an_app(
    database_url: str, *, client: str = "203.0.113.5", **settings: str
) -> AsyncIterator[App]:
    given = {
        "DATABASE_URL": database_url,
        "TOKEN_SECRET": SECRET,
        "SERVICE_KEYS": SERVICE_KEY,
        "PUBLIC_URL": ORIGIN,
        **settings,
    }
    parsed = Settings.parse({f"ORDERWIRE_{name}": text for name, text in given.items()}, SERVING)
    async with serving(parsed, public_url=ORIGIN) as node:
        app = App(node, client)
        yield app
        await app.http.aclose()


# --- health ------------------------------------------------------------------------------------


async def test_a_node_that_has_all_it_needs_is_alive_and_ready(database_url: str) -> None:
    async with an_app(database_url) as app:
        alive = await app.http.get("/healthz")
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        status, said = await app.ready()
        assert (status, said["status"]) == (200, "ready")
        assert {part: check["status"] for part, check in said["checks"].items()} == {
            "bus": "ready",
            "database": "ready",
            "deliveries": "ready",
            "queue": "ready",
        }


async def test_a_node_without_its_schema_is_alive_but_not_ready(empty_url: str) -> None:
    async with an_app(empty_url) as app:
        assert (await app.http.get("/healthz")).status_code == 200
        status, said = await app.ready()
        assert (status, said["status"]) == (503, "unready")
        assert said["checks"]["database"] == {"status": "unready", "detail": "does not answer"}


async def test_a_node_that_drains_wants_no_more_work_at_once(database_url: str) -> None:
    async with an_app(database_url) as app:
        await app.node.drain(accepting=0.0, over=0.0)
        status, said = await app.ready()
        assert (status, said["status"]) == (503, "unready")
        assert said["checks"]["node"]["detail"] == "this node is shutting down"


async def test_a_node_whose_bus_is_away_is_degraded_but_serves(sqlite_url: str) -> None:
    async with an_app(sqlite_url, REDIS_URL="redis://127.0.0.1:1") as app:
        status, said = await app.ready()
        assert (status, said["status"]) == (200, "degraded")
        assert said["checks"]["bus"]["status"] == "degraded"


# --- metrics -----------------------------------------------------------------------------------


async def test_metrics_are_shown_to_this_machine_and_to_nobody_else(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        assert (await app.http.get("/metrics")).status_code == 401
    async with an_app(sqlite_url, client="127.0.0.1") as app:
        assert (await app.http.get("/metrics")).status_code == 200
        passed_on = {"X-Forwarded-For": "127.0.0.1"}
        assert (await app.http.get("/metrics", headers=passed_on)).status_code == 401


async def test_metrics_are_shown_to_whoever_has_the_token(sqlite_url: str) -> None:
    async with an_app(sqlite_url, client="127.0.0.1", METRICS_TOKEN=METRICS_TOKEN) as app:
        assert (await app.http.get("/metrics")).status_code == 401
        wrong = {"Authorization": "Bearer another"}
        assert (await app.http.get("/metrics", headers=wrong)).status_code == 401
        right = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        assert (await app.http.get("/metrics", headers=right)).status_code == 200


async def test_metrics_say_what_happened_in_both_formats(database_url: str) -> None:
    async with an_app(database_url, client="127.0.0.1") as app:
        await app.account("anna")
        await app.http.get("/v1/nothing")
        await app.http.get("/v1/me")
        plain = (await app.http.get("/metrics")).text
        asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
        opened = (await app.http.get("/metrics", headers=asked)).text
    for families in (prometheus(plain), open_metrics(opened)):  # type: ignore[no-untyped-call] # of the library
        samples = [sample for family in families for sample in family.samples]
        ours = {sample.name for sample in samples if sample.name.startswith("orderwire_")}
        assert {
            "orderwire_build_info",
            "orderwire_bus_healthy",
            "orderwire_commit_groups_total",
            "orderwire_commit_waiting",
            "orderwire_gateway_connections",
            "orderwire_hub_channels",
            "orderwire_http_requests_total",
            "orderwire_http_request_duration_seconds_bucket",
        } <= ours
        answered = {
            (sample.labels["route"], sample.labels["status"]): sample.value
            for sample in samples
            if sample.name == "orderwire_http_requests_total"
        }
        assert answered["/v1/accounts/{account_id}", "201"] == 1
        assert answered["unmatched", "404"] == 1
        assert answered["/v1/me", "401"] == 1
        assert "anna" not in str(samples)


async def test_metrics_say_what_waits_in_the_queue(database_url: str) -> None:
    async with an_app(database_url, client="127.0.0.1") as app:
        await app.account("sabine", email="sabine@example.com")
        offer = {
            "seller_id": "sabine",
            "title": "A logo",
            "status": "approved",
            "delivery_days": 3,
        }
        answer = await app.http.put("/v1/services/logo", json=offer, headers=BACKEND)
        assert answer.status_code == 201
        page = (await app.http.get("/metrics")).text
    waiting = {
        (sample.labels["channel"], sample.labels["category"]): sample.value
        for family in prometheus(page)
        for sample in family.samples
        if sample.name == "orderwire_queue_deliveries"
    }
    # There is no mail server to give it to: it waits, and one can see it.
    assert waiting == {("email", "service"): 1}


# --- one click ---------------------------------------------------------------------------------


def a_link(account_id: str = "anna", category: str = "new_order") -> str:
    return f"/u/{LINKS.make(Unsubscription(account_id, category, 'email'))}"


async def wants_mail(app: App, category: Category = Category.NEW_ORDER) -> bool:
    preferences = await app.node.use_cases.accounts.preferences(Identity("anna"))
    return preferences["categories"][category][Channel.EMAIL]


async def test_looking_at_a_link_changes_nothing_and_pressing_its_button_does(
    database_url: str,
) -> None:
    async with an_app(database_url) as app:
        await app.account("anna", locale="en")
        shown = await app.http.get(a_link())
        assert shown.status_code == 200
        assert "No more e-mails of this kind?" in shown.text
        assert "“New order”" in shown.text
        assert '<form method="post"><button>Yes, no more</button></form>' in shown.text
        assert await wants_mail(app)
        done = await app.http.post(a_link(), data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert "<h1>Done</h1>" in done.text
        assert not await wants_mail(app)
        assert await wants_mail(app, Category.ORDER_UPDATE)


async def test_a_link_works_again_and_says_the_same(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        await app.account("anna")
        first, second = await app.http.post(a_link()), await app.http.post(a_link())
        assert (first.status_code, first.text) == (second.status_code, second.text)


async def test_a_link_speaks_its_accounts_language(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        await app.account("anna", locale="de")
        page = (await app.http.get(a_link())).text
        assert '<html lang="de">' in page
        assert "„Neuer Auftrag“: Du bekommst dazu keine E-Mails mehr." in page


@pytest.mark.parametrize("token", ["x", "x.y", "%00", "...", "a" * 5000])
async def test_a_link_that_is_not_ours_leads_to_a_page_that_says_so(
    sqlite_url: str, token: str
) -> None:
    async with an_app(sqlite_url) as app:
        for call in (app.http.get, app.http.post):
            answer = await call(f"/u/{token}", headers={"Accept-Language": "de-AT"})
            assert answer.status_code == 404
        answer = await app.http.get("/u/x", headers={"Accept-Language": "de-AT"})
        assert "Dieser Link führt zu nichts" in answer.text


async def test_a_link_of_an_account_that_is_gone_leads_there_too(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        assert (await app.http.get(a_link("nobody"))).status_code == 404
        assert (await app.http.post(a_link("nobody"))).status_code == 404


async def test_the_page_of_a_link_runs_nothing_and_tells_nobody_its_address(
    sqlite_url: str,
) -> None:
    async with an_app(sqlite_url) as app:
        await app.account("anna")
        answer = await app.http.get(a_link())
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


# --- the rest of the house ---------------------------------------------------------------------


async def test_pushes_that_are_not_set_up_are_not_offered(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        answer = await app.http.get("/v1/push/public-key")
        assert (answer.status_code, answer.json()["code"]) == (404, "push_not_set_up")


async def test_where_people_come_by_https_they_are_told_to_stay(sqlite_url: str) -> None:
    async with an_app(sqlite_url) as app:
        answer = await app.http.get("/healthz")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_the_limit_of_requests_is_a_setting_that_spares_the_backend(sqlite_url: str) -> None:
    async with an_app(sqlite_url, LIMIT_REQUESTS_PER_SECOND="1") as app:
        for _ in range(6):
            assert (await app.http.get("/v1/services/x", headers=BACKEND)).status_code == 404
        statuses = [(await app.http.get("/v1/push/public-key")).status_code for _ in range(6)]
        assert statuses == [404] * 4 + [429] * 2
