"""The JSON encoding: one object a line."""

import json
import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from domain.publications import Publication
from realtime.protocol.codec import MAX_COMMANDS, UNREADABLE, BadCommand, BadFrame
from realtime.protocol.commands import Command, CommandId
from realtime.protocol.replies import Reply

_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode


class _Numbered(Struct):
    """All that is read of a command that cannot be read whole."""

    id: CommandId


_decode_id = msgspec.json.Decoder(_Numbered).decode


_DURABLE = b'{"push":{"channel":%b,"pub":{"data":%b,"offset":%d}}}'


class JsonCodec:
    """Text frames with one or more objects, separated by newlines."""

    ping = b"{}"

    def decode(self, frame: bytes) -> Sequence[Command | BadCommand]:
        """Read a frame; raise BadFrame if it is none."""
        if b"\n" not in frame:
            return (_command(frame),)
        if frame.count(b"\n") > MAX_COMMANDS:
            raise BadFrame("too many commands in one frame")
        return [_command(line) for line in frame.split(b"\n") if line]

    def encode(self, reply: Reply) -> bytes:
        """Write one reply or push."""
        return _encode(reply)

    def push(self, publication: Publication) -> bytes:
        """Write a publication as it is pushed to whoever listens."""
        channel = _encode(publication.channel)
        if not publication.offset:
            return b'{"push":{"channel":%b,"pub":{"data":%b}}}' % (channel, publication.data)
        return _DURABLE % (channel, publication.data, publication.offset)

    def join(self, messages: Sequence[bytes]) -> bytes:
        """Put several encoded replies into one frame."""
        return b"\n".join(messages)


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class AsciiJsonCodec(JsonCodec):
    """JSON with everything beyond ASCII escaped, for readers that may cut a stream anywhere."""

    def encode(self, reply: Reply) -> bytes:
        """Write one reply or push."""
        return to_ascii(_encode(reply))

    def push(self, publication: Publication) -> bytes:
        """Write a publication as it is pushed to whoever listens."""
        return to_ascii(super().push(publication))


def to_ascii(text: bytes) -> bytes:
    """Escape what is not ASCII in a JSON text; it can only stand in strings."""
    if text.isascii():
        return text
    return _BEYOND_ASCII.sub(_escaped, text.decode()).encode("ascii")


def _escaped(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _command(line: bytes) -> Command | BadCommand:
    try:
        return _decode(line)
    except msgspec.ValidationError as error:
        return _unreadable(line, str(error))
    except UNREADABLE as error:
        return _torn(line, str(error))


def _torn(line: bytes, why: str) -> BadCommand:
    """Half of a character (a lone surrogate) is no JSON, but browsers send it where text was cut.

    Such a command is refused by its id, for whoever sent it is an honest client.
    """
    try:
        command = json.loads(line)
        command_id = command["id"]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise BadFrame(why) from None
    if type(command_id) is not int or not 0 < command_id < 2**32:
        raise BadFrame(why)
    return BadCommand(command_id, "contains half of a character, which is no text")


def _unreadable(line: bytes, why: str) -> BadCommand:
    """A command whose fields are wrong is refused by its id; one without an id ends it all."""
    try:
        command_id = _decode_id(line).id
    except UNREADABLE:
        raise BadFrame(why) from None
    return BadCommand(command_id, why)


JSON = JsonCodec()
ASCII_JSON = AsciiJsonCodec()
