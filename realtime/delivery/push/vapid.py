"""Who we are to push services: a VAPID key, and a signature kept for each origin (RFC 8292)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from realtime.clock import Clock
from realtime.delivery import base64url
from realtime.delivery.push.kept_by_origin import KeptByOrigin

LIFETIME = timedelta(hours=12)  # RFC 8292 allows 24 h at most
RENEWED_BEFORE_END = timedelta(hours=1)

_MAILTO = re.compile(r"mailto:[^\s@]+@[^\s@]+\.[^\s@.]+")
_HTTPS = re.compile(r"https://[^\s/]+\.[^\s/.]+(/\S*)?")
_SCALAR_LENGTH = 32
_KEY_WANTED = "a VAPID private key is 32 bytes in base64url, or PEM"


@dataclass(frozen=True, slots=True)
class VapidKey:
    """A P-256 key pair; browsers subscribe with the public half."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls) -> "VapidKey":
        """Make a new pair."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def parse(cls, text: str) -> "VapidKey":
        """Read base64url of the 32-byte scalar, or PEM; raises ``ValueError`` in plain words."""
        try:
            if text.lstrip().startswith("-----BEGIN"):
                return cls(_from_pem(text.encode()))
            return cls(_from_scalar(text.strip()))
        except ValueError as wrong:
            raise ValueError(f"{_KEY_WANTED}: {wrong}") from None

    @property
    def private_text(self) -> str:
        """The 32-byte scalar in base64url, as ``parse`` reads it."""
        scalar = self.private.private_numbers().private_value
        return base64url.encode(scalar.to_bytes(_SCALAR_LENGTH))

    @property
    def public_text(self) -> str:
        """The 65-byte uncompressed point in base64url: a browser's ``applicationServerKey``."""
        public = self.private.public_key()
        return base64url.encode(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _from_scalar(text: str) -> ec.EllipticCurvePrivateKey:
    scalar = base64url.decode(text)
    if len(scalar) != _SCALAR_LENGTH:
        raise ValueError(f"this has {len(scalar)} bytes")
    return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())


def _from_pem(text: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:  # the library's word for "it wants a password"
        raise ValueError("it must not be encrypted") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ValueError("it is not one of the curve P-256")


def check_subject(subject: str) -> str:
    """Return ``subject`` if push services can reach us by it; else raise ``ValueError``.

    Apple answers 403 BadJwtToken to every push when it is not a real domain's.
    """
    if _MAILTO.fullmatch(subject) or _HTTPS.fullmatch(subject):
        return subject
    raise ValueError("a VAPID subject is mailto:you@example.com or https://example.com")


class UnknownKey(LookupError):
    """A browser subscribed with a key that we have no more."""


@dataclass(frozen=True, slots=True)
class _Signed:
    header: str
    renew_at: datetime


class VapidSigner:
    """Gives the ``Authorization`` header for an origin; one signature serves it for hours.

    A browser takes pushes by the key that it subscribed with alone: after a rotation ``keys`` are
    the new one and, behind it, those before.
    """

    def __init__(self, *, keys: Sequence[VapidKey], subject: str, clock: Clock) -> None:
        self._keys = {key.public_text: key.private for key in keys}
        self._oldest = keys[-1].public_text
        self._subject = check_subject(subject)
        self._clock = clock
        self._kept = KeptByOrigin[_Signed]()

    def authorization(self, origin: str, made_with: str | None = None) -> str:
        """Return ``vapid t=<JWT>, k=<public key>`` for an origin (RFC 8292, 3).

        ``made_with`` is the public key of the subscription; one from before that was noted has
        the oldest. Raises ``UnknownKey`` for one that is not among the settings any more.
        """
        key = made_with or self._oldest
        if key not in self._keys:
            raise UnknownKey
        now = self._clock.now()
        place = f"{key} {origin}"
        signed = self._kept.get(place)
        if signed is None or now >= signed.renew_at:
            signed = self._sign(origin, key, now)
            self._kept.put(place, signed)
        return signed.header

    def _sign(self, origin: str, key: str, now: datetime) -> _Signed:
        expires = now + LIFETIME
        claims = {"aud": origin, "exp": int(expires.timestamp()), "sub": self._subject}
        token = jwt.encode(claims, self._keys[key], algorithm="ES256")
        return _Signed(
            header=f"vapid t={token}, k={key}",
            renew_at=expires - RENEWED_BEFORE_END,
        )
