"""Our server under load: started as anybody starts it, filled through its own HTTP API."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jwt
import msgspec

from benchmarks.bench import Bench
from benchmarks.generator import Client
from benchmarks.processes import LOOPBACK, DidNotStart, free_port
from benchmarks.toolchain import Missing

COMMAND = Path(sys.executable).parent / "orderwire"
SOCKET = "/connection/websocket"
NO_LIMITS = {
    "ORDERWIRE_LIMIT_MESSAGES_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_COMMANDS_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_CONNECTIONS_PER_ACCOUNT": "0",
    "ORDERWIRE_LIMIT_REQUESTS_PER_SECOND": "0",
}


class Refused(Exception):
    """The HTTP API did not do what it was asked; says what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A buyer and a seller with an order, and the conversation about it."""

    buyer: str
    seller: str
    conversation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Orderwire:
    """A running server, and what opens its doors."""

    port: int
    pid: int
    token_secret: str
    service_key: str

    @classmethod
    def start(
        cls, bench: Bench, name: str, database: str, *, like: "Orderwire | None" = None, **more: str
    ) -> "Orderwire":
        """Migrate ``database`` and serve it without limits of rate.

        A second node is started ``like`` the first; ``more`` are settings without their prefix.
        """
        if not COMMAND.exists():
            raise Missing(f"no {COMMAND}")
        port = free_port()
        secret = like.token_secret if like else secrets.token_hex(32)
        key = like.service_key if like else secrets.token_hex(16)
        env = environment(database, TOKEN_SECRET=secret, SERVICE_KEYS=key, **more)
        cls.migrate(bench, database)
        command = [str(COMMAND), "serve", "--port", str(port)]
        pid = bench.serve(name, command, port=port, env=env)
        return cls(port=port, pid=pid, token_secret=secret, service_key=key)

    @classmethod
    def migrate(cls, bench: Bench, database: str) -> None:
        """Give a database its tables."""
        done = subprocess.run(
            [str(COMMAND), "migrate"],
            env={**os.environ, "ORDERWIRE_DATABASE_URL": database},
            cwd=bench.folder,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise DidNotStart((done.stdout + done.stderr).decode(errors="replace"))

    def token(self, account: str) -> str:
        """Return a JWT that is good for an hour."""
        claims = {"sub": account, "exp": int(time.time()) + 3600}
        return jwt.encode(claims, self.token_secret, algorithm="HS256")

    def pairs(self, number: int) -> list[Pair]:
        """Have ``number`` buyers order from as many sellers."""
        connection = HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            return [self._pair(connection, place) for place in range(number)]
        finally:
            connection.close()

    def listener(self, account: str, conversation: str, *, sends: bool) -> Client:
        """Return a connection of ``account`` that has subscribed to a conversation's thread."""
        return Client(
            port=self.port,
            role="both" if sends else "read",
            path=SOCKET,
            to=conversation,
            commands=opening(self.token(account), f"thread:{conversation}"),
        )

    def phone(self, account: str, conversation: str, *, missed: bool = False) -> Client:
        """Return a connection as an SDK makes it: connect, inbox and one thread in one frame.

        With ``missed`` it comes back, and recovers both from their beginning.
        """
        recover: dict[str, Any] = {"recover": True} if missed else {}
        connect = {"token": self.token(account), "name": "loadgen"}
        inbox = {"channel": f"inbox:{account}", **recover}
        thread = {"channel": f"thread:{conversation}", **recover}
        commands = (
            {"id": 1, "connect": connect},
            {"id": 2, "subscribe": inbox},
            {"id": 3, "subscribe": thread},
        )
        return Client(
            port=self.port,
            path=SOCKET,
            to=conversation,
            commands=tuple(msgspec.json.encode(command).decode() for command in commands),
        )

    def _pair(self, connection: HTTPConnection, place: int) -> Pair:
        buyer, seller, service = f"buyer{place}", f"seller{place}", f"service{place}"
        offer = {"seller_id": seller, "title": "A logo", "status": "approved", "delivery_days": 3}
        order = {
            "service_id": service,
            "buyer_id": buyer,
            "price": {"amount": 5000, "currency": "EUR"},
        }
        self._ask(connection, "PUT", f"/v1/accounts/{buyer}", {"name": "A Buyer"})
        self._ask(connection, "PUT", f"/v1/accounts/{seller}", {"name": "A Seller"})
        self._ask(connection, "PUT", f"/v1/services/{service}", offer)
        made = self._ask(connection, "POST", "/v1/orders", order)
        return Pair(buyer=buyer, seller=seller, conversation=made["conversation_id"])

    def _ask(
        self, connection: HTTPConnection, method: str, path: str, body: Mapping[str, Any]
    ) -> Any:
        headers = {
            "Authorization": f"Bearer {self.service_key}",
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(16),
        }
        connection.request(method, path, msgspec.json.encode(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return msgspec.json.decode(content)


def environment(database: str, **more: str) -> dict[str, str]:
    """Return the settings of a process without limits of rate; ``more`` are without prefix."""
    settings = {
        "DATABASE_URL": database,
        "TOKEN_SECRET": secrets.token_hex(32),
        "SERVICE_KEYS": secrets.token_hex(16),
        "LOG_LEVEL": "warning",
        **more,
    }
    return NO_LIMITS | {f"ORDERWIRE_{name}": value for name, value in settings.items()}


def opening(token: str, channel: str) -> tuple[str, ...]:
    """Return the commands of a client that connects and subscribes to one channel."""
    connect = {"id": 1, "connect": {"token": token, "name": "loadgen"}}
    subscribe = {"id": 2, "subscribe": {"channel": channel, "recoverable": True}}
    return msgspec.json.encode(connect).decode(), msgspec.json.encode(subscribe).decode()


# ``message.send`` as the generator fills it in.
SEND = (
    '{"id":@id@,"rpc":{"method":"message.send","data":'
    '{"conversation":"@to@","client_id":"@run@-@id@","body":"@body@"}}}'
)
