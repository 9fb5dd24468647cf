"""Whoever others went with ends untold: the next one takes its place, and the ledger says so."""

from collections.abc import Callable, Sequence
from datetime import datetime

from realtime.delivery.reasons import Decision
from storage import companions, ledger
from storage.companions import Place
from storage.deliveries import DOORBELL
from storage.engine import Transaction


class Succession:
    """Used in the transaction in which a delivery ends in any way but telling."""

    def __init__(self, *, new_id: Callable[[], str]) -> None:
        self._new_id = new_id

    async def pass_on(self, tx: Transaction, places: Sequence[Place], now: datetime) -> None:
        """Have somebody else wait in each of these places for those that are still to be told."""
        if not places:
            return
        heirs = await companions.hand_over(tx.connection, places, now)
        if not heirs:
            return
        lines = [
            {
                "bucket": heir.bucket,
                "id": self._new_id(),
                "delivery_id": heir.id,
                "account_id": heir.account_id,
                "notification_id": heir.notification_id,
                "at": now,
                "channel": heir.channel,
                "target": "",
                "decision": Decision.RETRIED,
                "reason": place.reason,
                "detail": "",
            }
            for heir, place in heirs
        ]
        await ledger.write(tx.connection, lines)
        tx.ring(DOORBELL)
