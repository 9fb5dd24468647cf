"""The worker: takes what is due out of the queue and out of the house, any number of them at once.

Every part of it may end at any moment: what it held is found again when its lease runs out.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import random as any_number
from typing import Any

from domain.preferences import Channel
from realtime.clock import Clock
from realtime.delivery.board import Board
from realtime.delivery.board_exchange import BoardExchange
from realtime.delivery.carrier import Carrier
from realtime.delivery.company import Measure
from realtime.delivery.courier import MISSING, Courier
from realtime.delivery.lane import Lane, LaneLoop, Pace
from realtime.delivery.leases import Leases
from realtime.delivery.message_planner import MessagePeriods
from realtime.delivery.moment import Moments
from realtime.delivery.reasons import Reason
from realtime.delivery.recorder import Decided, Recorder, Told, tell_nobody, watch_nothing
from realtime.delivery.succession import Succession
from realtime.delivery.threads import InFocus, Threads, nobody_looks
from realtime.delivery.verdict import Verdicts
from realtime.delivery.webhooks.courier import OnDisabled, WebhookCourier
from realtime.delivery.webhooks.moment import WebhookMoments
from realtime.delivery.webhooks.poster import WebhookPoster
from storage.deliveries import BUCKET, WEBHOOK, Priority
from storage.engine import Database

# New orders have a lane of their own among the pushes; of the mails they are always the first.
# Digests come at the end of somebody's night or hour, many at once: they hold up nothing else.
LANES = (
    Lane(
        name="push_new_order",
        channel=Channel.PUSH,
        priorities=(Priority.FIRST, Priority.AGAIN_FIRST),
        at_once=128,
    ),
    Lane(
        name="push",
        channel=Channel.PUSH,
        priorities=(Priority.NORMAL, Priority.CROWD, Priority.AGAIN),
        at_once=128,
    ),
    Lane(
        name="push_digest",
        channel=Channel.PUSH,
        priorities=(Priority.DIGEST,),
        at_once=16,
        is_seldom=True,
    ),
    Lane(
        name="email",
        channel=Channel.EMAIL,
        priorities=tuple(each for each in Priority if each is not Priority.DIGEST),
        at_once=64,
    ),
    Lane(
        name="email_digest",
        channel=Channel.EMAIL,
        priorities=(Priority.DIGEST,),
        at_once=8,
        is_seldom=True,
    ),
)

WEBHOOKS = Lane(
    name="webhook",
    channel=WEBHOOK,
    priorities=(Priority.NORMAL, Priority.CROWD, Priority.AGAIN),
    at_once=32,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """What takes events to the marketplace's endpoints, and who is told of one that is given up."""

    poster: WebhookPoster
    on_disabled: OnDisabled


class Worker:
    """Runs the lanes; a channel without a carrier lets its deliveries wait, and says so.

    ``watch`` is told of each decision after it was written, ``tell`` in its transaction;
    ``in_focus`` knows who looks at what. What is shut stands on the
    ``board``, of which the carriers know as well.
    """

    def __init__(
        self,
        *,
        database: Database,
        carriers: Mapping[Channel, Carrier],
        clock: Clock,
        new_id: Callable[[], str],
        lanes: tuple[Lane, ...] = LANES,
        pace: Pace | None = None,
        random: Callable[[], float] = any_number,
        watch: Callable[[Decided], None] = watch_nothing,
        in_focus: InFocus = nobody_looks,
        message_periods: MessagePeriods | None = None,
        measure: Measure | None = None,
        tell: Told = tell_nobody,
        webhooks: Webhooks | None = None,
        board: Board | None = None,
    ) -> None:
        pace = pace or Pace()
        board = board or Board()
        self._patience = pace.after_failure
        self._exchange = BoardExchange(board=board, database=database, clock=clock, every=pace.poll)
        lease = timedelta(seconds=pace.lease)
        verdicts = Verdicts(new_id=new_id, random=random)
        self._recorder = Recorder(
            database=database,
            give_up=pace.lease,
            succession=Succession(new_id=new_id),
            tell=tell,
            watch=watch,
        )
        self._leases = Leases(database=database, verdicts=verdicts, clock=clock, lease=lease)
        parts: Mapping[str, Any] = {
            "recorder": self._recorder,
            "verdicts": verdicts,
            "clock": clock,
            "lease": lease,
        }
        of_lane: Mapping[str, Any] = {
            "bucket": BUCKET,
            "database": database,
            "leases": self._leases,
            "clock": clock,
            "pace": pace,
            "random": random,
        }
        courier = Courier(carriers=carriers, board=board, **parts)
        threads = Threads(
            database=database, in_focus=in_focus, periods=message_periods or MessagePeriods()
        )
        self._loops: list[LaneLoop[Any]] = [
            LaneLoop(
                lane,
                moments=Moments(
                    database=database, threads=threads, measure=measure or Measure(), clock=clock
                ),
                courier=courier,
                waited_for=_waited_for(lane, carriers),
                **of_lane,
            )
            for lane in lanes
        ]
        if webhooks is not None:
            self._loops.append(
                LaneLoop(
                    WEBHOOKS,
                    moments=WebhookMoments(database=database, clock=clock),
                    courier=WebhookCourier(
                        poster=webhooks.poster,
                        on_disabled=webhooks.on_disabled,
                        database=database,
                        **parts,
                    ),
                    waited_for=None,
                    **of_lane,
                )
            )
        self._over = asyncio.Event()
        self._over.set()

    def wake(self) -> None:
        """Something may be due: look at once."""
        for loop in self._loops:
            loop.wake()

    def learn(self) -> None:
        """Something was found shut, or open again: read what."""
        self._exchange.ring()

    async def run(self) -> None:
        """Work until ``stop``, or until cancelled."""
        self._over.clear()
        # Nothing is tried that is known to be shut, if the database says so in time.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self._exchange.exchange()
        aside = [
            asyncio.create_task(self._leases.run()),
            asyncio.create_task(self._exchange.run()),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for loop in self._loops:
                    group.create_task(loop.run())
        finally:
            for task in aside:
                task.cancel()
            await self._recorder.close()
            self._over.set()

    async def stop(self) -> None:
        """Claim nothing more; wait until what is under way is over and the rest is given back."""
        for loop in self._loops:
            loop.stop()
        await self._over.wait()


def _waited_for(lane: Lane, carriers: Mapping[Channel, Carrier]) -> Reason | None:
    """Tell what deliveries of a lane may have waited for, now that something carries them."""
    channel = Channel(lane.channel)
    return MISSING[channel] if channel in carriers else None
