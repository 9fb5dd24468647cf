"""Commands as Protobuf has them: one table a message, by the protocol's field numbers.

Fields that are not named here are ignored, and so are those of another type than it says here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Raw, Struct

from realtime.protocol.codec import BadFrame
from realtime.protocol.commands import (
    NO_DATA,
    ChannelRequest,
    Command,
    ConnectRequest,
    HistoryRequest,
    Nothing,
    Position,
    RefreshRequest,
    RpcRequest,
    SendRequest,
    SubscribeRequest,
)
from realtime.protocol.protobuf_wire import LENGTH, VARINT, read_fields, tag

MAX_UINT32 = 2**32 - 1
MAX_INT64 = 2**63 - 1


class Field(NamedTuple):
    """A field's number and type, and how to make a value of what was read and the value so far."""

    number: int
    wire_type: int
    read: Callable[[Any, Any], Any]


Table = Mapping[int, tuple[str, Callable[[Any, Any], Any]]]


def read_message(table: Table, data: bytes) -> dict[str, Any]:
    """Read a message; return the values of the fields that it has."""
    values: dict[str, Any] = {}
    for found, value in read_fields(data):
        known = table.get(found)
        if known is not None:
            name, read = known
            values[name] = read(value, values.get(name))
    return values


def _table(**fields: Field) -> Table:
    return {
        tag(number, wire_type): (name, read) for name, (number, wire_type, read) in fields.items()
    }


# --- types of fields --------------------------------------------------------------------------


def _flag(number: int) -> Field:
    return Field(number, VARINT, lambda value, _: bool(value))


def _unsigned(number: int) -> Field:
    """A number of which it is enough to know that it is larger than any of ours."""
    return Field(number, VARINT, lambda value, _: min(value, MAX_INT64))


def _signed(number: int) -> Field:
    return Field(number, VARINT, lambda value, _: value - 2**64 if value > MAX_INT64 else value)


def _id(number: int) -> Field:
    def read(value: int, _: Any) -> int:
        if value > MAX_UINT32:
            raise BadFrame("an id of more than 32 bits")
        return value

    return Field(number, VARINT, read)


def _text(number: int) -> Field:
    def read(value: bytes, _: Any) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise BadFrame(str(error)) from None

    return Field(number, LENGTH, read)


def _data(number: int) -> Field:
    return Field(number, LENGTH, lambda value, _: Raw(value) if value else NO_DATA)


def _message(number: int, kind: type[Struct], table: Table) -> Field:
    return Field(number, LENGTH, lambda value, _: kind(**read_message(table, value)))


def _by_name(number: int, kind: type[Struct], table: Table) -> Field:
    entry = _table(name=_text(1), value=_message(2, kind, table))

    def read(value: bytes, before: dict[str, Struct] | None) -> dict[str, Struct]:
        one = read_message(entry, value)
        gathered = {} if before is None else before
        gathered[one.get("name", "")] = one.get("value") or kind()
        return gathered

    return Field(number, LENGTH, read)


# --- messages ---------------------------------------------------------------------------------

POSITION = _table(offset=_unsigned(1), epoch=_text(2))
SUBSCRIBE = _table(
    channel=_text(1),
    recover=_flag(3),
    epoch=_text(6),
    offset=_unsigned(7),
    positioned=_flag(9),
    recoverable=_flag(10),
    join_leave=_flag(11),
    tf=_data(13),
    flag=_signed(14),
    type=_signed(15),
)
CONNECT = _table(
    token=_text(1),
    data=_data(2),
    subs=_by_name(3, SubscribeRequest, SUBSCRIBE),
    name=_text(4),
    version=_text(5),
)
CHANNEL = _table(channel=_text(1))
HISTORY = _table(
    channel=_text(1), limit=_signed(7), since=_message(8, Position, POSITION), reverse=_flag(9)
)
RPC = _table(data=_data(1), method=_text(2))
SEND = _table(data=_data(1))
REFRESH = _table(token=_text(1))
NOTHING = _table()
COMMAND = _table(
    id=_id(1),
    connect=_message(4, ConnectRequest, CONNECT),
    subscribe=_message(5, SubscribeRequest, SUBSCRIBE),
    unsubscribe=_message(6, ChannelRequest, CHANNEL),
    publish=_message(7, Nothing, NOTHING),
    presence=_message(8, ChannelRequest, CHANNEL),
    presence_stats=_message(9, ChannelRequest, CHANNEL),
    history=_message(10, HistoryRequest, HISTORY),
    ping=_message(11, Nothing, NOTHING),
    send=_message(12, SendRequest, SEND),
    rpc=_message(13, RpcRequest, RPC),
    refresh=_message(14, RefreshRequest, REFRESH),
    sub_refresh=_message(15, Nothing, NOTHING),
)


def read_command(data: bytes) -> Command:
    """Read one command; raise BadFrame if it is none."""
    return Command(**read_message(COMMAND, data))
