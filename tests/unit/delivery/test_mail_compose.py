"""The form of a mail: its head, its two parts, and that nothing slips into either."""

import email.policy
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser

import pytest

from realtime.delivery.alert import Alert
from realtime.delivery.email import samples
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.headers import BadAddress, Mailbox, envelope_address, message_id
from tests.support.clock import NOON, StillClock
from tests.unit.delivery.alerts import MESSAGE_RECEIVED, ORDER_CREATED, in_english, with_facts

COMPOSER = MailComposer(
    sender=Mailbox("Märkte", "no-reply@market.example"),
    settings_url="https://market.example/settings",
    clock=StillClock(),
)
EVIL = "Anna\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script> & \u202eCo"


def composed(alert: Alert = ORDER_CREATED) -> EmailMessage:
    message = COMPOSER.compose(alert).message
    assert message.isascii()
    return email.message_from_bytes(message, policy=email.policy.default)


def part_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def test_the_head_says_who_what_and_how_to_stop_it() -> None:
    message = composed()
    assert dict(message.items()) | {"Content-Type": ""} == {
        "From": "Märkte <no-reply@market.example>",
        "To": "Sabine Müller <sabine@example.com>",
        "Subject": "Neuer Auftrag FO-123 von Anna B.",
        "Date": "Tue, 24 Nov 2026 12:00:00 +0000",
        "Message-ID": "<d1@market.example>",
        "List-Unsubscribe": "<https://market.example/u/token>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Feedback-ID": "new_order:order_created:orderwire",
        "In-Reply-To": "<thread.o1@market.example>",
        "References": "<thread.o1@market.example>",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }


def test_who_may_answer_has_an_address_for_it() -> None:
    message = composed(replace(ORDER_CREATED, reply_to="reply+x@market.example", thread=None))
    assert message["Reply-To"] == "reply+x@market.example"
    assert "References" not in message


def test_both_parts_say_the_same() -> None:
    message = composed()
    assert message.get_content_type() == "multipart/alternative"
    text, html = part_of(message, "plain"), part_of(message, "html")
    for said in ("Anna Brandt hat „Ein Logo“ bestellt", "FO-123", "https://market.example/o"):
        assert said in text
        assert said in html
    assert "{" not in text


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("name", samples.names())
def test_a_sentence_follows_the_greeting(name: str, locale: str) -> None:
    alert = samples.sample(name, locale=locale, now=NOON, public_url="https://market.example")
    message = composed(alert)
    paragraphs = part_of(message, "plain").replace("\r\n", "\n").split("\n\n")
    greeting, lead = paragraphs[1].split("\n")
    assert lead[0].isupper() or lead[0].isdigit()
    assert f">{greeting}</p>" in part_of(message, "html")


def test_the_style_is_inlined_and_dark_screens_have_theirs() -> None:
    html = part_of(composed(), "html")
    assert '<p class="lead" style="' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "http://" not in html
    assert "<img" not in html


class Nesting(HTMLParser):
    """Collects what is opened and closed wrongly."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Compare it with what was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize("alert", [ORDER_CREATED, MESSAGE_RECEIVED, in_english(ORDER_CREATED)])
def test_the_html_is_well_formed(alert: Alert) -> None:
    """Its style was moved to its elements while its tags were hidden."""
    nesting = Nesting()
    nesting.feed(part_of(composed(alert), "html"))
    assert (nesting.open, nesting.wrong) == ([], [])


def test_quotes_are_marked_in_the_text() -> None:
    text = part_of(composed(with_facts(MESSAGE_RECEIVED, preview="Eins\nzwei")), "plain")
    assert "> Eins\n> zwei" in text.replace("\r\n", "\n")


@pytest.mark.parametrize("field", ["buyer", "service", "number"])
def test_no_field_can_write_a_header_or_a_tag(field: str) -> None:
    message = composed(with_facts(ORDER_CREATED, **{field: EVIL}))
    assert "Bcc" not in message
    html = part_of(message, "html")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html


def test_nor_can_a_name_or_an_address() -> None:
    message = composed(
        replace(
            ORDER_CREATED,
            account_name=EVIL,
            email="sabine@example.com\r\nBcc: all@example.com",
            unsubscribe_url="https://market.example/u/x\r\nBcc: all@example.com",
            message_id="<d1@x>\r\nBcc: all@example.com",
        )
    )
    assert "Bcc" not in message
    assert message["To"] == "undisclosed-recipients:;"


@pytest.mark.parametrize(
    "name",
    ["", "Anna", 'Anna "Ann" \\ Brandt, Esq.', "Ünal Ç" * 20, "日本" * 40, "A" * 120 + " B" * 60],
)
def test_names_of_all_kinds_are_read_as_they_were_written(name: str) -> None:
    alert = replace(ORDER_CREATED, account_name=name)
    # The older parser: the newer one of Python 3.11 leaves spaces between encoded words.
    message = email.message_from_bytes(COMPOSER.compose(alert).message)
    written, address = parseaddr(str(message["To"]).replace("\r\n", ""))
    assert str(make_header(decode_header(written))) == name
    assert address == "sabine@example.com"


def test_long_subjects_are_folded() -> None:
    """Each line of a head has at most 998 octets, and better 78 (RFC 5322, 2.1.1)."""
    for service in ("Ein langer Titel " * 12, "Ünïcödé-Titel-" * 14):
        alert = replace(
            with_facts(ORDER_CREATED, service=service),
            template="service_approved",
            facts={"service": service},
        )
        head, _, _ = COMPOSER.compose(alert).message.partition(b"\r\n\r\n")
        assert max(map(len, head.split(b"\r\n"))) <= 100
        assert composed(alert)["Subject"] == f"„{service.strip()}“ ist freigegeben"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Sabine.M+x@Example.com", "Sabine.M+x@Example.com"),
        ("post@müller.example", "post@xn--mller-kva.example"),
    ],
)
def test_an_address_is_written_for_envelopes(text: str, address: str) -> None:
    assert envelope_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sabine",
        "@example.com",
        "a b@example.com",
        "a@-x.de",
        "a@x..y",
        "a@b@example.com",
        "ä@example.com",
        f"a@{'x' * 70}",
        f"{'a' * 250}@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        envelope_address(text)


def test_a_mailbox_is_read_from_a_setting() -> None:
    assert Mailbox.parse("Märkte <a@b.example>") == Mailbox("Märkte", "a@b.example")
    assert Mailbox.parse("a@b.example") == Mailbox("", "a@b.example")


def test_a_message_id_is_always_the_same_and_always_an_id() -> None:
    assert message_id("d1", "market.example") == "<d1@market.example>"
    assert message_id("a b>\r\n", "x") == "<a-b---@x>"
