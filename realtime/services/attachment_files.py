"""What attachments need of whoever keeps files, looks for viruses and draws small pictures."""

from collections.abc import AsyncIterator
from typing import Protocol

from storage.rows import Record


class FileStore(Protocol):
    """Keeps files under keys of ours; whatever it cannot do just now is Unavailable."""

    async def put(self, key: str, content: AsyncIterator[bytes]) -> int:
        """Store what comes under a new key, whole or not at all; return how much it was."""
        ...

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from ``start`` up to ``end``."""
        ...

    async def remove(self, folder: str) -> None:
        """Remove everything in a folder, or find that there is nothing."""
        ...


class Scanner(Protocol):
    """Looks for viruses."""

    async def scan(self, content: AsyncIterator[bytes]) -> str | None:
        """Return the name of what was found, or None."""
        ...


class Drawn(Protocol):
    """A picture's size, and a smaller one of it."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def preview(self) -> bytes: ...
    @property
    def preview_width(self) -> int: ...
    @property
    def preview_height(self) -> int: ...


class Painter(Protocol):
    """Draws small pictures."""

    async def draw(self, content: bytes, media_type: str) -> Drawn | None:
        """Draw one; None for what is no picture, TooLarge for what unfolds to too much."""
        ...


class NoScanner:
    """Finds nothing: where no scanner is set up, people are told by the documentation."""

    async def scan(self, content: AsyncIterator[bytes]) -> str | None:
        """Find nothing."""
        return None


def folder_of(attachment_id: str) -> str:
    """Return where the files of an attachment lie: the ends of ids are spread evenly."""
    return f"{attachment_id[-2:]}/{attachment_id}"


async def content_of(
    files: FileStore, attachment: Record, start: int, end: int
) -> AsyncIterator[bytes]:
    """Give the bytes of an attachment from ``start`` up to ``end``, piece after piece."""
    begins = 0
    for key, size in attachment.pieces:
        ends = begins + size
        if begins < end and start < ends:
            async for stretch in files.read(key, max(start - begins, 0), min(end - begins, size)):
                yield stretch
        begins = ends


async def once(content: bytes) -> AsyncIterator[bytes]:
    """Give content that is there already."""
    yield content
