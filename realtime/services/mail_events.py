"""What became of mails after they were taken: to the ledger, and to the suppression list."""

from collections.abc import Callable, Sequence
from functools import partial

from domain.mail_events import (
    WENT_OUT,
    MailEvent,
    MailEventKind,
    Meaning,
    delivery_of,
    meaning_of,
)
from domain.preferences import Channel
from domain.suppression import Bounce
from realtime.clock import Clock
from realtime.services.suppressions import Suppressions
from storage import accounts, deliveries, ledger
from storage.deliveries import BUCKET
from storage.engine import Database, Transaction
from storage.rows import Record

LONGEST_DETAIL = 500


class MailEvents:
    """Use cases of whoever hears of mails: the listener for reports, and a provider's webhook.

    ``shown`` masks an address as the ledger does.
    """

    def __init__(
        self,
        *,
        database: Database,
        suppressions: Suppressions,
        shown: Callable[[str], str],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._suppressions = suppressions
        self._shown = shown
        self._clock = clock
        self._new_id = new_id

    async def note(self, events: Sequence[MailEvent]) -> int:
        """Note news; return how much of it is about mails of ours. Telling it again is harmless."""
        known = 0
        for event in events:
            known += await self._database.transaction(partial(self._one, event=event))
        return known

    async def _one(self, tx: Transaction, *, event: MailEvent) -> bool:
        delivery = await deliveries.get(tx.connection, BUCKET, delivery_of(event.message_id))
        if delivery is None or delivery.channel != Channel.EMAIL:
            return False
        meaning = meaning_of(event)
        before = await ledger.of_delivery(tx.connection, BUCKET, delivery.id)
        if any(line.reason == meaning.reason for line in _since_it_went_out(before)):
            return True
        await self._write(tx, delivery, event, meaning)
        account = await accounts.get(tx.connection, delivery.account_id)
        mailed_to = {line.target for line in before}
        # Somebody who has another address by now is written to there.
        if (
            meaning.counts is not None
            and account is not None
            and account.email
            and self._shown(account.email) in mailed_to
        ):
            await self._suppressions.count(
                tx,
                Bounce(
                    account_id=delivery.account_id,
                    address=account.email,
                    delivery_id=delivery.id,
                    kind=meaning.counts,
                    detail=event.detail,
                ),
            )
        return True

    async def _write(
        self, tx: Transaction, delivery: Record, event: MailEvent, meaning: Meaning
    ) -> None:
        now = self._clock.now()
        came_back = event.kind is MailEventKind.BOUNCE
        if came_back:
            await ledger.came_back(
                tx.connection, BUCKET, delivery.id, reason=meaning.reason, now=now
            )
        line = {
            "bucket": BUCKET,
            "id": self._new_id(),
            "delivery_id": delivery.id,
            "account_id": delivery.account_id,
            "notification_id": delivery.notification_id,
            "at": now,
            "channel": delivery.channel,
            "target": "",
            "decision": "dead" if came_back else "accepted",
            "reason": meaning.reason,
            "detail": f"{event.status} {event.detail}".strip()[:LONGEST_DETAIL],
        }
        await ledger.write(tx.connection, [line])


def _since_it_went_out(lines: Sequence[Record]) -> Sequence[Record]:
    """Leave out what an earlier try came to: a mail sent again may come back again."""
    last = max((at for at, line in enumerate(lines) if line.reason in WENT_OUT), default=-1)
    return lines[last + 1 :]
