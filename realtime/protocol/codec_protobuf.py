"""The Protobuf encoding: messages one after the other, each with its length before it."""

from collections.abc import Sequence

from domain.publications import Publication
from realtime.protocol.codec import MAX_COMMANDS, BadCommand, BadFrame
from realtime.protocol.commands import PONG, Command
from realtime.protocol.protobuf_commands import read_command
from realtime.protocol.protobuf_replies import write_push, write_reply
from realtime.protocol.protobuf_wire import read_payload, with_length
from realtime.protocol.replies import Reply


class ProtobufCodec:
    """Binary frames; what cannot be read ends the connection, for there is no id to refuse."""

    ping = with_length(b"")

    def decode(self, frame: bytes) -> Sequence[Command | BadCommand]:
        """Read a frame; raise BadFrame if it is none."""
        if not frame:
            raise BadFrame("an empty frame")
        commands: list[Command] = []
        place = 0
        while place < len(frame):
            if len(commands) == MAX_COMMANDS:
                raise BadFrame("too many commands in one frame")
            message, place = read_payload(frame, place)
            commands.append(read_command(message) if message else PONG)
        return commands

    def encode(self, reply: Reply) -> bytes:
        """Write one reply or push."""
        return with_length(write_reply(reply))

    def push(self, publication: Publication) -> bytes:
        """Write a publication as it is pushed to whoever listens."""
        return with_length(write_push(publication))

    def join(self, messages: Sequence[bytes]) -> bytes:
        """Put several encoded replies into one frame."""
        return b"".join(messages)


PROTOBUF = ProtobufCodec()
