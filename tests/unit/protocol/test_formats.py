"""Replies become the bytes of a transport: framed, joined, and never too large together."""

import json
from collections.abc import Callable

import pytest
from centrifuge.codecs import _ProtobufCodec as SdkProtobuf
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from domain.publications import Publication
from realtime.protocol.formats import (
    HTTP_STREAM_JSON,
    MAX_JOINED,
    SSE_JSON,
    WEBSOCKET_JSON,
    WEBSOCKET_PROTOBUF,
    Format,
)
from realtime.protocol.frames import BINARY, TEXT, framed
from realtime.protocol.replies import DONE, Reply

SMALL = [Publication("thread:1", b'{"text":"%d \xc3\xbc"}' % n, n) for n in range(1, 4)]


def unframed(data: bytes) -> list[Frame]:
    """Read frames as a client of ``websockets`` does."""
    client = Protocol(Side.CLIENT, max_size=None)
    client.receive_data(data)
    frames = client.events_received()
    assert not client.parser_exc
    return [frame for frame in frames if isinstance(frame, Frame)]


def lines(data: bytes) -> list[bytes]:
    """Read a stream of lines."""
    assert data.endswith(b"\n")
    return data.split(b"\n")[:-1]


def events(data: bytes) -> list[bytes]:
    """Read server-sent events as a browser does, and cut them into lines as the SDK does."""
    assert data.endswith(b"\n\n")
    read = []
    for event in data.split(b"\n\n")[:-1]:
        fields = [line.partition(b": ") for line in event.split(b"\n")]
        assert all(name == b"data" for name, _, _ in fields)
        read += b"\n".join(value for _, _, value in fields).split(b"\n")
    return read


def messages(data: bytes) -> list[bytes]:
    """Read the messages of text frames."""
    frames = unframed(data)
    assert all(frame.opcode is Opcode.TEXT for frame in frames)
    return [line for frame in frames for line in bytes(frame.data).split(b"\n")]


IN_JSON = [(WEBSOCKET_JSON, messages), (HTTP_STREAM_JSON, lines), (SSE_JSON, events)]
Reader = Callable[[bytes], list[bytes]]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_frame_is_read_by_those_who_know_the_rfc(opcode: int, size: int) -> None:
    (frame,) = unframed(framed(opcode, bytes(size)))

    assert (frame.opcode, len(frame.data), frame.fin) == (opcode, size, True)


@pytest.mark.parametrize(("encoding", "read"), IN_JSON)
def test_one_reply_is_one_line(encoding: Format, read: Reader) -> None:
    (line,) = read(encoding.one(Reply(id=1, ping=DONE)))

    assert json.loads(line) == {"id": 1, "ping": {}}


@pytest.mark.parametrize(("encoding", "read"), IN_JSON)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_publications_of_a_turn_are_lines(encoding: Format, read: Reader, count: int) -> None:
    pushed = [json.loads(line)["push"] for line in read(encoding.publications(SMALL[:count]))]

    assert [push["pub"]["offset"] for push in pushed] == list(range(1, count + 1))
    assert pushed[0] == {"channel": "thread:1", "pub": {"data": {"text": "1 ü"}, "offset": 1}}


@pytest.mark.parametrize(("encoding", "read"), IN_JSON)
def test_a_ping_is_an_empty_object(encoding: Format, read: Reader) -> None:
    assert read(encoding.ping) == [b"{}"]


def test_http_stream_is_ascii_for_readers_that_cut_it_anywhere() -> None:
    assert HTTP_STREAM_JSON.publications(SMALL).isascii()
    assert not WEBSOCKET_JSON.publications(SMALL).isascii()


def test_protobuf_goes_in_binary_frames() -> None:
    ping, one, joined = unframed(
        WEBSOCKET_PROTOBUF.ping
        + WEBSOCKET_PROTOBUF.one(Reply(id=1, ping=DONE))
        + WEBSOCKET_PROTOBUF.publications(SMALL)
    )

    assert ping.opcode is one.opcode is joined.opcode is Opcode.BINARY
    assert ping.data == b"\x00"
    replies = SdkProtobuf.decode_replies(bytes(joined.data))
    assert [int(each["push"]["pub"]["offset"]) for each in replies] == [1, 2, 3]


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0, 900, 30_000, MAX_JOINED]), min_size=1, max_size=6))
def test_no_frame_that_is_joined_is_too_large_and_nothing_is_lost(sizes: list[int]) -> None:
    publications = [
        Publication("c", b'"%b"' % (b"x" * size), offset) for offset, size in enumerate(sizes, 1)
    ]
    for encoding in (WEBSOCKET_JSON, WEBSOCKET_PROTOBUF):
        frames = unframed(encoding.publications(publications))
        alone = [len(encoding.codec.push(each)) for each in publications]

        assert all(len(frame.data) <= MAX_JOINED or len(frame.data) in alone for frame in frames)
        read = [
            int(each["push"]["pub"]["offset"])
            for frame in frames
            for each in (
                SdkProtobuf.decode_replies(bytes(frame.data))
                if frame.opcode is Opcode.BINARY
                else map(json.loads, bytes(frame.data).split(b"\n"))
            )
        ]
        assert read == list(range(1, len(sizes) + 1))


def test_what_is_small_is_joined() -> None:
    many = [Publication("c", b'"%b"' % (b"x" * 1_000), n) for n in range(1, 201)]

    assert len(unframed(WEBSOCKET_JSON.publications(many))) == 4
