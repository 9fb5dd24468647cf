"""Who is calling: JSON Web Tokens for accounts and operators, service keys for the backend."""

import asyncio
import hashlib
import hmac
import math
from collections.abc import Awaitable, Callable, Container, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt
import msgspec
import structlog

from domain.errors import AccountErased, TokenExpired, TokenInvalid, Unauthorized, Unavailable
from domain.identity import Identity, Role, is_id
from realtime.clock import Clock

LEEWAY = 60
MAX_REMEMBERED = 50_000
# How old the key set may be before it is read again: for a key that is not in it, and for any.
EAGER, LAZY = timedelta(seconds=10), timedelta(minutes=5)
log = structlog.get_logger(__name__)


class KeySource(Protocol):
    """Where the key for a token's signature comes from."""

    algorithms: tuple[str, ...]

    async def key(self, kid: str | None) -> Any:
        """Return the key; TokenExpired for an unknown ``kid``, Unavailable when out of reach."""
        ...


class SharedSecret:
    """HS256 with one secret."""

    algorithms: tuple[str, ...] = ("HS256",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key(self, _kid: str | None) -> str:
        """Return the secret."""
        return self._secret


class KeySet:
    """RS256, ES256 or EdDSA with the keys of a JWK set (RFC 7517), read again when one is missing.

    ``load`` reads the set's JSON, from a file or an address; it raises OSError when it cannot. An
    unknown key has it read at most once in ``EAGER``, for anybody can make one up.
    """

    algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")

    def __init__(self, load: Callable[[], Awaitable[bytes]], *, clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._keys: dict[str | None, Any] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def key(self, kid: str | None) -> Any:
        """Return the key named ``kid``."""
        if self._is_older_than(EAGER if kid not in self._keys else LAZY):
            async with self._reading:
                # Whoever waited here finds it done.
                if self._is_older_than(EAGER):
                    await self._read()
        try:
            return self._keys[kid]
        except KeyError:
            raise TokenExpired("the token is signed with a key that is not known yet") from None

    def _is_older_than(self, age: timedelta) -> bool:
        return self._read_at is None or self._clock.now() - self._read_at >= age

    async def _read(self) -> None:
        """Replace what is kept; while the set cannot be read, what is kept goes on working."""
        try:
            document = msgspec.json.decode(await self._load(), type=dict[str, Any])
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (OSError, msgspec.DecodeError, jwt.PyJWTError) as error:
            if not self._keys:
                raise Unavailable("the key set cannot be read") from error
            log.warning("key_set_not_read", error=type(error).__name__)
        else:
            self._keys = {key.key_id: key for key in keys}
        self._read_at = self._clock.now()


class TokenVerifier:
    """Verifies tokens and remembers them by hash until they expire, for storms repeat them.

    ``erased`` are the accounts for which none is good any more.
    """

    def __init__(
        self, *, keys: KeySource, clock: Clock, erased: Container[str] = frozenset()
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._erased = erased
        self._remembered: dict[bytes, Identity] = {}

    async def verify(self, token: str, *, leeway: float = LEEWAY) -> Identity:
        """Return who the token speaks for; it may have expired ``leeway`` seconds ago.

        Raises TokenExpired where a fresh token would do, AccountErased where nobody is left to get
        one, TokenInvalid where none of its kind ever will, Unavailable when the key set cannot be
        read.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        identity = self._remembered.get(digest)
        if identity is None:
            identity = self._identity(await self._claims(token))
            self._remember(digest, identity)
        if self._clock.now().timestamp() > identity.expires_at + leeway:
            raise TokenExpired("the token has expired")
        self.check_living(identity)
        return identity

    def check_living(self, identity: Identity) -> None:
        """Raise AccountErased if whom a token speaks for was erased, maybe meanwhile."""
        if identity.account_id in self._erased:
            raise AccountErased("the account was erased")

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            # Looked at before the key is: no other algorithm than the configured ones is tried.
            if header.get("alg") not in self._keys.algorithms:
                raise TokenInvalid("the token is signed with an algorithm that is not accepted")
            return jwt.decode(
                token,
                await self._keys.key(header.get("kid")),
                algorithms=list(self._keys.algorithms),
                # Times are checked against the injected clock, below.
                options={
                    "require": ["exp", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, UnicodeError) as error:
            raise TokenInvalid("the token is not valid") from error

    def _identity(self, claims: dict[str, Any]) -> Identity:
        now = self._clock.now().timestamp()
        starts = [claims.get("nbf", 0), claims.get("iat", 0)]
        if not all(_is_time(value) for value in (claims["exp"], *starts)):
            raise TokenInvalid("exp, nbf and iat are numbers")
        if any(start > now + LEEWAY for start in starts):
            raise TokenExpired("the token is not valid yet")
        if not is_id(claims["sub"]):
            raise TokenInvalid("sub is not an account id")
        role = Role.OPERATOR if claims.get("role") == Role.OPERATOR else Role.ACCOUNT
        return Identity(claims["sub"], role, float(claims["exp"]))

    def _remember(self, digest: bytes, identity: Identity) -> None:
        if len(self._remembered) >= MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = identity


def claimed_subject(token: str) -> str:
    """Return whom a token claims to speak for, unproven; empty when it claims nothing."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("sub", ""))


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


class ServiceKeys:
    """The marketplace's own keys; several, so that one can be replaced while another works."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def identify(self, key: str) -> Identity:
        """Return the marketplace's identity; compared in constant time."""
        presented = key.encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(presented, known) for known in self._keys]
        if not any(matches):
            raise Unauthorized("the service key is not known")
        return Identity("marketplace", Role.MARKETPLACE)
