"""Files in a directory: whole or not there, and on the disk before anybody is told so."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from domain.errors import Unavailable
from realtime.files.threads import in_thread

# How much is written and read at once.
STRETCH = 512 * 1024
# Not yet whole; what a crash leaves behind under such a name goes with the folder.
UNFINISHED = ".part"

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Directory:
    """A store of files below ``root``, which is made when it is first needed.

    Keys are ours: ids and slashes. Whatever the disk refuses is Unavailable.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, content: AsyncIterator[bytes]) -> int:
        """Store what comes under a new key; return how much it was."""
        path = self._root / key
        unfinished = path.with_name(path.name + UNFINISHED)
        depth = key.count("/")
        descriptor = await _answering(_create, unfinished, depth)
        try:
            try:
                size = await _write_all(descriptor, content)
                await _answering(os.fsync, descriptor)
            finally:
                os.close(descriptor)
            await _answering(_name, unfinished, path, depth)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return size

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from ``start`` up to ``end``."""
        file = await _answering((self._root / key).open, "rb")
        try:
            await _answering(file.seek, start)
            left = end - start
            while left:
                piece = await _answering(file.read, min(STRETCH, left))
                if not piece:
                    raise Unavailable("a file is shorter than it was")
                left -= len(piece)
                yield piece
        finally:
            file.close()

    async def remove(self, folder: str) -> None:
        """Remove everything in a folder; one that is not there is removed already."""
        await _answering(_remove, self._root / folder)

    async def check(self) -> None:
        """Raise Unavailable unless files can be kept here."""
        is_new = not self._root.exists()
        folder = f"check-{secrets.token_hex(8)}"
        try:
            await self.put(f"{folder}/probe", _probe())
        finally:
            await self.remove(folder)
            if is_new:
                await _answering(_remove_empty, self._root)


async def _probe() -> AsyncIterator[bytes]:
    yield b"can this be kept?"


async def _write_all(descriptor: int, content: AsyncIterator[bytes]) -> int:
    size = 0
    gathered = bytearray()
    async for piece in content:
        gathered += piece
        if len(gathered) >= STRETCH:
            size += len(gathered)
            await _answering(_write, descriptor, gathered)
            gathered = bytearray()
    await _answering(_write, descriptor, gathered)
    return size + len(gathered)


def _write(descriptor: int, content: bytearray) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _create(path: Path, depth: int) -> int:
    """Open a new file for writing, for us alone; so are the folders that it needs."""
    *ours, root = path.parents[: depth + 1]
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *reversed(ours)):
        folder.mkdir(mode=0o700, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _name(unfinished: Path, path: Path, depth: int) -> None:
    """Give a whole file its name, for good: folders may be as new as it is."""
    unfinished.rename(path)
    for folder in path.parents[: depth + 1]:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


async def _answering(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something with the disk; what it refuses is Unavailable."""
    try:
        return await in_thread(work, *args, **kwargs)
    except OSError as error:
        log.error("file_not_kept", error=error.strerror or type(error).__name__)
        raise Unavailable("files cannot be kept or read just now; try again") from error
