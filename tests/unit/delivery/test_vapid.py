"""Who we are to push services."""

from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from realtime.delivery.push.kept_by_origin import KeptByOrigin
from realtime.delivery.push.vapid import LIFETIME, UnknownKey, VapidKey, VapidSigner, check_subject
from realtime.demo.push_receiver import PushRefused, check_vapid
from tests.support.clock import NOON, StillClock

KEY = VapidKey.generate()
ORIGIN = "https://push.example.com"


def a_signer(clock: StillClock) -> VapidSigner:
    return VapidSigner(keys=[KEY], subject="mailto:ops@example.com", clock=clock)


def pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


def test_a_key_is_read_as_it_was_written() -> None:
    again = VapidKey.parse(KEY.private_text)
    assert again.public_text == KEY.public_text
    assert len(KEY.private_text) == 43
    assert len(KEY.public_text) == 87


def test_a_key_is_read_from_pem() -> None:
    assert VapidKey.parse(pem(KEY.private)).public_text == KEY.public_text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "32 bytes"),
        ("AAAA", "32 bytes"),
        ("ä", "32 bytes"),
        ("A" * 43, "32 bytes"),
        ("-----BEGIN nothing", "or PEM"),
        (pem(rsa.generate_private_key(65537, 2048)), "P-256"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (pem(KEY.private, BestAvailableEncryption(b"secret")), "not be encrypted"),
    ],
)
def test_a_key_that_is_none_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        VapidKey.parse(text)


@pytest.mark.parametrize(
    "subject", ["mailto:ops@example.com", "https://example.com", "https://example.com/contact"]
)
def test_a_subject_by_which_we_can_be_reached_is_taken(subject: str) -> None:
    assert check_subject(subject) == subject


@pytest.mark.parametrize(
    "subject",
    ["", "ops@example.com", "mailto:admin@localhost", "http://example.com", "https://localhost/x"],
)
def test_a_subject_that_apple_would_refuse_is_refused_at_the_start(subject: str) -> None:
    with pytest.raises(ValueError, match="mailto:"):
        check_subject(subject)


def test_a_signature_says_who_where_and_until_when() -> None:
    header = a_signer(StillClock()).authorization(ORIGIN)
    claims = check_vapid(header, origin=ORIGIN, public_key=KEY.public_text, now=NOON)
    assert claims == {
        "aud": ORIGIN,
        "exp": int((NOON + LIFETIME).timestamp()),
        "sub": "mailto:ops@example.com",
    }


def test_a_signature_serves_an_origin_until_an_hour_before_its_end() -> None:
    clock = StillClock()
    signer = a_signer(clock)
    first = signer.authorization(ORIGIN)
    clock.advance(timedelta(hours=10, minutes=59))
    assert signer.authorization(ORIGIN) == first
    clock.advance(timedelta(minutes=1))
    assert signer.authorization(ORIGIN) != first


def test_after_a_rotation_each_subscription_has_the_key_that_it_was_made_with() -> None:
    """One from before keys were noted has the oldest."""
    new = VapidKey.generate()
    signer = VapidSigner(keys=[new, KEY], subject="mailto:ops@example.com", clock=StillClock())
    for made_with, key in ((new.public_text, new), (KEY.public_text, KEY), (None, KEY)):
        header = signer.authorization(ORIGIN, made_with)
        check_vapid(header, origin=ORIGIN, public_key=key.public_text, now=NOON)
    with pytest.raises(UnknownKey):
        signer.authorization(ORIGIN, VapidKey.generate().public_text)


def test_origins_do_not_share_a_signature() -> None:
    signer = a_signer(StillClock())
    assert signer.authorization(ORIGIN) != signer.authorization("https://other.example.com")


def test_what_is_kept_for_origins_is_bounded() -> None:
    """Endpoints come from users: a million made-up origins cost no memory."""
    kept = KeptByOrigin[int](most=2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("a", 3)
    kept.put("c", 4)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (3, None, 4)


def _signed(**claims: object) -> str:
    token = jwt.encode(claims, KEY.private, algorithm="ES256")
    return f"vapid t={token}, k={KEY.public_text}"


def _good_claims() -> dict[str, object]:
    return {
        "aud": ORIGIN,
        "exp": int((NOON + LIFETIME).timestamp()),
        "sub": "mailto:ops@example.com",
    }


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com"},
        {"exp": int(NOON.timestamp())},
        {"exp": int((NOON + timedelta(hours=25)).timestamp())},
        {"sub": "ops@example.com"},
    ],
)
def test_the_receiver_of_our_tests_takes_no_wrong_claim(claims: dict[str, object]) -> None:
    """A test double that takes everything would prove nothing."""
    header = _signed(**{**_good_claims(), **claims})
    with pytest.raises(PushRefused):
        check_vapid(header, origin=ORIGIN, public_key=KEY.public_text, now=NOON)


def test_the_receiver_of_our_tests_takes_no_other_key_and_no_other_signature() -> None:
    header = _signed(**_good_claims())
    other = VapidKey.generate().public_text
    with pytest.raises(PushRefused, match="VapidPkHashMismatch"):
        check_vapid(header, origin=ORIGIN, public_key=other, now=NOON)
    with pytest.raises(PushRefused, match="BadJwtToken"):
        check_vapid(
            header.replace(KEY.public_text, other), origin=ORIGIN, public_key=None, now=NOON
        )
