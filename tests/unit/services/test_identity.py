"""Tokens and keys: what is accepted, what a fresh one would cure, and what never will be."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from domain.errors import TokenExpired, TokenInvalid, Unauthorized, Unavailable
from domain.identity import Identity, Role
from realtime.services.identity import KeySet, ServiceKeys, SharedSecret, TokenVerifier
from tests.support.clock import StillClock

SECRET = "a secret that is long enough for HS256"


def a_token(key: Any = SECRET, *, alg: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """Write a token of Sam's that is good for an hour; ... leaves a claim out."""
    now = StillClock().now().timestamp()
    told = {"sub": "sam", "exp": now + 3_600} | claims
    return jwt.encode(
        {name: value for name, value in told.items() if value is not ...},
        key,
        algorithm=alg,
        headers={"kid": kid} if kid else None,
    )


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def verifier(clock: StillClock) -> TokenVerifier:
    return TokenVerifier(keys=SharedSecret(SECRET), clock=clock)


async def test_a_good_token_says_who_it_is(verifier: TokenVerifier, clock: StillClock) -> None:
    expires_at = clock.now().timestamp() + 3_600

    assert await verifier.verify(a_token()) == Identity("sam", Role.ACCOUNT, expires_at)
    operator = await verifier.verify(a_token(role="operator"))
    assert operator.role is Role.OPERATOR
    nobody_special = await verifier.verify(a_token(role="marketplace"))
    assert nobody_special.role is Role.ACCOUNT, "the backend has a key, no token"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": StillClock().now().timestamp() - 61},
        {"nbf": StillClock().now().timestamp() + 61},
        {"iat": StillClock().now().timestamp() + 61},
    ],
    ids=["expired", "not yet", "of the future"],
)
async def test_a_fresh_token_would_do(verifier: TokenVerifier, claims: dict[str, Any]) -> None:
    with pytest.raises(TokenExpired):
        await verifier.verify(a_token(**claims))


async def test_a_minute_is_forgiven_unless_there_is_no_grace(verifier: TokenVerifier) -> None:
    just_over = a_token(exp=StillClock().now().timestamp() - 59)

    assert (await verifier.verify(just_over)).account_id == "sam"
    with pytest.raises(TokenExpired):
        await verifier.verify(just_over, leeway=0)


async def test_a_token_that_was_good_expires(verifier: TokenVerifier, clock: StillClock) -> None:
    """What is remembered of a token is not remembered beyond its time."""
    token = a_token()
    await verifier.verify(token)

    clock.advance(timedelta(hours=1, seconds=61))

    with pytest.raises(TokenExpired):
        await verifier.verify(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "ä.ö.ü",
        "\ud800",
        a_token("another secret, as long as the first one"),
        a_token(2 * SECRET, alg="HS512"),
        a_token("", alg="none"),
        a_token(sub=...),
        a_token(exp=...),
        a_token(sub=""),
        a_token(sub="a b"),
        a_token(sub="x" * 65),
        a_token(exp=float("nan")),
        a_token(exp=float("inf")),
        a_token(nbf="now"),
        a_token()[:-4],
    ],
)
async def test_no_fresh_one_of_its_kind_will_do(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(token)


# --- key sets -------------------------------------------------------------------------------------

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
WRITTEN: dict[str, Callable[[], dict[str, Any]]] = {
    "rsa": lambda: RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"alg": "RS256"},
    "ec": lambda: ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"alg": "ES256"},
    "ed": lambda: OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True) | {"alg": "EdDSA"},
}


class Place:
    """Where a key set lies; it can be changed and be out of reach."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.reads = 0
        self.content: bytes | None = None
        self.out_of_reach = False

    async def read(self) -> bytes:
        """Read the set as it is now."""
        self.reads += 1
        if self.out_of_reach:
            raise OSError("out of reach")
        keys = [WRITTEN[kid]() | {"kid": kid} for kid in self.kids]
        return json.dumps({"keys": keys}).encode() if self.content is None else self.content


def verifying(place: Place, clock: StillClock) -> TokenVerifier:
    """Make a verifier that knows the keys of a place."""
    return TokenVerifier(keys=KeySet(place.read, clock=clock), clock=clock)


@pytest.mark.parametrize(
    ("key", "alg", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
)
async def test_each_kind_of_key_verifies(clock: StillClock, key: Any, alg: str, kid: str) -> None:
    place = Place("rsa", "ec", "ed")

    identity = await verifying(place, clock).verify(a_token(key, alg=alg, kid=kid))

    assert identity.account_id == "sam"
    assert place.reads == 1


async def test_a_public_key_is_no_secret(clock: StillClock) -> None:
    """Algorithm confusion: no secret verifies where keys are configured, nor is one looked for."""
    place = Place("rsa")

    with pytest.raises(TokenInvalid):
        await verifying(place, clock).verify(a_token(alg="HS256", kid="rsa"))
    assert place.reads == 0


async def test_a_key_of_another_kind_does_not_verify(clock: StillClock) -> None:
    verifier = verifying(Place("rsa", "ec"), clock)

    with pytest.raises(TokenInvalid):
        await verifier.verify(a_token(EC, alg="ES256", kid="rsa"))


async def test_a_new_key_is_found_and_a_made_up_one_costs_nothing(clock: StillClock) -> None:
    place = Place("rsa")
    verifier = verifying(place, clock)
    of_new = a_token(EC, alg="ES256", kid="ec")
    with pytest.raises(TokenExpired):
        await verifier.verify(of_new)

    for _ in range(5):
        with pytest.raises(TokenExpired):
            await verifier.verify(a_token(EC, alg="ES256", kid="made-up"))
    assert place.reads == 1

    place.kids = ("rsa", "ec")
    clock.advance(timedelta(seconds=10))
    assert (await verifier.verify(of_new)).account_id == "sam"
    assert place.reads == 2


async def test_a_key_that_was_taken_away_ends_with_the_next_read(clock: StillClock) -> None:
    place = Place("rsa", "ec")
    verifier = verifying(place, clock)
    await verifier.verify(a_token(EC, alg="ES256", kid="ec"))

    place.kids = ("rsa",)
    clock.advance(timedelta(minutes=5))

    with pytest.raises(TokenExpired):
        await verifier.verify(a_token(EC, alg="ES256", kid="ec", jti="another"))


async def test_what_is_kept_goes_on_while_the_set_is_out_of_reach(clock: StillClock) -> None:
    place = Place("rsa")
    verifier = verifying(place, clock)
    await verifier.verify(a_token(RSA, alg="RS256", kid="rsa"))

    place.out_of_reach = True
    clock.advance(timedelta(minutes=6))

    again = await verifier.verify(a_token(RSA, alg="RS256", kid="rsa", jti="another"))
    assert again.account_id == "sam"


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"keys": []}', b'{"keys": 1}', b"\xff"])
async def test_without_any_set_it_says_come_again(clock: StillClock, content: bytes | None) -> None:
    place = Place("rsa")
    place.content = content
    place.out_of_reach = content is None

    with pytest.raises(Unavailable):
        await verifying(place, clock).verify(a_token(RSA, alg="RS256", kid="rsa"))


# --- service keys ---------------------------------------------------------------------------------


def test_any_of_the_keys_is_the_marketplace() -> None:
    keys = ServiceKeys(["old key", "new key"])

    assert keys.identify("old key") == keys.identify("new key")
    assert keys.identify("new key").role is Role.MARKETPLACE


@pytest.mark.parametrize("guess", ["", "old", "old key ", "ölkey", "\ud800"])
def test_nothing_else_is(guess: str) -> None:
    with pytest.raises(Unauthorized):
        ServiceKeys(["old key"]).identify(guess)
    with pytest.raises(Unauthorized):
        ServiceKeys([]).identify(guess)
