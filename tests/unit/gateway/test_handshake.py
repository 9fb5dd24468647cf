"""Who is let in by the handshake, and what is spoken then."""

import pytest
from structlog.testing import capture_logs

from realtime.gateway.patience import HIGH_WATER
from tests.support.virtual_time import virtually
from tests.unit.gateway.wire import Wire, a_gateway


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], None),
        (["centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf"], "centrifuge-protobuf"),
        (["chat", "centrifuge-protobuf", "centrifuge-json"], "centrifuge-protobuf"),
        (["chat"], None),
    ],
)
@virtually
async def test_the_first_subprotocol_that_is_known_is_chosen(
    offered: list[str], chosen: str | None
) -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway, offered)
        assert await wire.opens() == 101
        assert wire.peer.subprotocol == chosen
        assert wire.transport.high == HIGH_WATER
        assert wire.connection in wire.all
        assert gateway.connections == 1


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("https://orderwire.example", 101),
        ("HTTP://ORDERWIRE.EXAMPLE", 101),
        ("https://friend.example", 101),
        ("https://evil.example", 403),
        ("https://orderwire.example.evil.example", 403),
        ("https://orderwire.example:8443", 403),
        ("null", 403),
        ("http://[::1", 403),
    ],
)
@virtually
async def test_a_page_must_be_ours_or_a_friends(origin: str | None, status: int) -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        headers = {"Origin": origin} if origin else {}
        assert await wire.opens(**headers) == status
        assert gateway.figures.refused_handshakes == (status != 101)


@virtually
async def test_an_origin_that_comes_twice_is_nobodys() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        request = wire.peer.connect()
        for origin in ("https://evil.example", "https://friend.example"):
            request.headers["Origin"] = origin
        with capture_logs() as logs:
            assert await wire.asks(request) == 403
        assert logs == []


@virtually
async def test_there_is_one_path_and_what_follows_it_does_not_matter() -> None:
    async with a_gateway() as gateway:
        assert await Wire(gateway).opens(path="/connection/websocket?cf_x=1") == 101
        wire = Wire(gateway)
        assert await wire.opens(path="/connection/other") == 404
        assert wire.closed() == "in peace"


@virtually
async def test_what_is_no_handshake_is_refused() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        wire.connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.closed() == "in peace"
        rude = Wire(gateway)
        rude.connection.data_received(b"\x00" * 10 + b"\r\n")
        assert rude.closed()
        assert gateway.connections == 0
