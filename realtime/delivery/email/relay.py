"""The mail servers that we hand mails to: where they are, and connections kept open to them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from realtime.clock import Clock, SystemClock
from realtime.delivery.board import Board, Kind, Place, place
from realtime.delivery.classify import (
    Phase,
    SmtpReply,
    classify_loss,
    classify_reply,
    shortened,
)
from realtime.delivery.email.circuit import RelayCircuit
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.delivery.turns import Turns


class Security(StrEnum):
    """How a connection is kept private; the values are the schemes of ``SMTP_URL``."""

    STARTTLS = "smtp+starttls"
    TLS = "smtps"
    LOOPBACK = "smtp"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.LOOPBACK: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One mail server; ``str()`` of it keeps the password to itself."""

    security: Security
    host: str
    port: int
    username: str | None = None
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Name the server."""
        return f"{self.security}://{self.host}:{self.port}"

    @property
    def place(self) -> Place:
        """What is shut when it fails; who signs in as somebody else may fare better."""
        login = f"{self.username}@" if self.username else ""
        return place(Kind.RELAY, f"{self.security}://{login}{self.host}:{self.port}")


def parse_relays(text: str) -> tuple[Relay, ...]:
    """Read ``SMTP_URL``: one URL, or several separated by commas, the first one preferred.

    Raises ``ValueError`` in plain words that do not repeat the password.
    """
    relays = tuple(_parse_relay(part.strip()) for part in text.split(",") if part.strip())
    if not relays:
        raise ValueError("names no mail server: smtp+starttls://user:password@host:587")
    return relays


def _parse_relay(text: str) -> Relay:
    try:
        parts = urlsplit(text)
        security, port = Security(parts.scheme), parts.port
    except ValueError:
        raise ValueError(
            "is smtp+starttls://user:password@host:587, smtps://... or, on loopback, smtp://..."
        ) from None
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("is a scheme, a host and a port; write /, ?, # and @ of a password as %..")
    if security is Security.LOOPBACK and not _is_loopback(parts.hostname):
        raise ValueError(f"smtp:// is not private: use smtp+starttls:// for {parts.hostname}")
    return Relay(
        security=security,
        host=parts.hostname,
        port=port or _PORTS[security],
        username=_unquoted(parts.username),
        password=_unquoted(parts.password) or "",
    )


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTimeouts:
    """Seconds that a mail server may take."""

    # For TCP, TLS, greeting and login together; for one that may come free; for one that was idle.
    connect: float = 20.0
    command: float = 60.0
    answer: float = 600.0  # to the end of the body: RFC 5321, 4.5.3.2.6
    quit: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How many connections a relay gets, and how long one lives."""

    connections: int = 8
    mails_per_connection: int = 100
    idle: float = 60.0  # seconds after which one is not used again
    unchecked_idle: float = 10.0  # seconds after which one is asked whether it still lives


class RelayFailed(Exception):
    """No connection could be had; ``outcome`` says what that means for a mail."""

    def __init__(self, phase: Phase, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.phase = phase
        self.outcome = outcome


@dataclass(slots=True)
class Connection:
    """An open connection, and what it has done."""

    client: SMTP
    mails: int = 0
    idle_since: float = 0.0
    clean: bool = True  # between two mails, in step with the server


class RelayPool:
    """Connections to one relay: opened when needed, reused, renewed, and few."""

    def __init__(
        self,
        relay: Relay,
        *,
        helo: str,
        tls: ssl.SSLContext,
        timeouts: MailTimeouts,
        limits: PoolLimits,
        board: Board | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.relay = relay
        self.circuit = RelayCircuit(
            relay.place, board=board or Board(), clock=clock or SystemClock()
        )
        self._helo = helo
        self._tls = tls
        self._timeouts = timeouts
        self._limits = limits
        self._turns = Turns(limits.connections, patience=timeouts.connect)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; one that is not ``clean`` afterwards is not lent again.

        Raises ``RelayRests``, also when that was found out while it waited; ``HeldUp`` when none
        came free; ``RelayFailed``.
        """
        self.circuit.ask()
        async with self._turns.one():
            self.circuit.enter()
            connection = await self._reusable() or await self._open()
            connection.clean = False
            try:
                yield connection
            finally:
                self._take_back(connection)

    async def close(self) -> None:
        """Say good-bye on every idle connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._quit(connection) for connection in idle))

    async def _reusable(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            idle = _now() - connection.idle_since
            if idle < self._limits.idle and await self._lives(connection, idle):
                return connection
            connection.client.close()
        return None

    async def _lives(self, connection: Connection, idle: float) -> bool:
        if idle < self._limits.unchecked_idle:
            return connection.client.is_connected
        try:
            await connection.client.rset(timeout=self._timeouts.connect)
        except (SMTPException, OSError):
            return False
        return True

    def _take_back(self, connection: Connection) -> None:
        connection.mails += 1
        used_up = connection.mails >= self._limits.mails_per_connection
        if not connection.clean or used_up or not connection.client.is_connected:
            connection.client.close()
            return
        connection.idle_since = _now()
        self._idle.append(connection)

    async def _open(self) -> Connection:
        client = SMTP(
            hostname=self.relay.host,
            port=self.relay.port,
            use_tls=self.relay.security is Security.TLS,
            start_tls=self.relay.security is Security.STARTTLS,
            tls_context=self._tls,
            timeout=self._timeouts.command,
            local_hostname=self._helo,
        )
        phase = Phase.CONNECT
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await client.connect()
                await _greet(client)
                if self.relay.username is not None:
                    phase = Phase.LOGIN
                    await client.login(self.relay.username, self.relay.password)
        except (SMTPException, OSError) as error:
            client.close()
            raise RelayFailed(phase, outcome_of(phase, error)) from error
        return Connection(client)

    async def _quit(self, connection: Connection) -> None:
        with suppress(SMTPException, OSError):
            await connection.client.quit(timeout=self._timeouts.quit)
        connection.client.close()


async def _greet(client: SMTP) -> None:
    """Say who we are, unless that was said on the way to a private connection."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError:
            await client.helo()  # RFC 5321, 3.2: a server that is older than EHLO


def outcome_of(phase: Phase, error: Exception) -> Outcome:
    """Say what an error that ended a conversation in ``phase`` means for the mail."""
    if isinstance(error, SMTPResponseException):
        return classify_reply(SmtpReply(phase=phase, code=error.code, text=error.message))
    if isinstance(error, TimeoutError):
        return classify_loss(phase, str(error), reason=Reason.TIMEOUT)
    ours = _OUR_FAULTS.get(phase)
    if ours is not None and _is_not_as_configured(error):
        return Outcome(result=Result.PAUSED, reason=ours, detail=shortened(str(error)))
    return classify_loss(phase, str(error))


# A server without STARTTLS or AUTH, or with a certificate that is not its own.
_OUR_FAULTS = {Phase.CONNECT: Reason.RELAY_NOT_TRUSTED, Phase.LOGIN: Reason.RELAY_REFUSED_LOGIN}


def _is_not_as_configured(error: Exception) -> bool:
    faults = (error, error.__cause__)
    return type(error) is SMTPException or any(isinstance(one, ssl.SSLError) for one in faults)


def _now() -> float:
    return asyncio.get_running_loop().time()
