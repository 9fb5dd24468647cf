"""What news of a mail means: for the ledger, and for the address."""

import pytest

from domain.mail_events import MailEvent, MailEventKind, Meaning, delivery_of, meaning_of
from domain.suppression import BounceKind


@pytest.mark.parametrize(
    ("kind", "status", "meaning"),
    [
        (MailEventKind.COMPLAINT, "", Meaning("complaint", BounceKind.COMPLAINT)),
        (MailEventKind.BOUNCE, "5.1.1", Meaning("hard_bounce", BounceKind.HARD)),
        (MailEventKind.BOUNCE, "5.1.10", Meaning("hard_bounce", BounceKind.HARD)),
        (MailEventKind.BOUNCE, "5.2.2", Meaning("mailbox_full", BounceKind.SOFT)),
        (MailEventKind.BOUNCE, "4.2.2", Meaning("mailbox_full", BounceKind.SOFT)),
        (MailEventKind.BOUNCE, "5.7.26", Meaning("policy_refused")),
        (MailEventKind.BOUNCE, "5.4.4", Meaning("refused")),
        (MailEventKind.BOUNCE, "", Meaning("refused")),
    ],
)
def test_each_kind_of_news(kind: MailEventKind, status: str, meaning: Meaning) -> None:
    assert meaning_of(MailEvent(message_id="<d@x>", kind=kind, status=status)) == meaning


def test_a_message_id_names_its_delivery() -> None:
    assert delivery_of(" <d1@market.example>") == "d1"
    assert delivery_of("d1@market.example") == "d1"
