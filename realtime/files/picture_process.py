"""``python -m realtime.files.picture_process TYPE``: a picture in, its size and a small one out.

Decoders are large and written in C, and what they read was written by anybody: so this process can
open nothing, start nothing, and has no more memory and time than the largest picture needs.
"""

import io
import json
import resource
import sys
from contextlib import suppress

from PIL import ExifTags, Image, ImageOps

from domain.attachments import MAX_PIXELS

# The longer side of the small picture.
LONGEST = 800
QUALITY = 80
DECODERS = {
    "image/gif": "GIF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
}
LIMITS = (
    (resource.RLIMIT_AS, 1024 * 1024 * 1024),
    (resource.RLIMIT_CPU, 15),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NPROC, 0),
    # The three that are open.
    (resource.RLIMIT_NOFILE, 3),
)
# Of these orientations, width and height are the other way round.
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})


def main(media_type: str) -> None:
    """Read a picture from standard input, and write a line of JSON and the small picture."""
    rehearse(media_type)
    content = sys.stdin.buffer.read()
    restrict()
    told, preview = draw(content, media_type)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + preview)
    sys.stdout.buffer.flush()


def rehearse(media_type: str) -> None:
    """Draw a picture of our own: what is imported on the way cannot be opened any more later."""
    sample = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (2, 1)).save(sample, DECODERS[media_type], exif=exif)
    draw(sample.getvalue(), media_type)


def restrict() -> None:
    """Take from this process what it does not need."""
    for limit, most in LIMITS:
        # A service manager may have forbidden it, or allowed less already.
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))


def draw(content: bytes, media_type: str) -> tuple[dict[str, int], bytes]:
    """Return the size of a picture, upright, and a smaller one; none of one that is too large."""
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, and looked at before anything unfolds
    with Image.open(io.BytesIO(content), formats=[DECODERS[media_type]]) as picture:
        width, height = picture.size
        told = {"pixels": width * height}
        if width * height > MAX_PIXELS:
            return told, b""
        # A JPEG is unfolded to a fraction of its size at once.
        picture.draft("RGB", (2 * LONGEST, 2 * LONGEST))
        small = _in_plain_colours(picture)
    if small.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE:
        width, height = height, width
    small.thumbnail((LONGEST, LONGEST))
    upright = ImageOps.exif_transpose(small)
    # Where it was taken, by what, and in whose profile: none of it goes along.
    upright.info = {}
    file = io.BytesIO()
    upright.save(file, "WEBP", quality=QUALITY)
    told |= {"width": width, "height": height}
    return told | {
        "preview_width": upright.width,
        "preview_height": upright.height,
    }, file.getvalue()


def _in_plain_colours(picture: Image.Image) -> Image.Image:
    """Decode the first frame, with transparency where there is any."""
    picture.load()
    if picture.mode.startswith("I"):  # grey, in 16 bits
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


if __name__ == "__main__":
    main(sys.argv[1])
