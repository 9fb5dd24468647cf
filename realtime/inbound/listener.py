"""Takes mail over SMTP or LMTP: each mail is dealt with before it is answered for."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OrderwireError,
    TooLarge,
    TooMany,
    Unavailable,
)
from domain.mail_events import MailEvent
from realtime.inbound.parse import Reply, read_events, read_reply

log = structlog.get_logger(__name__)

MOST_BYTES = 26 * 1024 * 1024
# Seconds that somebody may say nothing.
SILENCE = 60.0
TAKEN = "250 2.0.0 Ok"
# What each kind of refusal is in the words of SMTP; what may be fine later has a 4 before it.
_CODES: Mapping[type[OrderwireError], str] = {
    Invalid: "554 5.6.0",
    TooLarge: "552 5.3.4",
    Forbidden: "550 5.7.1",
    NotFound: "550 5.1.1",
    Conflict: "554 5.6.0",
    TooMany: "451 4.7.1",
    Unavailable: "451 4.3.0",
}


class Addresses(Protocol):
    """Knows our own addresses."""

    def is_for_bounces(self, address: str) -> bool:
        """Tell whether mail to it is about mail of ours."""
        ...

    def read(self, address: str) -> str | None:
        """Return the delivery that it answers; None for one that we did not make."""
        ...


Post = Callable[[str, Reply], Awaitable[Any]]
Note = Callable[[list[MailEvent]], Awaitable[int]]


class InboundHandler:
    """Says of each mail what becomes of it: ``post`` takes replies, ``note`` what came back."""

    def __init__(self, *, addresses: Addresses, post: Post, note: Note) -> None:
        self._addresses = addresses
        self._post = post
        self._note = note

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name and arguments
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take mail to addresses of ours, one at a time: each is answered for by itself."""
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        if not self._addresses.is_for_bounces(address) and self._addresses.read(address) is None:
            return "550 5.1.1 There is no such address"
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Deal with a mail; only what is done is answered for."""
        [address] = envelope.rcpt_tos
        try:
            return await self._deal_with(address, envelope)
        except OrderwireError as refused:
            return said(refused)
        except Exception:  # the outermost of a mail: its sender is told, and keeps it
            log.exception("mail_not_read")
            return "451 4.3.0 This could not be read; it is ours to mend"

    async def _deal_with(self, address: str, envelope: Envelope) -> str:
        content = bytes(envelope.original_content or b"")
        if self._addresses.is_for_bounces(address):
            events = await asyncio.to_thread(read_events, content)
            known = await self._note(events)
            log.info("mail_report", events=len(events), known=known)
            return TAKEN
        delivery_id = self._addresses.read(address)
        assert delivery_id is not None, "it was read when it was named"
        reply = await asyncio.to_thread(read_reply, content)
        nobody = envelope.mail_from in (None, "", "<>")
        automatic = reply.automatic or ("no sender" if nobody else None)
        if automatic is not None:
            return line(f"550 5.7.1 Only people answer here, and this is automatic ({automatic})")
        await self._post(delivery_id, reply)
        return TAKEN


def said(refused: OrderwireError) -> str:
    """Write a refusal as an answer of SMTP."""
    kinds = (_CODES[kind] for kind in type(refused).__mro__ if kind in _CODES)
    return line(f"{next(kinds, '451 4.3.0')} {refused.detail}")


def line(text: str) -> str:
    """Make a text one short line of ASCII."""
    plain = text.encode("ascii", "replace").decode()
    return " ".join(plain.split())[:400]


class InboundListener:
    """Listens in the loop of the process itself."""

    def __init__(self, *, handler: InboundHandler, hostname: str, lmtp: bool) -> None:
        self._handler = handler
        self._hostname = hostname
        self._kind = LMTP if lmtp else SMTP
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: self._kind(
                self._handler,
                data_size_limit=MOST_BYTES,
                enable_SMTPUTF8=True,
                hostname=self._hostname,
                ident="Orderwire",
                timeout=SILENCE,
                loop=loop,
            ),
            sock=listener,
        )

    async def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()
