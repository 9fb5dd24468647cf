"""Files in a bucket of S3, or of what speaks like it.

obstore is called in threads: its asyncio calls can abort a process that ends soon after one.
"""

import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import IO, Any, ParamSpec, TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from domain.errors import Unavailable
from realtime.files.place import BucketPlace
from realtime.files.threads import in_thread

# How much is read at once, and sent as one part; S3 takes no smaller parts.
STRETCH = 512 * 1024
PART = 5 * 1024 * 1024
PARTS_AT_ONCE = 2

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Bucket:
    """A store of files under keys of ours. Whatever it refuses is Unavailable."""

    def __init__(self, place: BucketPlace) -> None:
        options = dict(place.options)
        virtual_hosted = options.pop("virtual_hosted", "false").lower() in ("true", "1", "yes")
        config: Any = {**options, "virtual_hosted_style_request": virtual_hosted}
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options={
                "allow_http": options.get("endpoint", "").startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    async def put(self, key: str, content: AsyncIterator[bytes]) -> int:
        """Store what comes under a new key; return how much it was.

        It comes as slowly as its sender likes, and is kept on the disk until it is whole.
        """
        size = 0
        with await _answering(tempfile.TemporaryFile) as file:
            async for piece in content:
                size += await _answering(file.write, piece)
            await _answering(self._send, key, file)
        return size

    def _send(self, key: str, file: IO[bytes]) -> None:
        file.seek(0)
        obstore.put(self._store, key, file, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from ``start`` up to ``end``."""
        if start == end:
            return
        wanted: Any = {"range": (start, end)}
        found = await _answering(obstore.get, self._store, key, options=wanted)
        stream = iter(found.stream(min_chunk_size=STRETCH))
        left = end - start
        while left:
            piece = await _answering(next, stream, b"")
            if not piece:
                raise Unavailable("a file is shorter than it was")
            left -= len(piece)
            yield bytes(piece)

    async def remove(self, folder: str) -> None:
        """Remove everything in a folder; one that is not there is removed already."""
        await _answering(self._remove, folder)

    def _remove(self, folder: str) -> None:
        for found in obstore.list(self._store, prefix=folder):
            with suppress(FileNotFoundError):
                obstore.delete(self._store, [each["path"] for each in found])

    async def check(self) -> None:
        """Raise Unavailable unless files can be kept here."""
        folder = f"check-{secrets.token_hex(8)}"
        await _answering(obstore.put, self._store, f"{folder}/probe", b"can this be kept?")
        await self.remove(folder)


async def _answering(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something with the bucket; what it refuses is Unavailable."""
    try:
        return await in_thread(work, *args, **kwargs)
    except (BaseError, OSError) as error:
        # Its first line says what happened; addresses with secrets are never in it.
        reason = str(error).partition("\n")[0]
        log.error("file_not_kept", error=reason)
        raise Unavailable("files cannot be kept or read just now; try again") from error
