"""Mail that comes in, over a real socket: replies into their threads, reports to the ledger."""

import email
import email.policy
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTP, SMTPRecipientsRefused, SMTPResponseException

from domain.errors import OrderwireError, TooMany, Unavailable
from domain.identity import Identity
from domain.preferences import Channel
from realtime.delivery.email.reply_address import ReplyAddresses
from realtime.files.directory import Directory
from realtime.inbound.listener import InboundHandler, InboundListener, said
from realtime.inbound.parse import Reply
from realtime.services.mail_replies import MailReply
from storage.engine import Database
from storage.rows import Record, fetch_all
from storage.tables import suppressions
from tests.support.delivery_world import World, a_world, mail_carrier
from tests.support.marketplace import Marketplace

ADDRESSES = ReplyAddresses([b"the secret of addresses"], domain="reply.market.example")
EVENTS = "/v1/inbound/events"


class Inbound(World):
    """A world whose mails can be answered; ``mail`` is the one that Sam got, ``write`` answers."""

    port = 0
    fails_with: Callable[..., Awaitable[None]] | None = None

    async def mailed(self, **sam: Any) -> EmailMessage:
        """Have Bea order from Sam; return the mail that tells him so."""
        await self.people(**sam)
        bounces = self.marketplace.suppressions
        carrier = mail_carrier(self.clock, self.mails.url, bounces, replies=ADDRESSES)
        async with self.worker({Channel.EMAIL: carrier}):
            await self.marketplace.order(id="o1")
            await self.decisions(1)
        return self.mails.received[0].message

    async def write(self, message: EmailMessage, sender: str = "sam@example.com") -> str:
        """Hand a mail to the listener; return its answer."""
        try:
            async with SMTP(hostname="127.0.0.1", port=self.port, start_tls=False) as client:
                _, answer = await client.sendmail(
                    sender, [str(message["To"])], message.as_bytes(policy=email.policy.SMTP)
                )
        except SMTPRecipientsRefused as refused:
            [each] = refused.recipients
            return f"{each.code} {each.message}"
        except SMTPResponseException as refused:
            return f"{refused.code} {refused.message}"
        return answer

    async def thread(self, name: str = "sam") -> list[dict[str, Any]]:
        """Read the messages of the order's conversation, as somebody sees them."""
        order = await self.marketplace.orders.get(Identity(name), "o1")
        page = await self.marketplace.conversations.messages(
            Identity(name),
            order["conversation_id"],
            before=None,
            after=None,
            around=None,
            limit=50,
        )
        items = [dict(each) for each in page["items"]]
        return [each for each in items if each["type"] == "message"]


@asynccontextmanager
async def an_inbound(database: Database, folder: Path) -> AsyncIterator[Inbound]:
    async with a_world(database) as plain:
        world = Inbound(database, plain.clock, plain.pushes, plain.mails)
        world.marketplace = Marketplace(database, plain.clock, files=Directory(folder))
        database.announce_to(world.bell)

        async def post(delivery_id: str, reply: Reply) -> None:
            if world.fails_with:
                await world.fails_with(delivery_id)
            await world.marketplace.mail_replies.post(
                MailReply(
                    delivery_id=delivery_id,
                    sender=reply.sender,
                    message_id=reply.message_id,
                    text=reply.text,
                    attached=reply.attached,
                )
            )

        handler = InboundHandler(
            addresses=ADDRESSES, post=post, note=world.marketplace.mail_events.note
        )
        listener = InboundListener(handler=handler, hostname=ADDRESSES.domain, lmtp=False)
        listening = socket.create_server(("127.0.0.1", 0))
        world.port = listening.getsockname()[1]
        await listener.start(listening)
        try:
            yield world
        finally:
            await listener.close()


@pytest.fixture
async def inbound(database: Database, tmp_path: Path) -> AsyncIterator[Inbound]:
    async with an_inbound(database, tmp_path) as world:
        yield world


def an_answer(
    mail: EmailMessage, text: str = "Thanks, I begin today.", **fields: str
) -> EmailMessage:
    answer = EmailMessage()
    told = {
        "From": "Sam Seller <Sam@example.com>",
        "To": str(mail["Reply-To"]),
        "Subject": f"Re: {mail['Subject']}",
        "Message-ID": "<answer-1@example.com>",
        "In-Reply-To": str(mail["Message-ID"]),
    }
    told |= {name.replace("_", "-"): value for name, value in fields.items()}
    for name, value in told.items():
        answer[name] = value
    quoted = "".join(f"> {line}\n" for line in "Hi Sam,\nYou have a new order.".splitlines())
    answer.set_content(f"{text}\n\nOn Mon, Nov 23, 2026 at 10:00 AM Market wrote:\n{quoted}")
    return answer


async def test_an_answer_by_mail_is_a_message_in_the_thread(inbound: Inbound) -> None:
    """Without the quote; and once, however often the mail comes."""
    mail = await inbound.mailed()
    assert mail["Reply-To"].startswith("reply+")
    assert inbound.mails.received[0].sender == "bounces@reply.market.example"
    assert "reply to this e-mail" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr] # it has a plain part

    first = await inbound.write(an_answer(mail))
    again = await inbound.write(an_answer(mail))
    other = await inbound.write(
        an_answer(mail, "And by Friday.", Message_ID="<answer-2@example.com>")
    )

    assert (first[:3], again[:3], other[:3]) == ("2.0", "2.0", "2.0")
    assert [(each["sender"], each["body"]) for each in await inbound.thread("bea")] == [
        ("sam", "Thanks, I begin today."),
        ("sam", "And by Friday."),
    ]


async def test_html_and_files_come_along(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    answer = an_answer(mail)
    answer.clear_content()
    answer.set_content(
        "<html><head><title>x</title><style>p {}</style></head><body><p>Here it is:</p>"
        "<div>two &amp; two</div><br><blockquote>Hi Sam,<div>an order</div></blockquote>"
        "</body></html>",
        subtype="html",
    )
    answer.add_attachment(b"A plan", maintype="text", subtype="plain", filename="plan.txt")
    answer.add_attachment(b"x", maintype="text", subtype="plain", disposition="inline")

    assert (await inbound.write(answer)).startswith("2.0.0")

    [message] = await inbound.thread()
    assert message["body"] == "Here it is:\n\ntwo & two"
    assert [each["name"] for each in message["attachments"]] == ["plan.txt"]


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"Auto_Submitted": "auto-replied"}, "550 5.7.1"),
        ({"Precedence": "bulk"}, "550 5.7.1"),
        ({"X_Autoreply": "yes"}, "550 5.7.1"),
        ({"Feedback_ID": "order_message:message_received:orderwire"}, "550 5.7.1"),
    ],
)
async def test_only_people_answer(inbound: Inbound, fields: dict[str, str], answer: str) -> None:
    mail = await inbound.mailed()
    told = await inbound.write(an_answer(mail, **fields))
    assert told.startswith(answer)
    assert "automatic" in told
    assert await inbound.thread() == []


async def test_loops_and_nameless_senders_are_refused(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    looping = an_answer(mail)
    for _ in range(51):
        looping["Received"] = "from a by b; Mon, 23 Nov 2026 10:00:00 +0000"
    assert "a loop" in await inbound.write(looping)
    assert "no sender" in await inbound.write(an_answer(mail), sender="")
    assert await inbound.thread() == []


async def test_an_address_is_forged_expired_somebody_elses_or_gone(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    forged = an_answer(mail)
    local, _, domain = str(mail["Reply-To"]).partition("@")
    forged.replace_header("To", f"{local[:-2]}{'aa' if local[-2:] != 'aa' else 'bb'}@{domain}")
    elses = an_answer(mail)
    elses.replace_header("From", "Eve <eve@example.com>")
    empty = an_answer(mail, "")

    assert (await inbound.write(forged)).startswith("550 5.1.1 There is no such address")
    assert (await inbound.write(elses)).startswith("550 5.7.1 write from the address")
    assert (await inbound.write(empty)).startswith("554 5.6.0")
    inbound.clock.advance(timedelta(days=31))
    assert (await inbound.write(an_answer(mail))).startswith(
        "550 5.1.1 this address holds no longer"
    )
    assert await inbound.thread() == []


async def test_recipients_come_one_at_a_time(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    async with SMTP(hostname="127.0.0.1", port=inbound.port, start_tls=False) as client:
        await client.mail("sam@example.com")
        await client.rcpt(str(mail["Reply-To"]))
        with pytest.raises(SMTPResponseException) as refused:
            await client.rcpt(str(mail["Reply-To"]))
        assert refused.value.code == 452


async def test_a_mail_that_breaks_us_is_ours_to_mend(inbound: Inbound) -> None:
    """Whoever sent it tries again later; it is not lost."""
    mail = await inbound.mailed()

    async def fails(*_told: object) -> None:
        raise RuntimeError("a mistake of ours")

    inbound.fails_with = fails
    told = await inbound.write(an_answer(mail))
    assert told.startswith("451 4.3.0 This could not be read")


async def test_a_mail_without_text_has_nothing_to_post(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    answer = an_answer(mail)
    answer.clear_content()
    answer.set_content(b"\x89PNG", maintype="image", subtype="png")
    assert (await inbound.write(answer)).startswith("554 5.6.0")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (TooMany("later"), "451 4.7.1 later"),
        (Unavailable("away"), "451 4.3.0 away"),
        (OrderwireError("p\u00f6h\nnew line"), "451 4.3.0 p?h new line"),
    ],
)
def test_what_may_be_fine_later_is_said_so(error: OrderwireError, answer: str) -> None:
    assert said(error) == answer


# --- reports ----------------------------------------------------------------------------------


def a_report(mail: EmailMessage, kind: str, fields: str, *, whole: bool = True) -> EmailMessage:
    """Write a report about a mail as servers do."""
    head = f"Message-ID: {mail['Message-ID']}\nSubject: x\n"
    original = (
        f"Content-Type: message/rfc822\n\n{head}\nThe mail.\n"
        if whole
        else f"Content-Type: text/rfc822-headers\n\n{head}"
    )
    text = (
        "From: MAILER-DAEMON@example.com\nTo: bounces@reply.market.example\n"
        "Subject: report\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind};\n boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIn words.\n"
        f"--b\nContent-Type: message/{kind}\n\n{fields}\n"
        f"--b\n{original}\n--b--\n"
    )
    parsed = email.message_from_string(text, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


FAILED = (
    "Reporting-MTA: dns; mx.example.com\n\n"
    "Final-Recipient: rfc822; sam@example.com\nAction: {action}\nStatus: {status}\n"
    "Diagnostic-Code: smtp; 550 {status} no such user sam@example.com\n"
)


async def mail_of_the_order(world: World) -> Record:
    rows = [row for row in await world.deliveries() if row.channel == "email"]
    [row] = [row for row in rows if row.order_id == "o1"]
    return row


async def listed(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as connection:
        rows = await fetch_all(connection, suppressions.select())
    return [(row.address, row.reason) for row in rows]


@pytest.mark.parametrize("whole", [True, False])
async def test_a_mail_that_comes_back_later_is_found_by_its_message_id(
    inbound: Inbound, whole: bool
) -> None:
    mail = await inbound.mailed()
    fields = FAILED.format(action="failed", status="5.1.1")
    report = a_report(mail, "delivery-status", fields, whole=whole)

    assert (await inbound.write(report, sender="")).startswith("2.0.0")
    assert (await inbound.write(report, sender="")).startswith("2.0.0")

    assert await listed(inbound.database) == [("sam@example.com", "hard_bounce")]
    [row] = [
        row for row in await inbound.deliveries() if row.order_id == "o1" and row.channel == "email"
    ]
    assert (row.status, row.reason) == ("dead", "hard_bounce")
    page = await inbound.marketplace.notifications.page(Identity("sam"), after=None, limit=5)
    order = next(each for each in page["items"] if each["category"] == "new_order")
    steps = (await inbound.marketplace.notifications.trace(Identity("sam"), order["id"]))["steps"]
    last = [step for step in steps if step["channel"] == "email"][-1]
    assert (last["decision"], last["reason"]) == ("dead", "hard_bounce")
    assert last["detail"].startswith("5.1.1 550 5.1.1 no such user")


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.2.2"), ("delivered", "2.0.0"), ("failed", "5.7.1")]
)
async def test_other_reports_do_not_count_against_the_address(
    inbound: Inbound, action: str, status: str
) -> None:
    mail = await inbound.mailed()
    fields = FAILED.format(action=action, status=status)
    await inbound.write(a_report(mail, "delivery-status", fields), sender="")
    assert await listed(inbound.database) == []


async def test_a_complaint_ends_mails_to_the_address(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    fine = a_report(mail, "feedback-report", "Feedback-Type: not-spam\nVersion: 1\n")
    await inbound.write(fine, sender="")
    assert await listed(inbound.database) == []
    abuse = a_report(mail, "feedback-report", "Feedback-Type: abuse\nVersion: 1\n")
    await inbound.write(abuse, sender="feedback@example.com")
    assert await listed(inbound.database) == [("sam@example.com", "complaint")]
    [row] = [
        row for row in await inbound.deliveries() if row.order_id == "o1" and row.channel == "email"
    ]
    assert (row.status, row.reason) == ("accepted", "sent")


async def test_a_report_does_not_touch_who_has_another_address_by_now(inbound: Inbound) -> None:
    mail = await inbound.mailed()
    await inbound.marketplace.account("sam", email="other@elsewhere.example")
    fields = FAILED.format(action="failed", status="5.1.1")
    await inbound.write(a_report(mail, "delivery-status", fields), sender="")
    assert await listed(inbound.database) == []


@pytest.mark.parametrize("content", ["", "Content-Type: multipart/report\n\n", "\x00\xff"])
async def test_what_is_no_report_is_taken_and_forgotten(inbound: Inbound, content: str) -> None:
    async with SMTP(hostname="127.0.0.1", port=inbound.port, start_tls=False) as client:
        answers = await client.sendmail("", [ADDRESSES.bounces], content.encode("latin-1"))
    assert answers[0] == {}
    assert await listed(inbound.database) == []


async def test_what_was_suppressed_stays_so_until_an_operator_says_otherwise(
    inbound: Inbound,
) -> None:
    mail = await inbound.mailed()
    fields = FAILED.format(action="failed", status="5.1.1")
    await inbound.write(a_report(mail, "delivery-status", fields), sender="")
    await inbound.marketplace.order(id="o2")
    rows = [row for row in await inbound.deliveries() if row.order_id == "o2"]
    assert ("email", "skipped", "suppressed") in [
        (row.channel, row.status, row.reason) for row in rows
    ]
