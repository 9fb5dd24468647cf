"""Contacts: who has been in touch with whom, and who may write first."""

from datetime import datetime, timedelta

from domain.errors import Invalid
from domain.instants import rfc3339_or_none
from realtime.clock import Clock
from realtime.services.views import Shape
from storage import accounts, contacts, conversations
from storage.engine import Database, Transaction

LONGEST_GRANT = timedelta(days=3_650)


class Contacts:
    """Use cases around pairs of people."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def grant(self, *, seller_id: str, buyer_id: str, until: datetime | None) -> Shape:
        """Let a seller write to a buyer first until a time; without one the grant ends now."""
        if seller_id == buyer_id:
            raise Invalid.field("buyer_id", "is the seller")
        if until is not None:
            _check_until(until, self._clock.now())

        async def work(tx: Transaction) -> None:
            for name, account_id in (("seller_id", seller_id), ("buyer_id", buyer_id)):
                if await accounts.get(tx.connection, account_id) is None:
                    raise Invalid.field(name, "there is no such account")
            if until is None:
                await contacts.take_grant_back(tx.connection, seller_id, buyer_id)
            else:
                await contacts.grant(tx.connection, seller_id, buyer_id, until)
            pair = await contacts.get(tx.connection, seller_id, buyer_id)
            if pair is not None:
                await conversations.change_rights(tx.connection, pair.conversation_id)

        await self._database.transaction(work)
        return {"seller_id": seller_id, "buyer_id": buyer_id, "until": rfc3339_or_none(until)}


def _check_until(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Invalid.field("until", "is in the past")
    if until - now > LONGEST_GRANT:
        raise Invalid.field("until", f"is more than {LONGEST_GRANT.days} days away")
