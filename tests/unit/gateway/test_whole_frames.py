"""Messages that come whole are read as ``websockets`` would; everything else is left to it."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as some
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from realtime.gateway.whole_frames import read_whole
from tests.support.virtual_time import virtually
from tests.unit.gateway.wire import ADDRESS, Wire, a_gateway

MOST = 70_000
DATA = some.sampled_from([Opcode.TEXT, Opcode.BINARY])


def sent(opcode: Opcode, payload: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    """Write a frame as a client does."""
    return Frame(opcode, payload, fin).serialize(mask=mask)


@given(some.lists(some.tuples(DATA, some.binary(max_size=300)), max_size=4))
def test_whole_messages_are_read(messages: list[tuple[Opcode, bytes]]) -> None:
    data = b"".join(sent(*message) for message in messages)
    assert read_whole(data, MOST) == [payload for _, payload in messages]


@given(some.lists(some.tuples(DATA, some.binary(max_size=300)), min_size=1), some.data())
def test_half_of_one_is_not(messages: list[tuple[Opcode, bytes]], chosen: some.DataObject) -> None:
    pieces = [sent(*message) for message in messages]
    missing = chosen.draw(some.integers(1, len(pieces[-1]) - 1))
    assert read_whole(b"".join(pieces)[:-missing], MOST) is None


def test_long_ones_have_two_bytes_of_length() -> None:
    for size in (125, 126, 127, 65_535):
        assert read_whole(sent(Opcode.TEXT, b"x" * size), MOST) == [b"x" * size]
    assert read_whole(sent(Opcode.TEXT, b"x" * 126), 125) is None
    assert read_whole(sent(Opcode.TEXT, b"x" * 65_536), MOST) is None


def test_what_is_no_whole_message_is_left() -> None:
    left = [
        sent(Opcode.PING, b""),
        sent(Opcode.PONG, b"x"),
        sent(Opcode.CLOSE, b"\x03\xe8"),
        sent(Opcode.CONT, b"x"),
        sent(Opcode.TEXT, b"x", fin=False),
        sent(Opcode.TEXT, b"x", mask=False),
        b"\xc1" + sent(Opcode.TEXT, b"x")[1:],
    ]
    for data in left:
        assert read_whole(data, MOST) is None
        assert read_whole(sent(Opcode.TEXT, b"x") + data, MOST) is None


@given(some.lists(some.tuples(DATA, some.binary(max_size=200)), min_size=1), some.data())
def test_what_is_read_of_damaged_ones_is_what_websockets_reads(
    messages: list[tuple[Opcode, bytes]], chosen: some.DataObject
) -> None:
    data = bytearray(b"".join(sent(*message) for message in messages))
    data[chosen.draw(some.integers(0, len(data) - 1))] ^= chosen.draw(some.integers(1, 255))
    found = read_whole(bytes(data), MOST)
    if found is not None:
        assert found == [bytes(frame.data) for frame in read_by_websockets(bytes(data))]


def read_by_websockets(data: bytes) -> list[Frame]:
    """Have the library read what comes behind a handshake."""
    server = ServerProtocol(max_size=MOST)
    client = ClientProtocol(parse_uri(ADDRESS))
    client.send_request(client.connect())
    server.receive_data(b"".join(client.data_to_send()))
    (request,) = server.events_received()
    server.send_response(server.accept(cast("Request", request)))
    server.receive_data(data)
    return [cast("Frame", event) for event in server.events_received()]


@virtually
async def test_messages_behind_a_torn_one_are_heard_in_order() -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        await wire.connected()
        asked = [sent(Opcode.TEXT, b'{"id":%d,"ping":{}}' % number) for number in range(2, 7)]
        stream = b"".join(asked)
        for begin, end in ((0, 30), (30, 70), (70, len(stream))):
            wire.connection.data_received(stream[begin:end])
        await wire.flows()
        assert [line["id"] for line in wire.lines()] == [2, 3, 4, 5, 6]
