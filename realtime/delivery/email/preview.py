"""Mails to look at, and to send to oneself: about nobody, but made and sent like all others."""

from dataclasses import dataclass, replace

from realtime.clock import Clock
from realtime.delivery.email import samples
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.dkim import DkimSigner
from realtime.delivery.email.headers import message_id
from realtime.delivery.email.letter import write_letter
from realtime.delivery.email.sender import MailSender
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A mail as it is read."""

    subject: str
    text: str
    html: str


_NO_RELAY = Outcome(result=Result.PAUSED, reason=Reason.NO_RELAY)


class MailPreview:
    """Makes sample mails; without ``sender`` none are sent."""

    def __init__(
        self,
        *,
        composer: MailComposer,
        sender: MailSender | None,
        signer: DkimSigner | None,
        clock: Clock,
        public_url: str,
        domain: str,
    ) -> None:
        self._composer = composer
        self._sender = sender
        self._signer = signer
        self._clock = clock
        self._public_url = public_url
        self._domain = domain

    def names(self) -> list[str]:
        """Name every mail that there is."""
        return samples.names()

    def show(self, name: str, locale: str) -> Shown:
        """Make a mail to look at; raises ``KeyError`` for one that there is not."""
        letter = write_letter(
            samples.sample(name, locale=locale, now=self._clock.now(), public_url=self._public_url)
        )
        return Shown(
            subject=letter.subject,
            text=self._composer.text(letter),
            html=self._composer.html(letter),
        )

    async def send(self, name: str, locale: str, to: str) -> Outcome:
        """Send a mail to an address, and tell what came of it."""
        alert = samples.sample(
            name, locale=locale, now=self._clock.now(), public_url=self._public_url
        )
        if self._sender is None:
            return _NO_RELAY
        mail = self._composer.compose(
            replace(alert, email=to, reply_to=None, message_id=message_id(new_id(), self._domain))
        )
        return await self._sender.send(await self._signer.signed(mail) if self._signer else mail)

    async def close(self) -> None:
        """Close every connection."""
        if self._sender is not None:
            await self._sender.close()
