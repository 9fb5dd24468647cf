"""The tus protocol, 1.0: what its headers say, and what we say in ours (https://tus.io)."""

import base64
import binascii
import re
from datetime import datetime
from email.utils import format_datetime

from starlette.datastructures import Headers

from domain.errors import Invalid, OrderwireError

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,termination"
CONTENT = "application/offset+octet-stream"
ASKED_HEADERS = ("Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset")
TOLD_HEADERS = (
    "Location",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Offset",
)


def is_spoken(headers: Headers) -> bool:
    """Tell whether a request speaks tus."""
    return "tus-resumable" in headers


def check_version(headers: Headers) -> None:
    """Refuse, with 412, a version that is not ours, or none."""
    if headers.get("tus-resumable") != VERSION:
        told = f"speak tus {VERSION}: send Tus-Resumable"
        raise OrderwireError(told, code="precondition_failed")


def check_content(headers: Headers) -> None:
    """Refuse, with 415, a piece that does not say that it is one."""
    if headers.get("content-type") != CONTENT:
        raise OrderwireError(f"a piece is {CONTENT}", code="unsupported_media_type")


def number(headers: Headers, name: str) -> int:
    """Read a header that is a number of bytes."""
    text = headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Invalid.field(name, "is a number of bytes")
    return int(text)


def file_name(headers: Headers) -> str:
    """Read the ``filename`` of ``Upload-Metadata``: pairs of a key and its value in base64."""
    for pair in headers.get("upload-metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError, ValueError):
                raise Invalid.field("Upload-Metadata", "has a filename in base64") from None
    raise Invalid.field("Upload-Metadata", "has a filename, in base64")


def abilities(most_bytes: int) -> dict[str, str]:
    """Say what we can do."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(most_bytes),
    }


def progress(received: int, size: int | None, expires_at: datetime | None) -> dict[str, str]:
    """Say how far an upload is."""
    told = {"Tus-Resumable": VERSION, "Upload-Offset": str(received), "Cache-Control": "no-store"}
    if size is not None:
        told["Upload-Length"] = str(size)
    if expires_at is not None:
        told["Upload-Expires"] = format_datetime(expires_at, usegmt=True)
    return told
