"""A push service and a mail server that take everything, and note when its first byte came.

``python sinks.py PUSH_PORT MAIL_PORT LOG [--after SECONDS]``; a line of the log is ``push`` or
``mail``, the machine's monotonic clock in ns, and for whom it is: the end of the endpoint, or of
the address the part before the @. ``--after`` holds every answer back for so long.
"""

import argparse
import asyncio
import re
import time
from collections.abc import Callable
from functools import partial
from typing import ClassVar, TextIO, cast

import uvloop

LOOPBACK = "127.0.0.1"
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
_HEAD_ENDS = b"\r\n\r\n"
_ENDPOINT = re.compile(rb"POST \S*/(\S+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_RECIPIENT = re.compile(rb"RCPT TO:<([^@>]+)@", re.IGNORECASE)
_BODY_ENDS = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection; what came of a request that is not whole yet waits in ``held``."""

    kind: ClassVar[str]
    transport: asyncio.Transport

    def __init__(self, log: TextIO, after: float) -> None:
        self.log = log
        self.after = after
        self.held = b""
        self.began = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no child of it

    def note(self, key: bytes) -> None:
        """Write down what began to come at ``began``."""
        self.log.write(f"{self.kind} {self.began} {key.decode()}\n")
        self.log.flush()

    def accept(self, answer: bytes) -> None:
        """Answer what was taken, at its time."""
        if self.after:
            asyncio.get_running_loop().call_later(self.after, self.say, answer)
        else:
            self.say(answer)

    def say(self, answer: bytes) -> None:
        """Answer, if somebody still listens."""
        if not self.transport.is_closing():
            self.transport.write(answer)


class PushSink(Sink):
    """HTTP/1.1 as far as a push needs it."""

    kind = "push"

    def data_received(self, data: bytes) -> None:
        if not self.held:
            self.began = time.monotonic_ns()
        self.held += data
        head, ends, body = self.held.partition(_HEAD_ENDS)
        if not ends:
            return
        asked, length = _ENDPOINT.match(head + b"\r\n"), _LENGTH.search(head + b"\r\n")
        if asked is None or length is None:
            self.say(REFUSED)
            self.transport.close()
        elif len(body) >= int(length[1]):
            self.held = b""
            self.note(asked[1])
            self.accept(CREATED)


class MailSink(Sink):
    """SMTP as far as a mail needs it: a command a line, and a body behind DATA."""

    kind = "mail"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.recipient = b""
        self.reads_body = False
        self.say(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        if self.reads_body:
            # It may come in many pieces: only its end is looked for.
            if self.held.endswith(_BODY_ENDS):
                self.held, self.reads_body = b"", False
                self.note(self.recipient)
                self.accept(b"250 2.0.0 taken\r\n")
            return
        while b"\r\n" in self.held:
            line, _, self.held = self.held.partition(b"\r\n")
            self.command(line)

    def command(self, line: bytes) -> None:
        """Do as one line says."""
        verb = line[:4].upper()
        if verb == b"MAIL":
            self.began = time.monotonic_ns()
        elif verb == b"RCPT":
            named = _RECIPIENT.match(line)
            self.recipient = named[1] if named else b"?"
        elif verb == b"DATA":
            self.reads_body = True
            self.say(b"354 go on\r\n")
            return
        elif verb == b"QUIT":
            self.say(b"221 bye\r\n")
            self.transport.close()
            return
        self.say(b"250 ok\r\n")


async def take(push_port: int, mail_port: int, log: TextIO, after: float) -> None:
    """Listen until killed."""
    loop = asyncio.get_running_loop()
    made: tuple[tuple[Callable[[], Sink], int], ...] = (
        (partial(PushSink, log, after), push_port),
        # Whoever starts this waits for the last port.
        (partial(MailSink, log, after), mail_port),
    )
    for protocol, port in made:
        await loop.create_server(protocol, LOOPBACK, port, backlog=1024)
    await loop.create_future()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("push_port", type=int)
    parser.add_argument("mail_port", type=int)
    parser.add_argument("log")
    parser.add_argument("--after", type=float, default=0.0)
    asked = parser.parse_args()
    with open(asked.log, "w") as log, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(take(asked.push_port, asked.mail_port, log, asked.after))


if __name__ == "__main__":
    main()
