"""One-click unsubscribe links: a signed token says who wants no more of what (RFC 8058).

A link has no end: a mail may be opened years later, and its wish is honoured.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

from realtime.delivery import base64url

_PURPOSE = b"orderwire unsubscribe v1"
_SIGNATURE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """No more alerts of ``category`` to ``account_id`` on ``channel``."""

    account_id: str
    category: str
    channel: str


class UnsubscribeTokens:
    """Makes tokens with the first secret and takes those of all: secrets are rotated."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("unsubscribe links need a secret")
        # A key of their own: what signs links must not be able to sign anything else.
        self._keys = [hmac.digest(secret, _PURPOSE, hashlib.sha256) for secret in secrets]

    def make(self, wish: Unsubscription) -> str:
        """Return the URL-safe token for a wish."""
        fields = (wish.account_id, wish.category, wish.channel)
        content = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        return f"{base64url.encode(content)}.{base64url.encode(_signature(self._keys[0], content))}"

    def read(self, token: str) -> Unsubscription | None:
        """Return the wish, or None for a token that we did not make."""
        content_text, _, signature_text = token.partition(".")
        try:
            content, signature = base64url.decode(content_text), base64url.decode(signature_text)
        except ValueError:
            return None
        if not any(hmac.compare_digest(_signature(key, content), signature) for key in self._keys):
            return None
        return Unsubscription(*json.loads(content))


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)[:_SIGNATURE_LENGTH]
