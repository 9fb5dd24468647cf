"""A whole node in the test's own event loop: bootstrap's parts behind uvicorn on a free port."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import uvicorn

from domain.identity import Role
from realtime.bootstrap import Node, Pace, serving
from realtime.clock import Clock
from realtime.http_protocol import BoundedHttpProtocol
from realtime.settings import Settings
from realtime.tokens import make_token

SECRET = "a secret of the tests, long enough for HS256"
SERVICE_KEY = "a-service-key-of-the-tests"


class _Server(uvicorn.Server):
    """Leaves signals to the test run."""

    def install_signal_handlers(self) -> None:
        """Install none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningNode:
    """A node that listens, and what its users bring along."""

    node: Node
    port: int
    http: httpx2.AsyncClient

    @property
    def socket_url(self) -> str:
        """Where sockets are opened."""
        return f"ws://127.0.0.1:{self.port}/connection/websocket"

    def token(
        self, account: str, *, role: Role = Role.ACCOUNT, lifetime: timedelta = timedelta(hours=1)
    ) -> str:
        """Make a token as the marketplace would."""
        return make_token(SECRET, account, role=role, lifetime=lifetime, now=datetime.now(UTC))

    async def backend(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Call the API as the marketplace's backend; fail loudly unless it answers well."""
        bearer = {"Authorization": f"Bearer {SERVICE_KEY}"}
        answer = await self.http.request(method, path, json=body, headers=bearer | headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def metric(self, name: str, **labels: str) -> float:
        """Return a figure of ``/metrics``, the one with these labels if there are some."""
        answer = await self.http.get("/metrics")
        shown = ",".join(f'{label}="{value}"' for label, value in labels.items())
        wanted = f"orderwire_{name}{{{shown}}}" if labels else f"orderwire_{name}"
        lines = [line.rsplit(" ", 1) for line in answer.text.splitlines()]
        (value,) = [line[1] for line in lines if line[0] == wanted]
        return float(value)

    async def order(self, *, buyer: str = "anna", seller: str = "sabine") -> dict[str, Any]:
        """Have ``buyer`` order from ``seller``; everything it needs is made."""
        for account in (buyer, seller):
            profile = {"name": account.title(), "email": f"{account}@example.com"}
            await self.backend("PUT", f"/v1/accounts/{account}", profile)
        offer = {
            "seller_id": seller,
            "title": "Logo design",
            "status": "approved",
            "delivery_days": 3,
        }
        await self.backend("PUT", f"/v1/services/of-{seller}", offer)
        order = {
            "service_id": f"of-{seller}",
            "buyer_id": buyer,
            "price": {"amount": 12_050, "currency": "EUR"},
        }
        placed: dict[str, Any] = await self.backend("POST", "/v1/orders", order)
        return placed


@asynccontextmanager
async def running_node(
    database_url: str,
    *,
    settings: Mapping[str, str] | None = None,
    pace: Pace | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[RunningNode]:
    """Serve a migrated database on a free port until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="orderwire-node-") as folder:
        environment = {
            "ORDERWIRE_DATABASE_URL": database_url,
            "ORDERWIRE_TOKEN_SECRET": SECRET,
            "ORDERWIRE_SERVICE_KEYS": SERVICE_KEY,
            "ORDERWIRE_PUBLIC_URL": origin,
            **_files(database_url, folder),
            **(settings or {}),
        }
        if "ORDERWIRE_TOKEN_JWKS" in environment:
            del environment["ORDERWIRE_TOKEN_SECRET"]  # it is one or the other
        parsed = Settings.parse(environment)
        async with (
            serving(parsed, public_url=origin, pace=pace, clock=clock) as node,
            _listening(node, listener),
            httpx2.AsyncClient(base_url=origin, timeout=60.0) as http,
        ):
            yield RunningNode(node=node, port=port, http=http)


def _files(database_url: str, folder: str) -> dict[str, str]:
    """Keep attachments beside a file; a database server has no such place."""
    if database_url.startswith("sqlite"):
        return {}
    return {"ORDERWIRE_ATTACHMENTS_URL": f"file://{folder}"}


@asynccontextmanager
async def _listening(node: Node, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        node.app,
        http=BoundedHttpProtocol,
        ws=node.gateway.websocket_protocol(),  # type: ignore[arg-type] # a factory will do
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        # As the real server does: whoever is still there is seen off first.
        await node.gateway.drain(accepting=0, over=0)
        server.should_exit = True
        await task
