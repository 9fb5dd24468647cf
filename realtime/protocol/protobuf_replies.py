"""Replies and pushes as Protobuf has them: one table a message, by the protocol's field numbers.

What is empty, zero or false is left out, as proto3 wants it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Raw, Struct

from domain.publications import Publication
from realtime.protocol.protobuf_wire import LENGTH, VARINT, tag, varint, with_length
from realtime.protocol.replies import Reply

Writer = Callable[[Any], bytes]
Table = Sequence[tuple[str, Writer]]


def write_message(table: Table, message: Struct) -> bytes:
    """Write a message's fields."""
    written = []
    for name, write in table:
        value = getattr(message, name)
        if value:
            written.append(write(value))
    return b"".join(written)


def _table(**fields: Writer) -> Table:
    return tuple(fields.items())


# --- types of fields --------------------------------------------------------------------------


def _number(number: int) -> Writer:
    """An unsigned number, or a flag."""
    head = varint(tag(number, VARINT))
    return lambda value: head + varint(int(value))


def _text(number: int) -> Writer:
    head = varint(tag(number, LENGTH))

    def write(value: str) -> bytes:
        return head + with_length(value.encode())

    return write


def _data(number: int) -> Writer:
    head = varint(tag(number, LENGTH))

    def write(value: Raw) -> bytes:
        return head + with_length(bytes(value))

    return write


def _message(number: int, table: Table) -> Writer:
    head = varint(tag(number, LENGTH))

    def write(value: Struct) -> bytes:
        return head + with_length(write_message(table, value))

    return write


def _list(number: int, table: Table) -> Writer:
    one = _message(number, table)

    def write(values: Sequence[Struct]) -> bytes:
        return b"".join(map(one, values))

    return write


def _by_name(number: int, table: Table) -> Writer:
    head = varint(tag(number, LENGTH))
    write_name, write_value = _text(1), _message(2, table)

    def write(values: Mapping[str, Struct]) -> bytes:
        entries = (write_name(name) + write_value(value) for name, value in values.items())
        return b"".join(head + with_length(entry) for entry in entries)

    return write


# --- messages ---------------------------------------------------------------------------------

ERROR = _table(code=_number(1), message=_text(2), temporary=_number(3))
PUBLICATION = _table(data=_data(4), offset=_number(6))
INFO = _table(user=_text(1), client=_text(2))
ENTERED = _table(info=_message(1, INFO))
UNSUBSCRIBE = _table(code=_number(2), reason=_text(3))
DISCONNECT = _table(code=_number(1), reason=_text(2))
PUSH = _table(
    channel=_text(2),
    pub=_message(4, PUBLICATION),
    join=_message(5, ENTERED),
    leave=_message(6, ENTERED),
    unsubscribe=_message(7, UNSUBSCRIBE),
    disconnect=_message(11, DISCONNECT),
)
SUBSCRIBE = _table(
    recoverable=_number(3),
    epoch=_text(6),
    publications=_list(7, PUBLICATION),
    recovered=_number(8),
    offset=_number(9),
    positioned=_number(10),
    data=_data(11),
    was_recovering=_number(12),
)
CONNECT = _table(
    client=_text(1),
    version=_text(2),
    expires=_number(3),
    ttl=_number(4),
    data=_data(5),
    subs=_by_name(6, SUBSCRIBE),
    ping=_number(7),
    pong=_number(8),
    session=_text(9),
    node=_text(10),
)
PRESENCE = _table(presence=_by_name(1, INFO))
PRESENCE_STATS = _table(num_clients=_number(1), num_users=_number(2))
HISTORY = _table(publications=_list(1, PUBLICATION), epoch=_text(2), offset=_number(3))
RPC = _table(data=_data(1))
REFRESH = _table(client=_text(1), version=_text(2), expires=_number(3), ttl=_number(4))
NOTHING = _table()
REPLY = _table(
    id=_number(1),
    error=_message(2, ERROR),
    push=_message(4, PUSH),
    connect=_message(5, CONNECT),
    subscribe=_message(6, SUBSCRIBE),
    unsubscribe=_message(7, NOTHING),
    presence=_message(9, PRESENCE),
    presence_stats=_message(10, PRESENCE_STATS),
    history=_message(11, HISTORY),
    ping=_message(12, NOTHING),
    rpc=_message(13, RPC),
    refresh=_message(14, REFRESH),
)


def write_reply(reply: Reply) -> bytes:
    """Write one reply or push."""
    return write_message(REPLY, reply)


_PUSH = varint(tag(4, LENGTH))
_CHANNEL, _PUB = varint(tag(2, LENGTH)), varint(tag(4, LENGTH))
_DATA, _OFFSET = varint(tag(4, LENGTH)), varint(tag(6, VARINT))


def write_push(publication: Publication) -> bytes:
    """Write a publication as it is pushed, without a detour through the tables."""
    carried = _DATA + with_length(publication.data)
    if publication.offset:
        carried += _OFFSET + varint(publication.offset)
    push = _CHANNEL + with_length(publication.channel.encode()) + _PUB + with_length(carried)
    return _PUSH + with_length(push)
