"""Hands one mail to the first relay that takes it, and says what came of it (RFC 5321)."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from realtime.clock import Clock
from realtime.delivery.board import Board
from realtime.delivery.classify import (
    Phase,
    SmtpReply,
    classify_reply,
    may_try_next_relay,
)
from realtime.delivery.email.circuit import RelayRests
from realtime.delivery.email.headers import BadAddress, envelope_address
from realtime.delivery.email.mail import Mail
from realtime.delivery.email.relay import (
    Connection,
    MailTimeouts,
    PoolLimits,
    Relay,
    RelayFailed,
    RelayPool,
    outcome_of,
)
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.delivery.turns import HeldUp

_TAKEN = (250, 251)
_START_INPUT = 354
_REFUSALS = 400


class MailSender:
    """Holds the connections of one worker, to each relay some."""

    def __init__(
        self,
        relays: Sequence[Relay],
        *,
        helo: str,
        tls: ssl.SSLContext | None = None,
        timeouts: MailTimeouts | None = None,
        limits: PoolLimits | None = None,
        board: Board | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._timeouts = timeouts or MailTimeouts()
        trust = tls or ssl.create_default_context()
        board = board or Board()
        self._pools = [
            RelayPool(
                relay,
                helo=helo,
                tls=trust,
                timeouts=self._timeouts,
                limits=limits or PoolLimits(),
                board=board,
                clock=clock,
            )
            for relay in relays
        ]

    async def send(self, mail: Mail) -> Outcome:
        """Try each relay in turn, as long as none of them can have taken the mail."""
        try:
            recipient = envelope_address(mail.recipient)
        except BadAddress as wrong:
            return Outcome(result=Result.DEAD, reason=Reason.BAD_ADDRESS, detail=str(wrong))
        failures = []
        for pool in self._pools:
            try:
                phase, outcome = await self._through(pool, mail, recipient)
            except RelayRests:
                continue
            pool.circuit.learn(phase, outcome)
            if not may_try_next_relay(phase, outcome):
                return outcome
            failures.append(outcome)
        return self._none_took_it(failures)

    async def close(self) -> None:
        """Close every connection that is not in use."""
        for pool in self._pools:
            await pool.close()

    async def _through(self, pool: RelayPool, mail: Mail, recipient: str) -> tuple[Phase, Outcome]:
        try:
            async with pool.connection() as connection:
                hand_over = HandOver(connection, self._timeouts)
                outcome = await hand_over.run(mail, recipient)
                return hand_over.phase, outcome
        except RelayFailed as failed:
            return failed.phase, failed.outcome
        except HeldUp as silence:
            return Phase.CONNECT, outcome_of(Phase.CONNECT, silence)

    def _none_took_it(self, failures: Sequence[Outcome]) -> Outcome:
        """An attempt counts when a relay was asked in vain; not while all rest, or refuse us."""
        for failure in failures:
            if failure.result is Result.RETRY:
                return failure
        ours = failures[0] if failures else _RESTING
        rest = min((pool.circuit.rest_left() for pool in self._pools), default=0.0)
        return replace(ours, retry_after=rest, all_wait=True)


_RESTING = Outcome(result=Result.PAUSED, reason=Reason.RELAYS_RESTING)


class HandOver:
    """One mail over one connection; ``phase`` tells how far it came.

    The commands are sent one by one, and DATA apart from the body: what is lost before the body
    left cannot have been taken, and is safe to send again.
    """

    def __init__(self, connection: Connection, timeouts: MailTimeouts) -> None:
        self.phase = Phase.MAIL
        self._connection = connection
        self._timeouts = timeouts

    async def run(self, mail: Mail, recipient: str) -> Outcome:
        """Send the mail; the connection is clean afterwards if the server is still in step."""
        try:
            outcome = await self._converse(mail, recipient)
        except (SMTPException, OSError) as error:
            outcome = outcome_of(self.phase, error)
            await self._tidy_up(error)
        else:
            self._connection.clean = True
        return outcome

    async def _converse(self, mail: Mail, recipient: str) -> Outcome:
        client = self._connection.client
        await self._say(b"MAIL", f"FROM:<{mail.sender}>")
        self.phase = Phase.RCPT
        await self._say(b"RCPT", f"TO:<{recipient}>")
        self.phase = Phase.DATA
        go_on = await client.execute_command(b"DATA")
        if go_on.code != _START_INPUT:
            raise SMTPDataError(go_on.code, go_on.message)
        protocol = client.protocol
        if protocol is None:
            raise SMTPServerDisconnected("lost before the body")
        protocol.write(as_data(mail.message))
        self.phase = Phase.BODY
        answer = await protocol.read_response(timeout=self._timeouts.answer)
        return classify_reply(SmtpReply(phase=self.phase, code=answer.code, text=answer.message))

    async def _say(self, command: bytes, argument: str) -> None:
        """Name one side of the envelope, whose addresses were looked at before they came here."""
        answer = await self._connection.client.execute_command(command, argument.encode("ascii"))
        if answer.code not in _TAKEN:
            raise SMTPResponseException(answer.code, answer.message)

    async def _tidy_up(self, error: Exception) -> None:
        """Forget a refused mail, so that the next one may use the connection."""
        answered = isinstance(error, SMTPResponseException) and error.code >= _REFUSALS
        if not answered or not self._connection.client.is_connected:
            return
        with suppress(SMTPException, OSError):
            await self._connection.client.rset()
            self._connection.clean = True


def as_data(message: bytes) -> bytes:
    """Write a message as DATA carries it: lines end in CRLF, leading dots doubled, a dot alone."""
    plain = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    stuffed = b"\n" + plain.removesuffix(b"\n") + b"\n"
    return stuffed.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")[2:] + b".\r\n"
