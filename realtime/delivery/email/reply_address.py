"""Addresses that mails are answered to: signed, so that nobody can write where they were not told.

A local part has at most 64 characters, and not every mail program keeps their case; so the address
names the delivery that it was given out with, and the queue knows the rest.
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Sequence
from uuid import UUID

_PURPOSE = b"orderwire reply address v1"
_ID_LENGTH = 16
_SIGNATURE_LENGTH = 10
_PREFIX = "reply+"
_BOUNCES = "bounces"


class ReplyAddresses:
    """Makes addresses with the first secret and reads those of all: secrets are rotated."""

    def __init__(self, secrets: Sequence[bytes], *, domain: str) -> None:
        if not secrets:
            raise ValueError("reply addresses need a secret")
        self._keys = [hmac.digest(secret, _PURPOSE, hashlib.sha256) for secret in secrets]
        self.domain = domain.lower()

    @property
    def bounces(self) -> str:
        """Where it is told that a mail could not be delivered."""
        return f"{_BOUNCES}@{self.domain}"

    def make(self, delivery_id: str) -> str | None:
        """Return the address by which a delivery is answered."""
        try:
            content = UUID(delivery_id).bytes
        except ValueError:
            return None  # an id from elsewhere: its mails are answered in the app
        token = b32encode(content + _signature(self._keys[0], content)).decode().rstrip("=")
        return f"{_PREFIX}{token.lower()}@{self.domain}"

    def is_for_bounces(self, address: str) -> bool:
        """Tell whether mail to an address is about mail of ours."""
        return address.lower() == self.bounces

    def read(self, address: str) -> str | None:
        """Return the delivery that an address answers; None for one that we did not make."""
        local, _, domain = address.lower().rpartition("@")
        if domain != self.domain or not local.startswith(_PREFIX):
            return None
        token = local.removeprefix(_PREFIX).upper()
        try:
            data = b32decode(token + "=" * (-len(token) % 8))
        except (NotBase32, ValueError):
            return None
        content, signature = data[:_ID_LENGTH], data[_ID_LENGTH:]
        if not any(hmac.compare_digest(_signature(key, content), signature) for key in self._keys):
            return None
        return str(UUID(bytes=content))


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)[:_SIGNATURE_LENGTH]
