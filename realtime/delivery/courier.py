"""Takes one claimed delivery to its end: decide, put into words, record, send, record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.preferences import Channel
from realtime.clock import Clock
from realtime.delivery.board import Board
from realtime.delivery.carrier import Carrier
from realtime.delivery.domains import DomainCircuits
from realtime.delivery.gate import Do, Ruling, decide
from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome
from realtime.delivery.quarantine import Quarantine
from realtime.delivery.reasons import Reason
from realtime.delivery.recorder import Recorder
from realtime.delivery.verdict import Try, Verdicts
from storage.deliveries import Status

# What a channel lacks when nothing carries its alerts.
MISSING: Mapping[Channel, Reason] = {
    Channel.PUSH: Reason.NO_VAPID_KEY,
    Channel.EMAIL: Reason.NO_RELAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a lane must know: whether to look again soon, and for how many seconds to rest."""

    comes_again: bool = False
    rest: float = 0.0


class Courier:
    """Knows the carriers."""

    def __init__(
        self,
        *,
        carriers: Mapping[Channel, Carrier],
        recorder: Recorder,
        verdicts: Verdicts,
        clock: Clock,
        lease: timedelta,
        board: Board | None = None,
    ) -> None:
        self._carriers = carriers
        self._recorder = recorder
        self._verdicts = verdicts
        self._clock = clock
        self._lease = lease
        self._quarantine = Quarantine()
        self._domains = DomainCircuits(board)

    async def deliver(self, moment: Moment) -> Done:
        """Bring a delivery to its end, or to its next moment.

        One that raises is left to its lease, like one whose worker crashed: three times, and it
        is taken for poison.
        """
        channel = Channel(moment.claim.channel)
        carrier = self._carriers.get(channel)
        missing = MISSING[channel] if carrier is None else None
        ruling = decide(moment.situation(missing=missing))
        if ruling.do is Do.SEND:
            ruling = self._put_off(moment) or ruling
        if ruling.do is Do.SEND and carrier is not None:
            async with self._quarantine.place(moment.claim.crashes):
                return await self._send(carrier, moment)
        now = self._clock.now()
        ruled = self._verdicts.ruled(moment.claim, ruling, now, moment.target)
        await self._recorder.write(ruled)
        return Done(comes_again=ruled.status is Status.SCHEDULED)

    def _put_off(self, moment: Moment) -> Ruling | None:
        """Leave alone who puts off what is sent to them; no attempt is spent on it."""
        if moment.address is None:
            return None
        until = self._domains.rests_until(moment.address, self._clock.now())
        return None if until is None else Ruling(Do.WAIT, Reason.DOMAIN_RESTING, until=until)

    async def _send(self, carrier: Carrier, moment: Moment) -> Done:
        claim = moment.claim
        if claim.crashes and not await self._recorder.write(
            self._verdicts.suspected(claim, self._clock.now() + self._lease)
        ):
            return Done()
        parcel = carrier.pack(moment)
        async with carrier.place():
            began = self._clock.now()
            begun = self._verdicts.begun(claim, began, began + self._lease)
            if not await self._recorder.write(begun):
                return Done()
            carried = await carrier.carry(parcel)
        outcome = await carrier.settle(moment, carried)
        if moment.address is not None:
            self._domains.learn(moment.address, outcome, self._clock.now())
        tried = self._verdicts.tried(
            claim, Try(began=began, outcome=outcome, target=moment.target), self._clock.now()
        )
        await self._recorder.write(tried)
        return Done(comes_again=tried.status is Status.SCHEDULED, rest=_rest(outcome))


def _rest(outcome: Outcome) -> float:
    """Tell how long the whole channel is down, if that is what came of it."""
    return outcome.retry_after or 0.0 if outcome.all_wait else 0.0
