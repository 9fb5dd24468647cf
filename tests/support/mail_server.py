"""A mail server on loopback that answers as it is told: STARTTLS or TLS, login, every fault.

Alone: ``python -m tests.support.mail_server --port 2525`` prints each mail as a line of JSON.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME = "orderwire"
PASSWORD = "correct horse"


class Fault(Enum):
    """What can happen instead of a reply."""

    DROP = "drop"  # the connection, at once
    STALL = "stall"  # say nothing more


Told = str | Fault
Step = Callable[[str], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One mail whose body came whole; ``accepted`` is whether the sender was told 250."""

    sender: str
    recipient: str
    content: bytes
    accepted: bool

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.content, policy=email.policy.default)


class MailServer:
    """Takes mails; ``tell`` scripts one phase of a coming conversation.

    Phases: ``connect``, ``ehlo``, ``login``, ``mail``, ``rcpt``, ``data`` (before the body may
    come), ``body`` (after all of it came) and ``rset`` (between two mails).
    """

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, implicit: bool = False, login: bool = False
    ) -> None:
        self.received: list[ReceivedMail] = []
        self.connections = 0
        self.port = 0
        self._starttls = None if implicit else tls
        self._implicit = tls if implicit else None
        self._login = login
        self._script: defaultdict[str, deque[Told | None]] = defaultdict(deque)
        self._open: set[asyncio.BaseTransport] = set()
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        """What to set as ``SMTP_URL``."""
        tls = "smtps" if self._implicit else "smtp+starttls"
        scheme = tls if self._implicit or self._starttls else "smtp"
        credentials = f"{USERNAME}:{PASSWORD.replace(' ', '%20')}@" if self._login else ""
        return f"{scheme}://{credentials}127.0.0.1:{self.port}"

    def tell(self, phase: str, *told: Told | None) -> None:
        """Say what happens the next times that ``phase`` is reached; None is nothing special."""
        self._script[phase].extend(told)

    def next_told(self, phase: str) -> Told | None:
        """Take what was told for ``phase``."""
        script = self._script[phase]
        return script.popleft() if script else None

    async def wait_for(self, count: int) -> list[ReceivedMail]:
        """Wait until ``count`` mails are here, and return them."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def handle_DATA(  # noqa: N802 - aiosmtpd's own name
        self, conversation: "Conversation", _session: Session, envelope: Envelope
    ) -> str:
        """Keep a whole body before its answer, which may never come."""
        told = self.next_told("body")
        mail = ReceivedMail(
            sender=str(envelope.mail_from),
            recipient=", ".join(envelope.rcpt_tos),
            content=bytes(envelope.original_content or b""),
            accepted=told is None or (isinstance(told, str) and told.startswith("2")),
        )
        async with self._news:
            self.received.append(mail)
            self._news.notify_all()
        if isinstance(told, Fault):
            await conversation.fail(told)
        return str(told or "250 2.0.0 Ok: queued")

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """Count a connection."""
        self.connections += 1
        self._open.add(transport)

    def drop_all(self) -> None:
        """Cut every connection, as a restart does."""
        for transport in self._open:
            # Python 3.11.2 stumbles over one that is closed already, if it was encrypted.
            if isinstance(transport, asyncio.Transport) and not transport.is_closing():
                transport.abort()
        self._open.clear()

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator["MailServer"]:
        """Serve on loopback until the block is left."""
        server = await asyncio.get_running_loop().create_server(
            self._conversation, "127.0.0.1", port, ssl=self._implicit
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.drop_all()

    def _conversation(self) -> "Conversation":
        return Conversation(
            self,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_required=self._login,
            auth_require_tls=self._starttls is not None,
            authenticator=_authenticate,
        )


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    known = LoginPassword(USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=data == known, handled=False)


class Conversation(SMTP):
    """One connection, which does as its server was told."""

    def __init__(self, server: MailServer, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), hostname="localhost", **options)
        self._server = server
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it; STARTTLS makes it a second time."""
        if not self._greeted:
            self._server.opened(transport)
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        """Say something; the first thing said is the greeting."""
        if self._greeted:
            await super().push(status)
            return
        self._greeted = True
        await self._step("connect", super().push, status)

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Take a greeting."""
        await self._step("ehlo", super().smtp_EHLO, arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Take a login."""
        await self._step("login", super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Take a sender."""
        await self._step("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Take a recipient."""
        await self._step("rcpt", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Take the word that a body is about to come."""
        await self._step("data", super().smtp_DATA, arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's own name
        """Forget a mail that was begun."""
        await self._step("rset", super().smtp_RSET, arg)

    async def _step(self, phase: str, usual: Step, arg: Any) -> None:
        told = self._server.next_told(phase)
        if isinstance(told, str):
            await super().push(told)
            if phase == "connect" or told.startswith("421"):
                self._writer.close()
        elif told is not None:
            await self.fail(told)
        else:
            await usual(arg)

    async def fail(self, fault: Fault) -> None:
        """Drop the connection, or say nothing until it is gone."""
        if fault is Fault.DROP:
            self._writer.transport.abort()
        await asyncio.Event().wait()


async def _serve(port: int) -> None:
    async with MailServer().running(port) as server:
        print(server.url, flush=True)
        shown = 0
        while mails := await server.wait_for(shown + 1):
            for mail in mails[shown:]:
                headers = {name: str(value) for name, value in mail.message.items()}
                print(json.dumps({"recipient": mail.recipient, "headers": headers}), flush=True)
            shown = len(mails)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
