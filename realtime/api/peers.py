"""Who is on the other end: the peer's address, or the one that a trusted proxy passes on."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Peers:
    """Believes ``X-Forwarded-For`` as far as it was written by proxies of ours."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def address(self, scope: Scope) -> str:
        """Return the client's address: the last one on the way that is no proxy of ours."""
        address = peer_of(scope)
        named = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        while named and self._is_trusted(address):
            last = named.pop().strip()
            if not _is_address(last):
                break
            address = last
        return address

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in net for net in self._trusted)


def peer_of(scope: Scope) -> str:
    """Return the address at the other end of the connection."""
    client = scope.get("client")
    return client[0] if client else UNKNOWN


def is_this_machine(scope: Scope) -> bool:
    """Tell whether a request comes from this machine itself, and not through a proxy on it."""
    headers = Headers(scope=scope)
    peer = peer_of(scope)
    passed_on = any(name in headers for name in FORWARDED)
    return not passed_on and _is_address(peer) and ip_address(peer).is_loopback


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
