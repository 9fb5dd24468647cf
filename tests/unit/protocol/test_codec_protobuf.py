"""Protobuf, held against JSON and against the official SDK's own codec and generated classes."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from centrifuge.codecs import _ProtobufCodec as SdkProtobuf
from centrifuge.protocol import client_pb2
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from domain.publications import Publication
from realtime.protocol import protobuf_commands, protobuf_replies, replies
from realtime.protocol.codec import MAX_COMMANDS, BadCommand, BadFrame
from realtime.protocol.codec_json import JSON
from realtime.protocol.codec_protobuf import PROTOBUF
from realtime.protocol.commands import (
    METHODS,
    PONG,
    ChannelRequest,
    Command,
    ConnectRequest,
    HistoryRequest,
    Position,
    RpcRequest,
    SubscribeRequest,
)
from realtime.protocol.protobuf_wire import read_varint, varint, with_length
from realtime.protocol.replies import (
    DONE,
    ClientInfo,
    ConnectResult,
    Ended,
    Entered,
    Error,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    Published,
    Push,
    RefreshResult,
    Reply,
    RpcResult,
    SubscribeResult,
    publication_push,
)

DATA = {"text": "Grüße 😀"}
A_SUBSCRIBE = {
    "channel": "thread:ü",
    "recover": True,
    "offset": 2**40,
    "epoch": "e",
    "positioned": True,
    "recoverable": True,
    "join_leave": True,
    "flag": 2,
}
# As an SDK has them; it writes the same in both encodings.
COMMANDS: dict[str, dict[str, Any]] = {
    "connect": {
        "token": "t",
        "name": "python",
        "version": "1",
        "data": DATA,
        "subs": {"inbox:anna": A_SUBSCRIBE, "inbox:b": {}},
        "headers": {"x": "y"},
        "flag": 1,
    },
    "subscribe": A_SUBSCRIBE,
    "unsubscribe": {"channel": "thread:1"},
    "publish": {"channel": "thread:1", "data": DATA},
    "presence": {"channel": "thread:1"},
    "presence_stats": {"channel": "thread:1"},
    "history": {
        "channel": "c",
        "limit": -1,
        "since": {"offset": 3, "epoch": "e"},
        "reverse": True,
    },
    "ping": {},
    "send": {"data": DATA},
    "rpc": {"method": "message.send", "data": DATA},
    "refresh": {"token": "t"},
    "sub_refresh": {"channel": "c", "token": "t"},
}
RAW = Raw(json.dumps(DATA).encode())
PUBLISHED = Published(data=RAW, offset=7)
INFO = ClientInfo(user="anna", client="c1")
ENDED = Ended(code=2500, reason="insufficient state")
A_SUBSCRIPTION = SubscribeResult(
    recoverable=True,
    epoch="e",
    publications=[PUBLISHED, Published(data=RAW, offset=8)],
    recovered=True,
    offset=6,
    positioned=True,
    data=RAW,
    was_recovering=True,
)
REPLIES: dict[str, Struct] = {
    "error": Error(code=100, message="internal error", temporary=True),
    "connect": ConnectResult(
        client="c1",
        version="Orderwire",
        expires=True,
        ttl=300,
        data=RAW,
        subs={"inbox:anna": A_SUBSCRIPTION, "inbox:b": SubscribeResult()},
        ping=25,
        pong=True,
        session="s",
        node="n",
    ),
    "subscribe": A_SUBSCRIPTION,
    "unsubscribe": DONE,
    "presence": PresenceResult(presence={"c1": INFO, "c2": INFO}),
    "presence_stats": PresenceStatsResult(num_clients=300, num_users=0),
    "history": HistoryResult(publications=[PUBLISHED], epoch="e", offset=2**63 - 1),
    "ping": DONE,
    "rpc": RpcResult(data=RAW),
    "refresh": RefreshResult(client="c1", version="Orderwire", expires=True, ttl=1),
}
PUSHES: dict[str, Struct] = {
    "pub": PUBLISHED,
    "join": Entered(info=INFO),
    "leave": Entered(info=INFO),
    "unsubscribe": ENDED,
    "disconnect": ENDED,
}
channels = st.text(min_size=1, max_size=40)
offsets = st.integers(min_value=0, max_value=2**63 - 1)


def in_base64(command: Any) -> Any:
    """Write a command's data as the SDK's Protobuf codec takes it."""
    if not isinstance(command, dict):
        return command
    return {
        name: base64.b64encode(json.dumps(value).encode()).decode()
        if name == "data"
        else in_base64(value)
        for name, value in command.items()
    }


def from_sdk(reply: Any) -> Any:
    """Write a reply of the SDK's Protobuf codec as JSON has it."""
    if isinstance(reply, list):
        return [from_sdk(each) for each in reply]
    if not isinstance(reply, dict):
        return reply
    readers: dict[str, Callable[[Any], Any]] = {
        "data": lambda text: json.loads(base64.b64decode(text)),
        "offset": int,
    }
    return {name: readers.get(name, from_sdk)(value) for name, value in reply.items()}


def without_zeros(reply: Any) -> Any:
    """Leave out of a JSON reply what Protobuf leaves out."""
    if isinstance(reply, list):
        return [without_zeros(each) for each in reply]
    if not isinstance(reply, dict):
        return reply
    return {name: without_zeros(value) for name, value in reply.items() if value or value == {}}


def as_plain(command: Command | BadCommand) -> Any:
    """Write a command so that two of them can be compared: raw data is equal to nothing."""
    assert isinstance(command, Command)
    return json.loads(msgspec.json.encode(command))


def read(frame: bytes) -> Command:
    """Read a frame that has one command."""
    (command,) = PROTOBUF.decode(frame)
    assert isinstance(command, Command)
    return command


def a_command(**fields: Any) -> bytes:
    """Write a command with the SDK's own class."""
    return with_length(client_pb2.Command(**fields).SerializeToString())


# --- commands ---------------------------------------------------------------------------------


def test_there_is_an_example_of_each_method() -> None:
    assert set(COMMANDS) == set(METHODS)


@pytest.mark.parametrize("method", COMMANDS)
def test_a_command_is_the_same_in_both_encodings(method: str) -> None:
    command = {"id": 2**32 - 1, method: COMMANDS[method]}

    (in_json,) = JSON.decode(json.dumps(command).encode())
    in_protobuf = read(SdkProtobuf.encode_commands([in_base64(command)]))

    assert as_plain(in_protobuf) == as_plain(in_json)


def test_several_commands_come_in_one_frame() -> None:
    commands = [{"id": 1, "connect": {"token": "t"}}, {"id": 2, "subscribe": {"channel": "c"}}]

    first, second = PROTOBUF.decode(SdkProtobuf.encode_commands(commands))

    assert isinstance(first, Command)
    assert isinstance(second, Command)
    assert (first.id, second.id) == (1, 2)


def test_the_byte_00_is_a_pong() -> None:
    assert PROTOBUF.decode(b"\x00\x00") == [PONG, PONG]


def test_a_number_that_is_larger_than_any_position_is_read_as_the_largest() -> None:
    command = read(a_command(id=1, subscribe={"channel": "c", "offset": 2**64 - 1}))

    assert command.subscribe is not None
    assert command.subscribe.offset == 2**63 - 1


def test_fields_that_nobody_knows_are_skipped() -> None:
    unknown = b"\xf8\x07\x05" + b"\xfa\x07\x01x" + b"\xf9\x07" + bytes(8) + b"\xfd\x07" + bytes(4)

    command = read(with_length(unknown + b"\x08\x07" + unknown))

    assert command == Command(id=7)


def test_a_field_of_another_type_than_it_should_be_is_skipped() -> None:
    command = read(with_length(b"\x0a\x01x" + b"\x6a\x02\x10\x05"))

    assert command.id == 0
    assert command.rpc is not None
    assert command.rpc.method == ""


def test_an_empty_name_of_a_subscription_is_read() -> None:
    command = read(with_length(b"\x22\x02\x1a\x00"))

    assert command.connect is not None
    assert command.connect.subs == {"": SubscribeRequest(tf=command.connect.subs[""].tf)}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x05\x08",  # a length beyond the end
        b"\xff",  # a length that does not end
        b"\x80" * 11,  # the same, for ever
        with_length(b"\x08"),  # a tag without a number
        with_length(b"\x6a\x09\x0a"),  # a message beyond its end
        with_length(b"\x09\x00"),  # eight bytes of which there is one
        with_length(b"\x0b"),  # a group
        with_length(b"\x0f"),  # no type
        with_length(b"\x08" + varint(2**32)),  # an id of 33 bits
        with_length(b"\x6a\x03\x12\x01\xff"),  # a text that is none
        bytes(MAX_COMMANDS + 1),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        PROTOBUF.decode(frame)


@given(st.binary(max_size=200))
def test_nothing_but_bad_frame_is_ever_raised(frame: bytes) -> None:
    try:
        commands = PROTOBUF.decode(frame)
    except BadFrame:
        return
    assert all(isinstance(command, Command) for command in commands)


@given(st.data())
def test_a_broken_command_is_refused_or_read(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(sorted(COMMANDS)))
    frame = bytearray(SdkProtobuf.encode_commands([in_base64({"id": 1, method: COMMANDS[method]})]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(frame) - 1))
        frame[place] = data.draw(st.integers(0, 255))
    with suppress(BadFrame):
        PROTOBUF.decode(bytes(frame))


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    written = varint(number)

    assert read_varint(written + b"\x01", 0) == (number, len(written))


# --- replies ----------------------------------------------------------------------------------


def test_there_is_an_example_of_each_reply_and_push() -> None:
    assert {"id", "push", *REPLIES} == set(Reply.__struct_fields__)
    assert {"channel", *PUSHES} == set(Push.__struct_fields__)


@pytest.mark.parametrize("kind", REPLIES)
def test_a_reply_is_the_same_in_both_encodings(kind: str) -> None:
    reply = Reply(id=5, **{kind: REPLIES[kind]})  # type: ignore[arg-type] # whatever it is

    (in_protobuf,) = SdkProtobuf.decode_replies(PROTOBUF.encode(reply))

    assert from_sdk(in_protobuf) == without_zeros(json.loads(JSON.encode(reply)))


@pytest.mark.parametrize("kind", PUSHES)
def test_a_push_is_the_same_in_both_encodings(kind: str) -> None:
    push = Push(channel="thread:1", **{kind: PUSHES[kind]})  # type: ignore[arg-type] # whatever

    (in_protobuf,) = SdkProtobuf.decode_replies(PROTOBUF.encode(Reply(push=push)))

    assert from_sdk(in_protobuf) == json.loads(JSON.encode(Reply(push=push)))


def test_several_replies_go_in_one_frame() -> None:
    frame = PROTOBUF.join([PROTOBUF.encode(Reply(id=n, ping=DONE)) for n in (1, 2)])

    assert [each["id"] for each in SdkProtobuf.decode_replies(frame)] == [1, 2]


def test_a_ping_is_the_byte_00() -> None:
    assert PROTOBUF.ping == b"\x00"


@given(channels, st.binary(min_size=1, max_size=300), offsets)
def test_the_short_way_to_a_push_writes_the_same(channel: str, data: bytes, offset: int) -> None:
    publication = Publication(channel, data, offset)

    assert PROTOBUF.push(publication) == PROTOBUF.encode(publication_push(publication))


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (protobuf_replies.REPLY, Reply),
        (protobuf_replies.PUSH, Push),
        (protobuf_replies.CONNECT, ConnectResult),
        (protobuf_replies.SUBSCRIBE, SubscribeResult),
        (protobuf_replies.HISTORY, HistoryResult),
        (protobuf_replies.REFRESH, RefreshResult),
        (protobuf_replies.ERROR, Error),
        (protobuf_replies.PUBLICATION, replies.Published),
    ],
)
def test_no_field_of_a_reply_is_forgotten(
    table: protobuf_replies.Table, kind: type[Struct]
) -> None:
    assert {name for name, _ in table} == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (protobuf_commands.COMMAND, Command),
        (protobuf_commands.CONNECT, ConnectRequest),
        (protobuf_commands.SUBSCRIBE, SubscribeRequest),
        (protobuf_commands.HISTORY, HistoryRequest),
        (protobuf_commands.POSITION, Position),
        (protobuf_commands.RPC, RpcRequest),
        (protobuf_commands.CHANNEL, ChannelRequest),
    ],
)
def test_no_field_of_a_command_is_forgotten(
    table: protobuf_commands.Table, kind: type[Struct]
) -> None:
    assert {name for name, _ in table.values()} == set(kind.__struct_fields__)
