"""Small damage to frames, at random: bits, numbers, pieces, and words that mean something."""

import re
from collections.abc import Callable, Sequence
from random import Random

LONGEST = 64 * 1024
# Numbers at which something ends: of a bit, a byte, a length, an id, a position.
EDGES = (0, 1, 127, 128, 255, 256, 65_535, 2**31 - 1, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**64)
WORDS = (
    b"{}", b"[]", b"null", b"true", b"-1", b"1e999", b"\\u0000", b"\\ud800", b'"', b"\\", b"\n",
    b"\r\n", b"\r\n\r\n", b"\x00", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xc3\x28",
    b'"id":0', b'"id":1', b'"connect":{}', b'"send":{}', b'"data":', b"thread:", b"inbox:",
    b"node:", b"ops:queues", b"_", b"Content-Length: 5", b"Transfer-Encoding: chunked",
    b"Upgrade: websocket", b"Sec-WebSocket-Version: 8", b"Origin: null", b"HTTP/1.0",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")

Mutation = Callable[[Random, bytearray, Sequence[bytes]], None]


def mutated(random: Random, frames: Sequence[bytes]) -> bytes:
    """Return one of ``frames`` with some damage; now and then it stays whole."""
    data = bytearray(random.choice(frames))
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 8))):
        random.choice(MUTATIONS)(random, data, frames)
    return bytes(data[:LONGEST])


def _place(random: Random, data: bytearray) -> int:
    return random.randrange(len(data) + 1)


def _flip(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _set(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] = random.choice((0, 1, 127, 128, 255, 0x22, 0x5C, 0x0A))


def _cut(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    del data[_place(random, data) :]


def _remove(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    begin = _place(random, data)
    del data[begin : begin + random.choice((1, 2, 8, 64))]


def _repeat(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    begin = _place(random, data)
    piece = data[begin : begin + random.choice((1, 4, 32, 256))]
    data[begin:begin] = piece * random.choice((1, 2, 16, 200))
    del data[LONGEST:]


def _insert(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    place = _place(random, data)
    data[place:place] = random.choice(WORDS)


def _noise(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    place = _place(random, data)
    data[place:place] = random.randbytes(random.choice((1, 2, 4, 16)))


def _splice(random: Random, data: bytearray, frames: Sequence[bytes]) -> None:
    """Go on with another frame."""
    other = random.choice(frames)
    data[_place(random, data) :] = other[random.randrange(len(other) + 1) :]


def _number(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    """Put another number where one is written."""
    found = list(_NUMBER.finditer(data))
    if found:
        begin, end = random.choice(found).span()
        data[begin:end] = b"%d" % random.choice(EDGES)


def _nest(random: Random, data: bytearray, _frames: Sequence[bytes]) -> None:
    place = _place(random, data)
    data[place:place] = random.choice((b"[", b'{"a":', b"{")) * random.choice((2, 100, 5_000))


MUTATIONS: Sequence[Mutation] = (
    _flip, _flip, _set, _cut, _remove, _repeat, _insert, _insert, _noise, _splice, _number, _nest,
)  # fmt: skip
