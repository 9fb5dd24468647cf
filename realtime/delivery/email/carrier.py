"""Carries alerts as mails: the same Message-ID for each attempt of a delivery."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from domain.preferences import Channel
from domain.suppression import Bounce, BounceKind
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.dkim import DkimSigner
from realtime.delivery.email.headers import message_id
from realtime.delivery.email.mail import Mail
from realtime.delivery.email.relay import PoolLimits
from realtime.delivery.email.reply_address import ReplyAddresses
from realtime.delivery.email.sender import MailSender
from realtime.delivery.email.unsubscribe import UnsubscribeTokens, Unsubscription
from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome
from realtime.delivery.reasons import Reason

# Which ends of an attempt say something about the address.
_BOUNCES: Mapping[str, BounceKind] = {
    Reason.HARD_BOUNCE: BounceKind.HARD,
    Reason.MAILBOX_FULL: BounceKind.SOFT,
}


# So many mails are under way at a time: those that have a connection, and as many that are being
# written down to be sent. A worker that is killed leaves no more of them in doubt.
UNDER_WAY = 2 * PoolLimits().connections


class Bounces(Protocol):
    """Where it is counted what came back."""

    async def note(self, bounce: Bounce) -> None:
        """Count it, and write to the address no more if it was one too many."""
        ...


class MailCarrier:
    """E-mail; links and Message-IDs are made with ``public_url``.

    With ``replies`` mails can be answered, and what comes back of them comes to us.
    """

    def __init__(
        self,
        *,
        sender: MailSender,
        composer: MailComposer,
        tokens: UnsubscribeTokens,
        bounces: Bounces,
        public_url: str,
        signer: DkimSigner | None = None,
        replies: ReplyAddresses | None = None,
    ) -> None:
        self._sender = sender
        self._composer = composer
        self._tokens = tokens
        self._bounces = bounces
        self._signer = signer
        self._replies = replies
        self._public_url = public_url
        self._places = asyncio.Semaphore(UNDER_WAY)
        self._domain = urlsplit(public_url).hostname or "localhost"

    def pack(self, moment: Moment) -> Mail:
        """Compose the mail."""
        claim = moment.claim
        wish = Unsubscription(claim.account_id, claim.category, Channel.EMAIL)
        mail = self._composer.compose(
            replace(
                moment.alert(public_url=self._public_url),
                message_id=message_id(claim.id, self._domain),
                unsubscribe_url=f"{self._public_url}/u/{self._tokens.make(wish)}",
                reply_to=self._reply_to(moment),
            )
        )
        return replace(mail, sender=self._replies.bounces) if self._replies else mail

    def _reply_to(self, moment: Moment) -> str | None:
        """Return where the mail is answered, if there is a conversation to answer in."""
        about = moment.told
        if self._replies is None or about is None or about.conversation_id is None:
            return None
        return self._replies.make(moment.claim.id)

    def place(self) -> AbstractAsyncContextManager[object]:
        """Wait until a connection is free, or soon will be."""
        return self._places

    async def carry(self, parcel: Mail) -> Outcome:
        """Hand it to the first relay that takes it."""
        signed = await self._signer.signed(parcel) if self._signer else parcel
        return await self._sender.send(signed)

    async def settle(self, moment: Moment, outcome: Outcome) -> Outcome:
        """Count what came back against the address."""
        kind = _BOUNCES.get(outcome.reason)
        if kind is not None:
            assert moment.told is not None, "it was just written to"
            await self._bounces.note(
                Bounce(
                    account_id=moment.claim.account_id,
                    address=moment.told.email,
                    delivery_id=moment.claim.id,
                    kind=kind,
                    detail=outcome.detail,
                )
            )
        return outcome

    async def close(self) -> None:
        """Close every connection."""
        await self._sender.close()
