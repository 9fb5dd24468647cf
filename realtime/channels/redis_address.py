"""Where a Redis (6 or newer) or Valkey is, and how to get in: from the URL that redis-py takes."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.asyncio.connection import SSLConnection, parse_url

CLIENT_NAME = "orderwire"

_FIELDS = {
    "host": "host",
    "port": "port",
    "path": "path",
    "db": "database",
    "username": "username",
    "password": "password",
}


class Reachable(Protocol):
    """A server that can be connected to, on the network or elsewhere."""

    @property
    def database(self) -> int:
        """The number of the database that was chosen."""
        ...

    @property
    def greeting(self) -> tuple[str, ...]:
        """The first command."""
        ...

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Open a connection for a protocol; raises ``OSError``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """One server on the network. ``path`` is that of a Unix socket, and goes before ``host``."""

    host: str = "127.0.0.1"
    port: int = 6379
    path: str | None = None
    database: int = 0
    tls: ssl.SSLContext | None = None
    username: str = "default"
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> "RedisAddress":
        """Read ``redis://``, ``rediss://`` (with redis-py's ``ssl_*`` options) or ``unix://``."""
        told: dict[str, Any] = dict(parse_url(url))
        known = {ours: told[theirs] for theirs, ours in _FIELDS.items() if theirs in told}
        if told.get("connection_class") is SSLConnection:
            options = {name: told[name] for name in told if name.startswith("ssl_")}
            known["tls"] = SSLConnection(**options).ssl_context.get()
        return cls(**known)

    @property
    def greeting(self) -> tuple[str, ...]:
        """The first command. RESP3 carries replies and publications on one connection."""
        login = () if self.password is None else ("AUTH", self.username, self.password)
        return ("HELLO", "3", *login, "SETNAME", CLIENT_NAME)

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Open a connection for a protocol; raises ``OSError``."""
        loop = asyncio.get_running_loop()
        if self.path is not None:
            await loop.create_unix_connection(protocol, self.path)
        else:
            await loop.create_connection(protocol, self.host, self.port, ssl=self.tls)
