"""Signs mails in our domain's name (DKIM, RFC 6376), relaxed in head and body.

Our own few lines instead of a library: what there is takes ten times as long, in Python alone.
"""

import asyncio
import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from realtime.clock import Clock
from realtime.delivery.email.mail import Mail

LEAST_BITS = 1_024  # what receivers still take (RFC 8301)
USUAL_BITS = 2_048

# Named once more than they stand there: nobody can add a second one unnoticed.
_SEALED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
_SIGNED = frozenset(
    {
        *_SEALED,
        "auto-submitted",
        "feedback-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
    }
)
_SPACES = re.compile(rb"[ \t]+")
_FOLD = 72
_WANTED = "is an RSA private key in PEM, or the path of a file with one"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key; its public half stands in the DNS."""

    private: RSAPrivateKey

    @classmethod
    def generate(cls) -> "DkimKey":
        """Make a key."""
        return cls(generate_private_key(65_537, USUAL_BITS))

    @classmethod
    def parse(cls, text: str) -> "DkimKey":
        """Read PEM, or the file of this name; raises ``ValueError`` in plain words."""
        try:
            pem = text if text.startswith("-----BEGIN") else Path(text).read_text()
        except (OSError, ValueError) as wrong:
            raise ValueError(f"{_WANTED}: {type(wrong).__name__}") from None
        try:
            key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
        except (ValueError, TypeError):
            raise ValueError(f"{_WANTED}, not encrypted") from None
        if isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_BITS:
            return cls(key)
        raise ValueError(f"{_WANTED}, of {LEAST_BITS} bits or more")

    @property
    def pem(self) -> str:
        """The key as ``parse`` reads it."""
        return self.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode()

    @property
    def record(self) -> str:
        """The TXT record that stands at ``<selector>._domainkey.<domain>``."""
        data = self.private.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={b64encode(data).decode()}"

    def sign(self, data: bytes) -> bytes:
        """Sign with RSA and SHA-256, which every receiver can check."""
        return self.private.sign(data, PKCS1v15(), SHA256())


class DkimSigner:
    """Puts a signature before mails, in a thread: a key takes its time."""

    def __init__(self, *, key: DkimKey, domain: str, selector: str, clock: Clock) -> None:
        self._key = key
        self._domain = domain
        self._selector = selector
        self._clock = clock

    async def signed(self, mail: Mail) -> Mail:
        """Return the mail with a signature."""
        return replace(mail, message=await asyncio.to_thread(self.sign, mail.message))

    def sign(self, message: bytes) -> bytes:
        """Return a message, its lines ended by CRLF, with a signature before it."""
        head, _, body = message.partition(b"\r\n\r\n")
        fields = _fields(head + b"\r\n")
        names = _named([name for name, _ in fields])
        unsigned = self._unsigned(names, body)
        signed = [*_chosen(fields, names), _relaxed(unsigned).removesuffix(b"\r\n")]
        signature = b64encode(self._key.sign(b"".join(signed))).decode()
        folded = (signature[at : at + _FOLD] for at in range(0, len(signature), _FOLD))
        return unsigned + "\r\n ".join(folded).encode() + b"\r\n" + message

    def _unsigned(self, names: Sequence[str], body: bytes) -> bytes:
        digest = b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        tags = (
            "v=1; a=rsa-sha256; c=relaxed/relaxed",
            f"d={self._domain}; s={self._selector}",
            f"t={int(self._clock.now().timestamp())}",
            f"h={':'.join(names)}",
            f"bh={digest}",
            "b=",
        )
        return ("DKIM-Signature: " + ";\r\n ".join(tags)).encode()


def _fields(head: bytes) -> list[tuple[str, bytes]]:
    """Split a head into (name in small letters, field as it is signed)."""
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", head)
    fields = [line for line in unfolded.split(b"\r\n") if line]
    names = (field.partition(b":")[0].strip().lower().decode() for field in fields)
    return [(name, _relaxed(field)) for name, field in zip(names, fields, strict=True)]


def _named(there: Sequence[str]) -> list[str]:
    """List the names that ``h=`` has: each as often as it stands there, some once more."""
    return [*(name for name in there if name in _SIGNED), *_SEALED]


def _chosen(fields: Sequence[tuple[str, bytes]], names: Sequence[str]) -> list[bytes]:
    """Pick the fields that are signed, from the last one up (RFC 6376, 5.4.2)."""
    left: dict[str, list[bytes]] = {}
    for name, field in fields:
        left.setdefault(name, []).append(field)
    return [left[name].pop() for name in names if left.get(name)]


def _relaxed(field: bytes) -> bytes:
    """Write a field as RFC 6376, 3.4.2 wants it signed."""
    name, _, value = field.replace(b"\r\n", b"").partition(b":")
    spaced = _SPACES.sub(b" ", value).strip()
    return name.strip().lower() + b":" + spaced + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """Write a body as RFC 6376, 3.4.4 wants it signed."""
    lines = [_SPACES.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
