"""Messages that come whole, as nearly all do: read at once; ``websockets`` reads what may come."""

from websockets.frames import (  # type: ignore[attr-defined] # of either kind: C or Python
    apply_mask,
)

# RFC 6455, 5.2: a last fragment that is the first as well, and of text or of bytes.
_WHOLE = frozenset({0x81, 0x82})
_MASKED, _TWO_BYTES, _EIGHT_BYTES = 0x80, 0xFE, 0xFF


def read_whole(data: bytes, most: int) -> list[bytes] | None:
    """Return the messages in ``data``; None if there is anything else in it, or half of one.

    A message has at most ``most`` bytes, and no more than 64 KiB.
    """
    messages = []
    place, end = 0, len(data)
    while place < end:
        mask = place + 2
        if mask >= end or data[place] not in _WHOLE:
            return None
        size = data[place + 1]
        if size < _MASKED or size == _EIGHT_BYTES:
            return None
        if size == _TWO_BYTES:
            size = int.from_bytes(data[mask : mask + 2])
            mask += 2
        else:
            size -= _MASKED
        body = mask + 4
        place = body + size
        if size > most or place > end:
            return None
        messages.append(apply_mask(data[body:place], data[mask:body]))
    return messages
