"""The head of a mail, written so that no field's content can become a header of its own.

Written by hand: the standard library folds long header fields into encoded words where they are
not allowed, which breaks ``List-Unsubscribe`` (RFC 2047, 5 against RFC 8058), and takes a
millisecond a mail.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

from realtime.delivery.alert import Alert
from realtime.delivery.locales.voice import one_line

Field = tuple[str, str]

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PHRASE = re.compile(rf"{_ATOM}( {_ATOM})*")
_ID_CHARACTER = re.compile(r"[^A-Za-z0-9._~-]")

LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
LINE = 76
# 45 bytes are 60 characters of base64, which with "=?utf-8?b??=" stay below RFC 2047's 75.
_WORD_BYTES = 45


class BadAddress(ValueError):
    """Not an address that mail can be sent to."""


def envelope_address(text: str) -> str:
    """Return an address as it stands in an envelope, its domain in ASCII (IDNA)."""
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        raise BadAddress("the domain is not one") from None
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadAddress("is not a mail address of plain characters")
    address = f"{local}@{ascii_domain}"
    if len(address) > LONGEST_ADDRESS:
        raise BadAddress("is too long for a mail address")
    return address


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's name and address."""

    name: str
    address: str

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """Read ``Name <address>`` or an address alone; raises ``BadAddress``."""
        name, address = parseaddr(text)
        return cls(one_line(name), envelope_address(address))

    @property
    def domain(self) -> str:
        """What comes after the @."""
        return self.address.rpartition("@")[2]

    def written(self) -> str:
        """Return it as a header names it (RFC 5322, 3.4)."""
        name = _phrase(one_line(self.name))
        return f"{name} <{self.address}>" if name else self.address


def _phrase(name: str) -> str:
    if not name.isascii():
        return _encoded_words(name)
    if not name or _PHRASE.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def text_field(text: str) -> str:
    """Return free text as a header carries it, on one or more lines."""
    line = one_line(text)
    return _folded(line) if line.isascii() else _encoded_words(line)


def _encoded_words(text: str) -> str:
    words = (f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _pieces(text))
    return "\r\n ".join(words)


def _pieces(text: str) -> Iterator[bytes]:
    """Cut a text between characters into pieces that each fit one encoded word."""
    piece = b""
    for character in text:
        encoded = character.encode()
        if len(piece) + len(encoded) > _WORD_BYTES:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def _folded(line: str) -> str:
    """Break an ASCII line at spaces, where it is long."""
    lines = [""]
    for word in line.split(" "):
        joined = f"{lines[-1]} {word}".lstrip()
        if len(joined) <= LINE:
            lines[-1] = joined
        else:
            lines.append(word)
    return "\r\n ".join(filter(None, lines))


def message_id(delivery_id: str, domain: str) -> str:
    """Return the Message-ID of a delivery: the same for each of its attempts."""
    return f"<{_ID_CHARACTER.sub('-', delivery_id)}@{domain}>"


def thread_root(thread: str, domain: str) -> str:
    """Return the id of the message that never was, under which a thread's mails are grouped."""
    return message_id(f"thread.{thread}", domain)


def _uri(url: str) -> str:
    return f"<{quote(url, safe=_URI_CHARACTERS)}>"


_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=%-._~"


def head(
    alert: Alert, *, subject: str, sender: Mailbox, recipient: str, now: datetime
) -> list[Field]:
    """Return the fields that stand in every mail of ours, values ready to be written."""
    fields = [
        ("From", sender.written()),
        ("To", recipient),
        ("Subject", text_field(subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", text_field(alert.message_id)),
        ("List-Unsubscribe", _uri(alert.unsubscribe_url)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Feedback-ID", text_field(f"{alert.category}:{alert.template}:orderwire")),
    ]
    if alert.reply_to:
        fields.append(("Reply-To", Mailbox.parse(alert.reply_to).written()))
    if alert.thread:
        root = thread_root(alert.thread, sender.domain)
        fields += [("In-Reply-To", root), ("References", root)]
    return fields


def written(fields: Iterable[Field]) -> bytes:
    """Return the fields as bytes, each line ended."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("ascii")
