"""WebSocket frames as a server writes them (RFC 6455, 5.2): unmasked, whole, made once for all.

Reading frames and control frames is the business of the ``websockets`` library.
"""

import struct

TEXT = 0x1
BINARY = 0x2
_FIN = 0x80


def framed(opcode: int, payload: bytes) -> bytes:
    """Return a final data frame around ``payload``."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _FIN | opcode, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", _FIN | opcode, 126, size) + payload
    return struct.pack("!BBQ", _FIN | opcode, 127, size) + payload
