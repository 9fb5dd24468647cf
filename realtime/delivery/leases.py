"""What this worker holds of the queue: renewed while it lasts, given back when it is not begun."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from realtime.clock import Clock
from realtime.delivery.verdict import Verdicts
from storage import deliveries, ledger
from storage.deliveries import Claim
from storage.engine import Database

log = structlog.get_logger(__name__)


class Leases:
    """Holds claims; ``run`` renews them three times in a lease."""

    def __init__(
        self,
        *,
        database: Database,
        verdicts: Verdicts,
        clock: Clock,
        lease: timedelta,
        new_token: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.new_token = new_token
        self._database = database
        self._verdicts = verdicts
        self._clock = clock
        self._lease = lease
        self._held: dict[str, Claim] = {}

    def hold(self, claims: Sequence[Claim]) -> None:
        """Renew these from now on."""
        self._held.update((claim.id, claim) for claim in claims)

    def let_go(self, claim: Claim) -> None:
        """Renew this one no longer, unless it was claimed again meanwhile."""
        if self._held.get(claim.id) is claim:
            del self._held[claim.id]

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Put back what was not begun."""
        now = self._clock.now()
        changes = [self._verdicts.returned(claim, now) for claim in claims]
        await self._database.transaction(lambda tx: ledger.record(tx.connection, changes))

    async def run(self) -> None:
        """Renew until cancelled; errors of ours are logged, and the next time may do."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await self._renew()
            except Exception:
                log.exception("leases_not_renewed", count=len(self._held))

    async def _renew(self) -> None:
        held = list(self._held.values())
        if not held:
            return
        until = self._clock.now() + self._lease
        kept = await self._database.transaction(
            lambda tx: deliveries.renew(tx.connection, held, until)
        )
        for claim in held:
            if claim.id not in kept:
                self.let_go(claim)
