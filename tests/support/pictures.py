"""Pictures to upload: good ones, and some that are meant to hurt."""

import io
import struct
import zlib
from typing import Any

from PIL import ExifTags, Image

PNG = b"\x89PNG\r\n\x1a\n"


def a_picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """Draw a picture; ``options`` go to its encoder."""
    file = io.BytesIO()
    Image.new(options.pop("mode", "RGB"), size, options.pop("colour", None)).save(
        file, kind, **options
    )
    return file.getvalue()


def a_photo_on_its_side(size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG as a phone takes it upright: lying, with a note how to turn it and who took it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Secret Cameras Inc"
    return a_picture("JPEG", size, exif=exif, icc_profile=b"a profile", comment=b"a comment")


def a_bomb(width: int = 40_000, height: int = 40_000) -> bytes:
    """A PNG of a few bytes that says it unfolds to gigabytes."""
    return PNG + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes(100_000))),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check
