"""Who is calling is read from the connection, and from headers only as far as proxies are ours."""

from ipaddress import ip_network
from typing import Any

import pytest

from realtime.api.peers import UNKNOWN, Peers, is_this_machine

PEERS = Peers([ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("fd00::/8")])


def a_request(peer: str | None, **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "client": (peer, 1234) if peer else None, "headers": named}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "someone", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, someone", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (None, "198.51.100.1", UNKNOWN),
    ],
)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(
    peer: str | None, forwarded: str | None, address: str
) -> None:
    headers = {} if forwarded is None else {"x_forwarded_for": forwarded}
    assert PEERS.address(a_request(peer, **headers)) == address


@pytest.mark.parametrize(
    ("request_", "is_ours"),
    [
        (a_request("127.0.0.1"), True),
        (a_request("127.9.9.9"), True),
        (a_request("::1"), True),
        (a_request("10.0.0.1"), False),
        (a_request(None), False),
        (a_request("127.0.0.1", x_forwarded_for="127.0.0.1"), False),
        (a_request("127.0.0.1", forwarded="for=127.0.0.1"), False),
        (a_request("127.0.0.1", x_real_ip="127.0.0.1"), False),
    ],
)
def test_this_machine_is_who_comes_from_it_without_a_proxy(
    request_: dict[str, Any], is_ours: bool
) -> None:
    assert is_this_machine(request_) is is_ours
