"""The other end of web push: what a push service checks and a browser decrypts.

Strict on purpose: whatever this end takes, the real ones take (RFC 8291, RFC 8292).
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from realtime.delivery import base64url

LONGEST_LIFE = timedelta(hours=24)
MOST_BODY = 4_096

_AUTHORIZATION = re.compile(r"vapid t=([\w.-]+), ?k=([\w-]+)")


class PushRefused(Exception):
    """What a push service would refuse; ``status`` is what it would answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """A browser's half of a subscription."""

    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def p256dh(self) -> str:
        """The public key, as a browser gives it to its page."""
        point = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return base64url.encode(point)

    @property
    def auth(self) -> str:
        """The shared secret, as a browser gives it to its page."""
        return base64url.encode(self.secret)

    def decrypt(self, body: bytes) -> bytes:
        """Open an aes128gcm body (RFC 8291); one that was not made for these keys is refused."""
        if not body or len(body) > MOST_BODY:
            raise PushRefused(413, f"a body of {len(body)} bytes")
        try:
            content: bytes = http_ece.decrypt(
                body, private_key=self.private, auth_secret=self.secret, version="aes128gcm"
            )
        except (http_ece.ECEException, ValueError) as error:
            raise PushRefused(400, "the body cannot be decrypted") from error
        return content


def check_headers(headers: dict[str, str]) -> None:
    """Refuse a push whose headers (names in lower case) a push service would refuse."""
    if headers.get("content-encoding") != "aes128gcm":
        raise PushRefused(400, "not aes128gcm")
    if not headers.get("ttl", "").isdigit() or int(headers["ttl"]) < 1:
        raise PushRefused(400, "no TTL, or none that lets it wait")
    if headers.get("urgency", "normal") not in ("very-low", "low", "normal", "high"):
        raise PushRefused(400, "no such urgency")
    if not re.fullmatch(r"[\w-]{1,32}", headers.get("topic", "none"), re.ASCII):
        raise PushRefused(400, "a topic has at most 32 URL-safe characters")


def check_vapid(
    authorization: str, *, origin: str, public_key: str | None, now: datetime
) -> dict[str, Any]:
    """Return the claims of an ``Authorization`` header that is in order (RFC 8292, 4).

    ``public_key`` is what the browser subscribed with, None if any key will do.
    """
    parts = _AUTHORIZATION.fullmatch(authorization)
    if parts is None:
        raise PushRefused(401, "not a vapid header")
    token, key_text = parts.groups()
    if public_key is not None and key_text != public_key:
        raise PushRefused(403, "VapidPkHashMismatch")
    claims = _verified(token, key_text, origin)
    expires = datetime.fromtimestamp(claims["exp"], now.tzinfo)
    if not now < expires <= now + LONGEST_LIFE:
        raise PushRefused(403, "exp is past, or more than 24 h away")
    if not claims["sub"].startswith(("mailto:", "https:")):
        raise PushRefused(403, "sub is neither mailto: nor https:")
    return claims


def _verified(token: str, key_text: str, origin: str) -> dict[str, Any]:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), base64url.decode(key_text)
        )
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            audience=origin,
            # The time is checked against the clock that was handed in.
            options={"require": ["aud", "exp", "sub"], "verify_exp": False},
        )
    except (ValueError, jwt.InvalidTokenError) as error:
        raise PushRefused(403, f"BadJwtToken: {error}") from error
    return claims
