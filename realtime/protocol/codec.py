"""What a codec does: commands in, replies out, in one of the two encodings of the protocol."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.publications import Publication
from realtime.protocol.commands import Command
from realtime.protocol.replies import Reply

# More in one frame is no honest client: an SDK sends a connect and all its subscribes at once.
MAX_COMMANDS = 4_096
# What reading a JSON text raises when it is none, or none of its kind, or nested too deeply.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class BadFrame(Exception):
    """What came is no frame of this protocol."""


class BadCommand(Exception):
    """A command whose id can be read, but not the rest of it."""

    def __init__(self, command_id: int, message: str) -> None:
        super().__init__(message)
        self.command_id = command_id
        self.message = message


class Codec(Protocol):
    """One encoding."""

    ping: bytes

    def decode(self, frame: bytes) -> Sequence[Command | BadCommand]:
        """Read a frame; raise BadFrame if it is none."""
        ...

    def encode(self, reply: Reply) -> bytes:
        """Write one reply or push."""
        ...

    def push(self, publication: Publication) -> bytes:
        """Write what ``encode`` makes of a ``publication_push``, in a fraction of the time."""
        ...

    def join(self, messages: Sequence[bytes]) -> bytes:
        """Put several encoded replies into one frame."""
        ...
