"""Carries alerts as mails: the same Message-ID for each attempt of a delivery."""

from dataclasses import replace
from urllib.parse import urlsplit

from domain.preferences import Channel
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.headers import message_id
from realtime.delivery.email.mail import Mail
from realtime.delivery.email.sender import MailSender
from realtime.delivery.email.unsubscribe import UnsubscribeTokens, Unsubscription
from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome
from realtime.delivery.reasons import Reason


class MailCarrier:
    """E-mail; links and Message-IDs are made with ``public_url``."""

    def __init__(
        self,
        *,
        sender: MailSender,
        composer: MailComposer,
        tokens: UnsubscribeTokens,
        public_url: str,
    ) -> None:
        self._sender = sender
        self._composer = composer
        self._tokens = tokens
        self._public_url = public_url
        self._domain = urlsplit(public_url).hostname or "localhost"

    def pack(self, moment: Moment) -> Mail:
        """Compose the mail."""
        claim = moment.claim
        wish = Unsubscription(claim.account_id, claim.category, Channel.EMAIL)
        return self._composer.compose(
            replace(
                moment.alert(public_url=self._public_url),
                message_id=message_id(claim.id, self._domain),
                unsubscribe_url=f"{self._public_url}/u/{self._tokens.make(wish)}",
            )
        )

    async def carry(self, parcel: Mail) -> Outcome:
        """Hand it to the first relay that takes it."""
        return await self._sender.send(parcel)

    async def retire(self, _moment: Moment, outcome: Outcome) -> Reason:
        """Tell that the address takes no mail."""
        return Reason(outcome.reason)

    async def close(self) -> None:
        """Close every connection."""
        await self._sender.close()
