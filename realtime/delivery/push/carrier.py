"""Carries alerts to browsers; composes at the last moment, drops subscriptions that are gone."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

from domain.preferences import Category
from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.by_kind import Sends
from realtime.delivery.push.compose import compose_push, push_topic
from realtime.delivery.push.sender import Push, Urgency
from realtime.delivery.reasons import Reason
from storage import recipients
from storage.engine import Database, Transaction

# Phones hold back what is not urgent; somebody waits for an answer to these.
_URGENT = frozenset(
    {
        Category.NEW_ORDER,
        Category.ORDER_UPDATE,
        Category.ORDER_MESSAGE,
        Category.INBOX_MESSAGE,
    }
)


class PushCarrier:
    """Web push; links are made absolute with ``public_url``."""

    def __init__(self, *, sender: Sends, database: Database, public_url: str) -> None:
        self._sender = sender
        self._database = database
        self._public_url = public_url

    def pack(self, moment: Moment) -> Push:
        """Compose the push for the device that the delivery is for."""
        device = moment.device
        assert device is not None, "the gate skips what has no device"
        alert = moment.alert(public_url=self._public_url)
        left = moment.claim.expires_at - moment.now
        return Push(
            kind=device.kind,
            vapid_key=device.vapid_key,
            endpoint=device.endpoint,
            p256dh=device.p256dh,
            auth=device.auth,
            payload=compose_push(alert),
            ttl=int(left.total_seconds()),
            urgency=_urgency(moment.claim.category),
            topic=push_topic(alert),
        )

    def place(self) -> AbstractAsyncContextManager[object]:
        """Wait for nothing: its sender knows how much an origin takes, and a push may repeat."""
        return nullcontext()

    async def carry(self, parcel: Push) -> Outcome:
        """Send it."""
        return await self._sender.send(parcel)

    async def settle(self, moment: Moment, outcome: Outcome) -> Outcome:
        """Drop a subscription that is gone, unless its browser has renewed it meanwhile."""
        if outcome.result is not Result.GONE:
            return outcome
        device = moment.device
        assert device is not None, "it was just sent to"

        async def work(tx: Transaction) -> bool:
            await recipients.drop_device(
                tx.connection, device.account_id, device.id, p256dh=device.p256dh
            )
            return bool(await recipients.devices(tx.connection, {device.account_id}))

        others_go_on = await self._database.transaction(work)
        return outcome if others_go_on else replace(outcome, reason=Reason.NO_SUBSCRIPTION)

    async def close(self) -> None:
        """Close every connection."""
        await self._sender.close()


def _urgency(category: str) -> Urgency:
    return "high" if category in _URGENT else "normal"
