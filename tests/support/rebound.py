"""A DNS that leads where a test wants."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class Rebound(AbstractResolver):
    """A DNS that has changed its mind since the subscription was stored."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Lead every name to one address."""
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        assert family is not None
        found: ResolveResult = {
            "hostname": host,
            "host": self._address,
            "port": port,
            "family": kind,
            "proto": socket.IPPROTO_TCP,
            "flags": socket.AI_NUMERICHOST,
        }
        return [found]

    async def close(self) -> None:
        """Close nothing."""
