"""Which endpoints may be called: addresses come from users, and must not lead inside (SSRF).

The URL is checked when a subscription is stored and before each push; the address is checked where
a socket is opened for it, so that neither a name that resolves differently the next time (DNS
rebinding) nor a number written in some other way gets past.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from yarl import URL

MAX_URL = 2_048

_NAT64 = IPv6Network("64:ff9b::/96")
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
# Who resolves 127.1, 0x7f.1 or 2130706433 reads an address in them; no public name ends so.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


class ForbiddenEndpoint(ValueError):
    """An endpoint that is never called; the message says why."""


class ForbiddenAddress(OSError):
    """A name led to an address inside; raised where the connection would be opened."""

    def __init__(self) -> None:
        super().__init__("the address is not a public one")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that may be called; ``trusted`` when its origin is on the exception list."""

    url: URL
    origin: str
    host: str
    trusted: bool


class EndpointGuard:
    """Knows the exceptions: origins such as ``http://127.0.0.1:9999``."""

    def __init__(self, extra_origins: Iterable[str] = ()) -> None:
        self._extra = frozenset(parse_origin(origin) for origin in extra_origins)

    def check(self, text: str) -> Endpoint:
        """Return the endpoint; raise ``ForbiddenEndpoint`` for one that must not be called."""
        url, host = _parsed(text)
        origin = _origin(url)
        trusted = origin in self._extra
        if not trusted:
            _require_public(url.scheme, host)
        return Endpoint(url=url, origin=origin, host=host, trusted=trusted)


def parse_origin(text: str) -> str:
    """Read ``scheme://host[:port]`` of a setting; raises ``ForbiddenEndpoint`` in plain words."""
    url, _host = _parsed(text)
    if url.path not in ("", "/") or url.raw_query_string:
        raise ForbiddenEndpoint("is not an origin such as https://push.example.com")
    return _origin(url)


def _origin(url: URL) -> str:
    return str(url.origin()).lower()


def _parsed(text: str) -> tuple[URL, str]:
    """Parse with the very parser of the HTTP client: two of them could be played off."""
    if (
        len(text) > MAX_URL
        or not text.isascii()
        or not text.isprintable()
        or set(text) & {" ", "\\"}
    ):
        raise ForbiddenEndpoint("is not a URL of at most 2,048 ASCII characters")
    try:
        url = URL(text, encoded=True)
        host, port = url.raw_host, url.port
    except ValueError:
        raise ForbiddenEndpoint("is not a URL") from None
    if url.scheme not in ("https", "http") or not host or not port:
        raise ForbiddenEndpoint("is not an https URL")
    if url.raw_user is not None or url.raw_password is not None:
        raise ForbiddenEndpoint("carries credentials")
    return url, host.rstrip(".")


def _require_public(scheme: str, host: str) -> None:
    if scheme != "https":
        raise ForbiddenEndpoint("is not an https URL")
    try:
        address = ip_address(host)
    except ValueError:
        _require_public_name(host.lower())
        return
    if not is_public(address):
        raise ForbiddenEndpoint("does not lead to a public address")


def _require_public_name(name: str) -> None:
    """Refuse what can be known by the name; where it leads is checked when it is connected to."""
    if name in _LOOPBACK_NAMES or name.endswith(".localhost"):
        raise ForbiddenEndpoint("does not lead to a public address")
    if ":" in name or _NUMBER.fullmatch(name):
        raise ForbiddenEndpoint("is a number that is not written as an address")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is somebody's in the open internet, seen through its wrappings."""
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False  # fec0::/10, given up by RFC 3879: some versions of Python call it global
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def open_public_socket(address: tuple[Any, ...]) -> socket.socket:
    """Open the socket for one resolved address, or raise ``ForbiddenAddress``.

    Made for aiohttp's ``socket_factory``: ``address`` is what ``getaddrinfo`` gives, and it is
    exactly what the socket is then connected to.
    """
    family, kind, protocol, _name, where = address
    host = str(where[0]).partition("%")[0]
    if not is_public(ip_address(host)):
        raise ForbiddenAddress
    return socket.socket(family=family, type=kind, proto=protocol)
