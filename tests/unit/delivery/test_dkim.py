"""Signed mails, checked by the library that mail servers check them with."""

from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.dkim import DkimKey, DkimSigner
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.sender import as_data
from tests.support.clock import StillClock
from tests.unit.delivery.alerts import MESSAGE_RECEIVED, ORDER_CREATED, in_english

RSA = DkimKey.generate()


def a_signer(key: DkimKey) -> DkimSigner:
    return DkimSigner(key=key, domain="market.example", selector="k1", clock=StillClock())


def composed(alert: object = ORDER_CREATED) -> bytes:
    composer = MailComposer(
        sender=Mailbox("M\u00e4rkt", "no-reply@market.example"),
        settings_url="https://market.example/settings",
        clock=StillClock(),
    )
    return composer.compose(alert).message  # type: ignore[arg-type]  # one of the alerts


def is_genuine(message: bytes, key: DkimKey) -> bool:
    """Ask the referee, who finds the key in a DNS of ours."""

    def dns(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"k1._domainkey.market.example.", timeout
        return key.record.encode()

    return bool(dkim.verify(message, dnsfunc=dns))


@pytest.mark.parametrize("alert", [ORDER_CREATED, MESSAGE_RECEIVED, in_english(ORDER_CREATED)])
def test_a_receiver_finds_the_signature_genuine(alert: object) -> None:
    assert is_genuine(a_signer(RSA).sign(composed(alert)), RSA)


def test_what_is_sent_is_what_was_signed() -> None:
    """Dots are doubled on the way, and no line is changed."""
    signed = a_signer(RSA).sign(composed())
    sent = as_data(signed).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    assert sent == signed
    assert is_genuine(sent, RSA)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe: <https://", b"List-Unsubscribe: <https://evil."),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"\r\nSubject: ", b"\r\nSubject: Win! "),
        (b"</html>", b"<p>more</p></html>"),
        (b"\r\nTo: ", b"\r\nFrom: somebody@evil.example\r\nTo: "),
        (b"\r\nTo: ", b"\r\nReply-To: somebody@evil.example\r\nTo: "),
    ],
)
def test_nobody_changes_or_adds_what_matters(before: bytes, after: bytes) -> None:
    signed = a_signer(RSA).sign(composed())
    assert before in signed
    assert not is_genuine(signed.replace(before, after, 1), RSA)


def test_spaces_on_the_way_do_no_harm() -> None:
    """Relays fold lines anew and take trailing spaces away."""
    signed = a_signer(RSA).sign(composed())
    refolded = signed.replace(b"; c=relaxed", b";\r\n\tc=relaxed", 1) + b"\r\n\r\n"
    assert is_genuine(refolded, RSA)


def test_a_body_of_nothing_can_be_signed() -> None:
    message = b"From: a@market.example\r\nTo: b@c.example\r\n\r\n"
    assert is_genuine(a_signer(RSA).sign(message), RSA)


def test_a_key_is_read_as_text_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text(RSA.pem)
    for text in (RSA.pem, RSA.pem.replace("\n", "\\n"), str(file)):
        assert DkimKey.parse(text).record == RSA.record


def test_other_keys_are_refused_in_words() -> None:
    small = rsa_key(65_537, 1_024)
    assert DkimKey.parse(DkimKey(small).pem).private.key_size == 1_024
    pem = ec_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="is an RSA private key"):
        DkimKey.parse(pem.decode())
