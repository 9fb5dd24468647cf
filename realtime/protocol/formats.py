"""How encoded replies become the bytes of one kind of transport: a codec and a framing.

Each format is one object that all its connections share, so that what goes to many of them is
encoded and framed once.
"""

from collections.abc import Callable, Iterator, Sequence

from domain.publications import Publication
from realtime.protocol.codec import Codec
from realtime.protocol.codec_json import ASCII_JSON, JSON
from realtime.protocol.codec_protobuf import PROTOBUF
from realtime.protocol.frames import BINARY, TEXT, framed
from realtime.protocol.replies import Reply

# No frame that is joined from several messages is larger.
MAX_JOINED = 64 * 1024


class Format:
    """Encodes with ``codec`` and wraps what goes out together with ``frame``."""

    __slots__ = ("_frame", "codec", "ping")

    def __init__(self, codec: Codec, frame: Callable[[bytes], bytes]) -> None:
        self.codec = codec
        self._frame = frame
        self.ping = frame(codec.ping)

    def one(self, reply: Reply) -> bytes:
        """Write one reply or push, ready to be sent."""
        return self._frame(self.codec.encode(reply))

    def publications(self, publications: Sequence[Publication]) -> bytes:
        """Write publications as pushes, joined as far as a frame may go."""
        if len(publications) == 1:
            return self._frame(self.codec.push(publications[0]))
        encoded = [self.codec.push(each) for each in publications]
        return b"".join(self._frame(self.codec.join(run)) for run in _runs(encoded))


def _runs(messages: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Cut messages into runs of at most ``MAX_JOINED`` bytes, or of a single message."""
    run: list[bytes] = []
    size = 0
    for message in messages:
        size += len(message) + 1
        if run and size > MAX_JOINED:
            yield run
            run, size = [], len(message) + 1
        run.append(message)
    yield run


def _text_frame(payload: bytes) -> bytes:
    return framed(TEXT, payload)


def _binary_frame(payload: bytes) -> bytes:
    return framed(BINARY, payload)


def _lines(payload: bytes) -> bytes:
    return payload + b"\n"


def _event(payload: bytes) -> bytes:
    """One event; a browser joins its lines again (WHATWG, server-sent events)."""
    return b"data: " + payload.replace(b"\n", b"\ndata: ") + b"\n\n"


WEBSOCKET_JSON = Format(JSON, _text_frame)
WEBSOCKET_PROTOBUF = Format(PROTOBUF, _binary_frame)
# Older SDKs cut a stream of bytes anywhere, and so in the middle of a character.
HTTP_STREAM_JSON = Format(ASCII_JSON, _lines)
SSE_JSON = Format(JSON, _event)
