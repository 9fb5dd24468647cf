"""The form of what is published on Redis: a small header, then the publication's own bytes."""

import struct
from hashlib import blake2b

# A version, so that nodes of two releases can share a Redis: what is not known is left alone.
VERSION = 1
_HEADER = struct.Struct(">B8sQ")  # version, who published it, offset


def origin_of(node: str) -> bytes:
    """Return the eight bytes that stand for ``node``."""
    return blake2b(node.encode(), digest_size=8).digest()


def seal(origin: bytes, data: bytes, offset: int = 0) -> bytes:
    """Put the header before ``data``."""
    return _HEADER.pack(VERSION, origin, offset) + data


def opened(payload: bytes, *, besides: bytes) -> tuple[bytes, int] | None:
    """Return data and offset; None if ``besides`` published it, or if its form is not known."""
    if len(payload) < _HEADER.size:
        return None
    version, origin, offset = _HEADER.unpack_from(payload)
    if version != VERSION or origin == besides:
        return None
    return payload[_HEADER.size :], offset
