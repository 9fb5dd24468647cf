"""Base64url without padding, as web push and tokens write bytes (RFC 7515, 2)."""

from base64 import b64decode, urlsafe_b64encode


def encode(data: bytes) -> str:
    """Write bytes as text."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read text, padded or not; anything else raises ``ValueError``."""
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
