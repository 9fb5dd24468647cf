"""A payload that only the browser can read: aes128gcm (RFC 8188, RFC 8291), cut to its limit."""

import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from pywebpush import WebPusher

from realtime.delivery import base64url

# 4,096 bytes of body hold a header of 86, one record's tag of 16 and a delimiter of 1.
MAX_PAYLOAD = 3_993
MINIMAL_PAYLOAD = 512

_POINT_LENGTH = 65
_SECRET_LENGTH = 16
# What may be cut, the most dispensable first; ids, tag and link never are.
_TEXTS = ("body", "title")


@dataclass(frozen=True, slots=True)
class SubscriptionKeys:
    """A browser's public key and secret, in base64url as it gave them."""

    p256dh: str
    auth: str


def check_keys(keys: SubscriptionKeys) -> None:
    """Raise ``ValueError`` unless something can be encrypted for these keys."""
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _point(keys))


def _point(keys: SubscriptionKeys) -> bytes:
    point = base64url.decode(keys.p256dh)
    if len(point) != _POINT_LENGTH:
        raise ValueError("p256dh is an uncompressed P-256 point of 65 bytes")
    if len(base64url.decode(keys.auth)) != _SECRET_LENGTH:
        raise ValueError("auth is a secret of 16 bytes")
    return point


def encrypt(payload: bytes, keys: SubscriptionKeys) -> bytes:
    """Encrypt a payload of at most ``MAX_PAYLOAD`` bytes; bad keys raise ``ValueError``."""
    _point(keys)
    subscription = {"endpoint": "", "keys": {"p256dh": keys.p256dh, "auth": keys.auth}}
    body: bytes = WebPusher(subscription).encode(payload)["body"]
    return body


def fitted(payload: bytes, limit: int = MAX_PAYLOAD) -> bytes:
    """Return the JSON payload, its texts cut between characters until it has ``limit`` bytes."""
    if len(payload) <= limit:
        return payload
    content = json.loads(payload)
    for name in _TEXTS:
        surplus = len(packed(content)) - limit
        if surplus > 0:
            content[name] = _cut(content.get(name, ""), surplus)
    return packed(content)


def packed(content: dict[str, Any]) -> bytes:
    """Write a payload as compact JSON in UTF-8."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


_ELLIPSIS = "…"


def _cut(text: str, surplus: int) -> str:
    """Shorten ``text`` so that its JSON is ``surplus`` bytes shorter, or to nothing."""
    room = _json_length(text) - surplus - len(_ELLIPSIS.encode())
    kept = 0
    for end, character in enumerate(text):
        room -= _json_length(character)
        if room < 0:
            break
        kept = end + 1
    return text[:kept] + _ELLIPSIS if kept else ""


def _json_length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - len('""')
