"""Takes one claimed event to its end: decide, sign, record, post, record."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from domain.webhooks import FAILS_AT_MOST
from realtime.clock import Clock
from realtime.delivery.courier import Done
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.quarantine import Quarantine
from realtime.delivery.reasons import Reason
from realtime.delivery.recorder import Recorder
from realtime.delivery.verdict import Try, Verdicts
from realtime.delivery.webhooks.moment import WebhookMoment
from realtime.delivery.webhooks.poster import WebhookPoster
from realtime.delivery.webhooks.signature import signed
from storage import webhooks
from storage.deliveries import Status
from storage.engine import Database, Transaction
from storage.rows import Record

log = structlog.get_logger(__name__)

OnDisabled = Callable[[Transaction, Record], Awaitable[None]]


class WebhookCourier:
    """Knows the poster; an endpoint that is gone, or fails for days, is sent nothing more.

    ``on_disabled`` tells whoever wants to know, in the transaction that makes it so.
    """

    def __init__(
        self,
        *,
        poster: WebhookPoster,
        database: Database,
        recorder: Recorder,
        verdicts: Verdicts,
        clock: Clock,
        lease: timedelta,
        on_disabled: OnDisabled,
    ) -> None:
        self._poster = poster
        self._database = database
        self._recorder = recorder
        self._verdicts = verdicts
        self._clock = clock
        self._lease = lease
        self._on_disabled = on_disabled
        self._quarantine = Quarantine()

    async def deliver(self, moment: WebhookMoment) -> Done:
        """Bring an event to its end, or to its next moment."""
        ruling = moment.ruling
        if ruling is None:
            async with self._quarantine.place(moment.claim.crashes):
                return await self._send(moment)
        ruled = self._verdicts.ruled(moment.claim, ruling, self._clock.now(), moment.target)
        await self._recorder.write(ruled)
        return Done()

    async def _send(self, moment: WebhookMoment) -> Done:
        claim, endpoint = moment.claim, moment.endpoint
        assert endpoint is not None, "what is gone is cancelled"
        began = self._clock.now()
        lease_until = began + self._lease
        if claim.crashes and not await self._recorder.write(
            self._verdicts.suspected(claim, lease_until)
        ):
            return Done()
        body = moment.body
        headers = signed(moment.secrets, event_id=claim.notification_id, at=began, body=body)
        if not await self._recorder.write(self._verdicts.begun(claim, began, lease_until)):
            return Done()
        outcome = await self._poster.post(endpoint.url, body, headers)
        await self._judge(endpoint, outcome)
        tried = self._verdicts.tried(
            claim, Try(began=began, outcome=outcome, target=moment.target), self._clock.now()
        )
        await self._recorder.write(tried)
        return Done(comes_again=tried.status is Status.SCHEDULED)

    async def _judge(self, endpoint: Record, outcome: Outcome) -> None:
        """Note how an endpoint does: of one that works there is nothing to write."""
        now = self._clock.now()
        if outcome.result is Result.ACCEPTED:
            if endpoint.failing_since is not None:
                await self._note(webhooks.note_working, endpoint.id)
        elif outcome.result is Result.GONE:
            await self._disable(endpoint, Reason.ENDPOINT_GONE, now)
        elif endpoint.failing_since is None:
            await self._note(webhooks.note_failing, endpoint.id, now)
        elif now - endpoint.failing_since >= FAILS_AT_MOST:
            await self._disable(endpoint, Reason.ENDPOINT_FAILS, now)

    async def _note(self, note: Callable[..., Awaitable[None]], *about: object) -> None:
        async def work(tx: Transaction) -> None:
            await note(tx.connection, *about)
            tx.ring(webhooks.DOORBELL)

        await self._database.transaction(work)

    async def _disable(self, endpoint: Record, reason: Reason, now: datetime) -> None:
        async def work(tx: Transaction) -> None:
            row = await webhooks.disable(tx.connection, endpoint.id, reason=reason, at=now)
            if row is None:
                return
            await self._on_disabled(tx, row)
            tx.ring(webhooks.DOORBELL)
            tx.remember(lambda: log.error("webhook_disabled", webhook=row.id, reason=reason))

        await self._database.transaction(work)
