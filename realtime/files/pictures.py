"""Small pictures of pictures, drawn in a process of their own that has little and is not old."""

import asyncio
import sys
from dataclasses import dataclass

import msgspec
import structlog

from domain.attachments import MAX_PIXELS
from domain.errors import TooLarge

AT_ONCE = 2
PATIENCE = 20.0
_COMMAND = (sys.executable, "-P", "-m", "realtime.files.picture_process")

log = structlog.get_logger(__name__)


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says of a picture; the drawn one follows."""

    pixels: int
    width: int = 0
    height: int = 0
    preview_width: int = 0
    preview_height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture's size as people see it, and a smaller one of it: WebP, with nothing else in it."""

    width: int
    height: int
    preview: bytes
    preview_width: int
    preview_height: int


class Painter:
    """Draws few at once; a picture that breaks its process breaks nothing else."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def draw(self, content: bytes, media_type: str) -> Picture | None:
        """Draw a smaller picture; None for what is no picture. TooLarge for a flood of pixels."""
        async with self._turns:
            output = await self._run(content, media_type)
        told, _, preview = output.partition(b"\n")
        if not told:
            return None
        drawn = msgspec.json.decode(told, type=Drawn)
        if drawn.pixels > MAX_PIXELS:
            most = MAX_PIXELS // 1_000_000
            raise TooLarge(f"a picture has at most {most} megapixels", path="file")
        return Picture(
            width=drawn.width,
            height=drawn.height,
            preview=preview,
            preview_width=drawn.preview_width,
            preview_height=drawn.preview_height,
        )

    async def _run(self, content: bytes, media_type: str) -> bytes:
        """Return what the process writes; nothing where it fails or takes too long."""
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            media_type,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._patience):
                output, _ = await process.communicate(content)
        except TimeoutError:
            log.warning("picture_not_drawn", reason="it took too long")
            return b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            log.info("picture_not_drawn", reason=f"exit code {process.returncode}")
            return b""
        return output
