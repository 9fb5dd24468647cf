"""Endpoints come from users, and must not lead inside."""

import socket
from ipaddress import ip_address

import pytest

from realtime.delivery.endpoint_guard import (
    EndpointGuard,
    ForbiddenAddress,
    ForbiddenEndpoint,
    is_public,
    open_public_socket,
    parse_origin,
)

GUARD = EndpointGuard(["http://127.0.0.1:9999", "https://push.internal/"])


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", "https://fcm.googleapis.com"),
        (
            "https://Updates.Push.Services.Mozilla.com:443/x",
            "https://updates.push.services.mozilla.com",
        ),
        ("https://push.example.com:8443/x?y=%2F", "https://push.example.com:8443"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]"),
        ("https://8.8.8.8/x", "https://8.8.8.8"),
        ("https://1password.example/x", "https://1password.example"),
        ("https://127.1.example/x", "https://127.1.example"),
        ("https://notlocalhost.example/x", "https://notlocalhost.example"),
        ("https://[64:ff9b::101:101]/x", "https://[64:ff9b::101:101]"),
    ],
)
def test_an_endpoint_in_the_open_internet_is_called_as_it_is_written(url: str, origin: str) -> None:
    endpoint = GUARD.check(url)
    assert (endpoint.origin, endpoint.trusted) == (origin, False)
    assert endpoint.url.raw_path_qs == url[url.index("/", 8) :]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "fcm.googleapis.com/x",
        "http://fcm.googleapis.com/x",
        "ftp://example.com/x",
        "https:///x",
        "https://example.com:0/x",
        "https://example.com:99999/x",
        "https://user@example.com/x",
        "https://user:password@example.com/x",
        "https://:password@example.com/x",
        "https://example.com\\@127.0.0.1/x",
        "https://exa mple.com/x",
        "https://example.com/x\r\nHost: y",
        "https://müller.example/x",
        "https://127。0。0。1/x",
        "https://[::1/x",
        "https://example.com/" + "x" * 2_048,
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://172.16.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/x",
        "https://0.0.0.0/x",
        "https://224.0.0.1/x",
        "https://255.255.255.255/x",
        "https://[::1]/x",
        "https://[::]/x",
        "https://[fe80::1]/x",
        "https://[fc00::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:7f00:1]/x",
        "https://[0:0:0:0:0:ffff:7f00:1]/x",
        "https://[::ffff:127.1]/x",
        "https://[::ffff:0:127.0.0.1]/x",
        "https://[::127.0.0.1]/x",
        "https://[::1%25lo]/x",
        "https://localhost/x",
        "https://LOCALHOST/x",
        "https://localhost./x",
        "https://me.localhost:8443/x",
        "https://localhost.localdomain/x",
        "https://ip6-localhost/x",
        "https://127.1/x",
        "https://127.1./x",
        "https://127.0.0.0x1/x",
        "https://0177.0.0.1/x",
        "https://0x7f.1/x",
        "https://0X7F.1/x",
        "https://0x7f000001/x",
        "https://2130706433/x",
        "https://017700000001/x",
        "https://0/x",
        "https://134744072/x",
        "https://1.2.3.4.5/x",
        "http://127.0.0.1:9998/x",
        "https://127.0.0.1:9999/x",
    ],
)
def test_what_is_not_one_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenEndpoint):
        GUARD.check(url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9999/push/1", "https://push.internal/x", "https://PUSH.internal:443/x"],
)
def test_an_origin_on_the_list_is_let_past(url: str) -> None:
    assert GUARD.check(url).trusted


@pytest.mark.parametrize(
    "text", ["127.0.0.1:9999", "https://x.example/path", "https://x.example?y"]
)
def test_a_setting_that_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenEndpoint):
        parse_origin(text)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("192.0.2.1", False),
        ("240.0.0.1", False),
        ("239.1.1.1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("2001:db8::1", False),
        ("::ffff:1.1.1.1", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::101:101", True),
        ("64:ff9b::a00:1", False),
        ("::ffff:0:a00:1", False),
        ("::a00:1", False),
        ("2002:a00:1::", False),
        ("2002:101:101::", True),
    ],
)
def test_an_address_is_seen_through_its_wrappings(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_a_tunnel_that_ends_inside_is_refused() -> None:
    """Teredo carries its client's address inverted in the last 32 bits (RFC 4380, 4)."""
    inside = int(ip_address("10.0.0.1")) ^ 0xFFFF_FFFF
    prefix = int(ip_address("2001:0:102:304:8000:63bf::"))
    assert not is_public(ip_address(prefix | inside))


@pytest.mark.parametrize(
    ("family", "where"),
    [
        (socket.AF_INET, ("127.0.0.1", 443)),
        (socket.AF_INET6, ("::1", 443, 0, 0)),
        (socket.AF_INET6, ("fe80::1%lo", 443, 0, 1)),
    ],
)
def test_no_socket_is_opened_for_an_address_inside(
    family: socket.AddressFamily, where: tuple[object, ...]
) -> None:
    with pytest.raises(ForbiddenAddress):
        open_public_socket((family, socket.SOCK_STREAM, 0, "", where))


def test_a_socket_is_opened_for_an_address_outside() -> None:
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("1.1.1.1", 443))
    with open_public_socket(address) as opened:
        assert (opened.family, opened.type) == (socket.AF_INET, socket.SOCK_STREAM)
