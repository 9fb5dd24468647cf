"""The form of what is published on Redis: a small header, then the publication's own bytes."""

import struct
from hashlib import blake2b

# A version, so that nodes of two releases can share a Redis: what is not known is left alone.
VERSION = 2
_HEADER = struct.Struct(">B8sQd")  # version, who published it, offset, when


def origin_of(node: str) -> bytes:
    """Return the eight bytes that stand for ``node``."""
    return blake2b(node.encode(), digest_size=8).digest()


def seal(origin: bytes, data: bytes, offset: int = 0, at: float = 0.0) -> bytes:
    """Put the header before ``data``."""
    return _HEADER.pack(VERSION, origin, offset, at) + data


def opened(payload: bytes, *, besides: bytes) -> tuple[bytes, int, float] | None:
    """Return data, offset and time; None if ``besides`` published it, or if its form is unknown."""
    if len(payload) < _HEADER.size:
        return None
    version, origin, offset, at = _HEADER.unpack_from(payload)
    if version != VERSION or origin == besides:
        return None
    return payload[_HEADER.size :], offset, at
