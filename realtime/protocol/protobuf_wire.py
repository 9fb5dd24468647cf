"""Protobuf's wire format: numbers, tags and lengths, and how a message is cut into its fields."""

from collections.abc import Iterator

from realtime.protocol.codec import BadFrame

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT = 10
_MAX_UINT64 = 2**64 - 1
_SMALL = tuple(bytes((value,)) for value in range(0x80))


def tag(number: int, wire_type: int) -> int:
    """Return what stands before a field."""
    return number << 3 | wire_type


def varint(value: int) -> bytes:
    """Write a number, seven bits at a time."""
    if value < 0x80:
        return _SMALL[value]
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def with_length(payload: bytes) -> bytes:
    """Write a payload with its length before it."""
    return varint(len(payload)) + payload


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """Read a number; return it and the place behind it."""
    if place < len(data) and data[place] < 0x80:
        return data[place], place + 1
    value = shift = 0
    for byte in data[place : place + _MAX_VARINT]:
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MAX_UINT64, place
        shift += 7
    raise BadFrame("a number that does not end")


def read_payload(data: bytes, place: int) -> tuple[bytes, int]:
    """Read a payload that has its length before it; return it and the place behind it."""
    length, begin = read_varint(data, place)
    end = begin + length
    if end > len(data):
        raise BadFrame("a length beyond the end")
    return data[begin:end], end


def read_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Cut a message into its fields: each one's tag, and its number or payload.

    Those of fixed size are of no use here, and left out.
    """
    place, end = 0, len(data)
    while place < end:
        found = data[place]
        if found < 0x80:
            place += 1
        else:
            found, place = read_varint(data, place)
        wire_type = found & 7
        if wire_type == LENGTH:
            payload, place = read_payload(data, place)
            yield found, payload
        elif wire_type == VARINT:
            number, place = read_varint(data, place)
            yield found, number
        elif wire_type in _FIXED:
            place += _FIXED[wire_type]
        else:
            raise BadFrame(f"a field of type {wire_type}")
    if place > end:
        raise BadFrame("a field beyond the end")
