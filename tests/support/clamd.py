"""A server that speaks as ClamAV's clamd does, and finds one virus: the test file of EICAR."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# https://www.eicar.org: harmless, and found by every scanner; in parts, for this file is not meant.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ClamdServer:
    """Answers INSTREAM and PING; ``scanned`` are the streams that came whole."""

    def __init__(self, *, most_bytes: int = 1_000_000, answer: bytes | None = None) -> None:
        self.scanned: list[bytes] = []
        self.port = 0
        self._most_bytes = most_bytes
        self._answer = answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ClamdServer"]:
        """Listen on a free port until the block ends."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one command."""
        command = await reader.readuntil(b"\0")
        writer.write(self._answer or await self._answered(command, reader))
        await writer.drain()
        writer.close()

    async def _answered(self, command: bytes, reader: asyncio.StreamReader) -> bytes:
        if command == b"zPING\0":
            return b"PONG\0"
        if command != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND\0"
        content = b""
        while length := struct.unpack(">I", await reader.readexactly(4))[0]:
            content += await reader.readexactly(length)
            if len(content) > self._most_bytes:
                return b"INSTREAM size limit exceeded. ERROR\0"
        self.scanned.append(content)
        return b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
