"""What kind of file some content is: told from its first bytes, never from what somebody says.

Only kinds that we treat differently, or that people send every day, have a name here; all others
are plain bytes. An extension only chooses between kinds that share their first bytes.
"""

import codecs
import re
from collections.abc import Mapping

from domain.attachments import PLAIN
from domain.file_names import extension_of

# How much of a file ``sniff`` wants to see.
HEAD = 4096

_ZIP, _TEXT, _OLE = "application/zip", "text/plain", "application/x-ole-storage"

# (offset, bytes) -> kind; the first that fits.
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (257, b"ustar", "application/x-tar"),
)
_RIFF = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/wav",
    b"AVI ": "video/x-msvideo",
}
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
# Kinds that are another kind inside: there the extension may say which one.
_INSIDE: Mapping[str, Mapping[str, str]] = {
    _ZIP: {
        "docx": f"{_OOXML}.wordprocessingml.document",
        "xlsx": f"{_OOXML}.spreadsheetml.sheet",
        "pptx": f"{_OOXML}.presentationml.presentation",
        "odt": f"{_ODF}.text",
        "ods": f"{_ODF}.spreadsheet",
        "odp": f"{_ODF}.presentation",
        "epub": "application/epub+zip",
    },
    _OLE: {
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
    },
    _TEXT: {
        "csv": "text/csv",
        "json": "application/json",
        "md": "text/markdown",
        "js": "text/javascript",
        "mjs": "text/javascript",
        "htm": "text/html",
        "html": "text/html",
        "svg": "image/svg+xml",
        "xml": "application/xml",
    },
    "audio/ogg": {"ogv": "video/ogg"},
}
_MARKUP = re.compile(
    rb"<(!doctype\s+html|html|head|body|script|iframe|style|title|table|div|font|img|br|p|a|h1|!--)"
    rb"(?![a-z0-9-])"
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def sniff(head: bytes, name: str) -> str:
    """Return the media type of what begins with ``head`` and is called ``name``."""
    kind = _by_signature(head) or _by_container(head) or _by_text(head)
    return _INSIDE.get(kind, {}).get(extension_of(name), kind)


def _by_signature(head: bytes) -> str | None:
    fitting = (kind for at, sign, kind in _SIGNATURES if head[at : at + len(sign)] == sign)
    return next(fitting, None)


def _by_container(head: bytes) -> str | None:
    """Look for formats that name what is in them behind their own first bytes."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return None


def _by_text(head: bytes) -> str:
    if not _is_utf8(head) or _CONTROLS.search(head):
        return PLAIN
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if b"<svg" in text and text.startswith((b"<?xml", b"<svg", b"<!doctype svg", b"<!--")):
        return "image/svg+xml"
    if text.startswith(b"<?xml"):
        return "application/xml"
    return "text/html" if _MARKUP.match(text) else _TEXT


def _is_utf8(head: bytes) -> bool:
    """Tell whether this is text; where there is more of it, its last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError:
        return False
    return True
