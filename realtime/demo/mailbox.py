"""A mail server that keeps what it gets, for a page to show; it can be broken on purpose."""

import asyncio
import email
import email.policy
import socket
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from domain.preferences import Channel
from realtime.clock import Clock
from realtime.demo.outbox import KEPT, Outbox
from realtime.demo.people import by_email

LARGEST = 1 << 20
BROKEN = "451 4.3.0 the relay is broken: somebody pressed the button"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """One mail; ``n`` is its address on the page."""

    n: int
    at: datetime
    recipient: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    def part(self, subtype: str) -> str:
        """Return the text of a part, ``plain`` or ``html``."""
        body = self.message.get_body((subtype,))
        return str(body.get_content()) if body else ""


class Mailbox:
    """Listens on a free port of this machine alone, in the loop of the server itself."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self.broken = False
        self.mails: deque[KeptMail] = deque(maxlen=KEPT)
        self._outbox = outbox
        self._clock = clock
        self._count = 0
        # Bound at once: the port is part of the settings that the senders are made with.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What to set as ``SMTP_URL``."""
        return f"smtp://127.0.0.1:{self._socket.getsockname()[1]}"

    async def start(self) -> None:
        """Take connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, data_size_limit=LARGEST, hostname="localhost", loop=loop),
            sock=self._socket,
        )

    async def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def find(self, n: int) -> KeptMail | None:
        """Return a mail that is still kept."""
        return next((mail for mail in self.mails if mail.n == n), None)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take a recipient, unless the relay is broken."""
        if self.broken:
            return BROKEN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        message: Any = email.message_from_bytes(
            envelope.original_content or b"", policy=email.policy.default
        )
        for address in envelope.rcpt_tos:
            self._keep(address, message)
        return f"250 2.0.0 Ok: kept as {self._count}"

    def _keep(self, address: str, message: EmailMessage) -> None:
        self._count += 1
        mail = KeptMail(n=self._count, at=self._clock.now(), recipient=address, message=message)
        self.mails.append(mail)
        person = by_email(address)
        if person is not None:
            self._outbox.add(
                Channel.EMAIL,
                person,
                title=mail.subject,
                body=_summary(mail.part("plain")),
                category=str(message["Feedback-ID"]).partition(":")[0],
            )


def _summary(text: str) -> str:
    """Return what a mail says after its headline: the paragraph with the greeting."""
    paragraphs = text.replace("\r\n", "\n").split("\n\n")
    return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""
