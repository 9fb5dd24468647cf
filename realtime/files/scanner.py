"""ClamAV's clamd looks for viruses: its INSTREAM command over a socket.

https://docs.clamav.net/manual/Usage/Scanning.html: each stretch goes behind its length in four
bytes, an empty one ends the stream, and one line comes back.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import structlog

from domain.errors import Unavailable

FORMS = "is tcp://host:3310 or unix:///run/clamav/clamd.ctl"
PATIENCE = 60.0
CONNECT_PATIENCE = 5.0
MOST_ANSWER = 4096

log = structlog.get_logger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerPlace:
    """Where clamd listens: a ``path``, or a host and its port."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def parse_scanner(text: str) -> ScannerPlace:
    """Read where clamd listens; ValueError says what it should be."""
    url = urlsplit(text)
    if url.scheme == "unix" and not url.netloc and len(url.path) > 1:
        return ScannerPlace(path=unquote(url.path))
    try:
        if url.scheme == "tcp" and url.hostname and url.port and not url.path.strip("/"):
            return ScannerPlace(host=url.hostname, port=url.port)
    except ValueError:  # a port that is none
        pass
    raise ValueError(FORMS)


class Clamd:
    """Asks clamd. Whoever does not answer, or not what was asked, is Unavailable."""

    def __init__(self, place: ScannerPlace, *, patience: float = PATIENCE) -> None:
        self._place = place
        self._patience = patience

    async def scan(self, content: AsyncIterator[bytes]) -> str | None:
        """Return the name of what was found, or None where nothing was."""
        answer = await self._ask(b"zINSTREAM\0", content)
        if answer == "stream: OK":
            return None
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise self._unavailable(answer)

    async def check(self) -> None:
        """Raise Unavailable unless it answers."""
        answer = await self._ask(b"zPING\0", None)
        if answer != "PONG":
            raise self._unavailable(answer)

    async def _ask(self, command: bytes, content: AsyncIterator[bytes] | None) -> str:
        try:
            async with asyncio.timeout(CONNECT_PATIENCE):
                reader, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            raise self._unavailable(type(error).__name__) from error
        try:
            async with asyncio.timeout(self._patience):
                # It may answer, and close, before it has heard everything: "too large".
                with suppress(ConnectionError):
                    await _send(writer, command, content)
                answer = await reader.readuntil(b"\0")
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise self._unavailable(type(error).__name__) from error
        except asyncio.LimitOverrunError as error:
            raise self._unavailable("a long answer") from error
        finally:
            writer.close()
        return answer[:-1].decode(errors="replace").strip()

    async def _connect(self) -> Streams:
        if self._place.path:
            return await asyncio.open_unix_connection(self._place.path, limit=MOST_ANSWER)
        return await asyncio.open_connection(self._place.host, self._place.port, limit=MOST_ANSWER)

    def _unavailable(self, reason: str) -> Unavailable:
        log.error("scanner_does_not_answer", scanner=str(self._place), reason=reason)
        return Unavailable("files cannot be looked through just now; try again")


async def _send(
    writer: asyncio.StreamWriter, command: bytes, content: AsyncIterator[bytes] | None
) -> None:
    writer.write(command)
    if content is not None:
        async for piece in content:
            writer.write(struct.pack(">I", len(piece)) + piece)
            await writer.drain()
        writer.write(struct.pack(">I", 0))
    await writer.drain()
