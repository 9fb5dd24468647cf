"""Names of files as people gave them, made safe to show, to write into headers and to save."""

import re
import unicodedata

from domain.attachments import MAX_ATTACHMENT_NAME

NAMELESS = "file"
MAX_EXTENSION = 16
# What steers how text is shown, is nowhere to be seen, or is no character at all.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Path separators were dealt with; these mean something to shells or to Windows.
_RISKY = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)")


def clean_name(text: str) -> str:
    """Return the last part of a path with nothing in it that deceives or is refused elsewhere."""
    last = re.split(r"[/\\]", text)[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    line = " ".join(_RISKY.sub("_", unicodedata.normalize("NFC", seen)).split())
    name = line.lstrip(". ").rstrip(". ")
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shortened(name) or NAMELESS


def extension_of(name: str) -> str:
    """Return what follows the last dot, in small letters; empty without one."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def _shortened(name: str) -> str:
    """Cut a long name in its middle: the extension stays."""
    if len(name) <= MAX_ATTACHMENT_NAME:
        return name
    extension = name.rpartition(".")[2]
    if len(extension) > MAX_EXTENSION or "." not in name:
        return name[:MAX_ATTACHMENT_NAME].rstrip(". ")
    return f"{name[: MAX_ATTACHMENT_NAME - len(extension) - 1].rstrip('. ')}.{extension}"
