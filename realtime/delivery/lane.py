"""One lane of the queue: claims what it has room for, and has each delivery taken to its end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from realtime.clock import Clock
from realtime.delivery.courier import Done
from realtime.delivery.leases import Leases
from realtime.delivery.reasons import Reason
from storage import deliveries
from storage.deliveries import Claim, Priority
from storage.engine import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What goes through it, and how many deliveries at once.

    Where there ``is_seldom`` something it is looked for before it is claimed: each bell rings for
    all lanes, and to look is cheaper.
    """

    name: str
    channel: str
    priorities: tuple[Priority, ...]
    at_once: int
    is_seldom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds that the worker takes its time for."""

    lease: float = 30.0
    # How often the queue is looked at when nobody rings; half of it at least, at random.
    poll: float = 1.0
    # A claim at most this often, so that what comes meanwhile goes with the next one.
    gather: float = 0.01
    # A look for what is seldom at most this often.
    glance: float = 0.1
    # While there is more to claim, it waits so long for half of its slots.
    fill: float = 0.25
    # Behind an error of ours.
    after_failure: float = 1.0
    # What is under way may take this long when the worker stops.
    grace: float = 10.0


class Taken(Protocol):
    """What a delivery finds when it falls due."""

    @property
    def claim(self) -> Claim:
        """The delivery."""
        ...


M = TypeVar("M", bound=Taken)
Shown = TypeVar("Shown", bound=Taken, covariant=True)
Given = TypeVar("Given", bound=Taken, contravariant=True)


class Reads(Protocol[Shown]):
    """Reads what deliveries find, in a few queries for all of them."""

    async def of(self, claims: Sequence[Claim]) -> Sequence[Shown]:
        """Return a moment for each claim, in order."""
        ...


class Delivers(Protocol[Given]):
    """Brings a delivery to its end, or to its next moment."""

    async def deliver(self, moment: Given) -> Done:
        """Do so; what it raises leaves the delivery to its lease."""
        ...


class LaneLoop(Generic[M]):
    """Runs one lane until it is stopped."""

    def __init__(
        self,
        lane: Lane,
        *,
        bucket: int,
        database: Database,
        moments: Reads[M],
        courier: Delivers[M],
        leases: Leases,
        clock: Clock,
        pace: Pace,
        random: Callable[[], float],
        waited_for: Reason | None,
    ) -> None:
        self._lane = lane
        self._bucket = bucket
        self._database = database
        self._moments = moments
        self._courier = courier
        self._leases = leases
        self._clock = clock
        self._pace = pace
        self._random = random
        # What deliveries of this channel may have waited for, and need not any longer.
        self._waited_for = waited_for
        self._under_way: set[asyncio.Task[None]] = set()
        self._rung = asyncio.Event()
        self._freed = asyncio.Event()
        self._stopping = False
        self._more = False
        self._rests_until = 0.0

    def wake(self) -> None:
        """Look at the queue now."""
        self._rung.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._rung.set()
        self._freed.set()

    async def run(self) -> None:
        """Claim and deliver until stopped; errors of ours are logged and waited out."""
        try:
            while not self._stopping:
                try:
                    await self._round()
                except Exception:
                    log.exception("lane_failed", lane=self._lane.name)
                    await self._until_rung(self._pace.after_failure)
            await self._settle()
        finally:
            await self._abandon()

    async def _settle(self) -> None:
        """Wait for what is under way, for a while."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._pace.grace)

    async def _abandon(self) -> None:
        """Leave what is not over to its lease."""
        late = set(self._under_way)
        for task in late:
            log.warning("delivery_abandoned", lane=self._lane.name)
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _round(self) -> None:
        await self._hurry()
        await self._room()
        if self._stopping:
            return
        self._rung.clear()
        if self._lane.is_seldom and (patience := await self._patience()) > 0:
            await asyncio.sleep(self._pace.glance)
            await self._until_rung(patience)
            return
        asked = self._lane.at_once - len(self._under_way)
        claimed_at = _monotonic()
        claims = await self._claim(asked)
        self._more = len(claims) == asked
        if claims:
            await self._start(claims)
        if not self._more:
            await self._idle(claimed_at)

    async def _hurry(self) -> None:
        """Let what waited for this channel to be configured go out now that it is."""
        if self._waited_for is None:
            return
        reason, now = self._waited_for, self._clock.now()
        await self._database.transaction(
            lambda tx: deliveries.hurry(
                tx.connection,
                bucket=self._bucket,
                channel=self._lane.channel,
                reason=reason,
                now=now,
            )
        )
        self._waited_for = None

    async def _room(self) -> None:
        """Wait for a slot; while there is more to claim, for half of them, but not for long."""
        if self._more and len(self._under_way) > self._lane.at_once // 2:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.fill):
                    await self._until_under_way(self._lane.at_once // 2)
        await self._until_under_way(self._lane.at_once - 1)
        rest = self._rests_until - _monotonic()
        if rest > 0 and not self._stopping:
            await self._until_stopped(rest)

    async def _until_under_way(self, most: int) -> None:
        while len(self._under_way) > most and not self._stopping:
            self._freed.clear()
            await self._freed.wait()

    async def _claim(self, most: int) -> list[Claim]:
        now = self._clock.now()
        lease_until = now + timedelta(seconds=self._pace.lease)
        return await self._database.transaction(
            lambda tx: deliveries.claim(
                tx.connection,
                bucket=self._bucket,
                channel=self._lane.channel,
                priorities=self._lane.priorities,
                limit=most,
                now=now,
                lease_until=lease_until,
                token=self._leases.new_token(),
            )
        )

    async def _start(self, claims: Sequence[Claim]) -> None:
        moments = await self._moments.of(claims)
        if self._stopping:
            await self._leases.give_back(claims)
            return
        self._leases.hold(claims)
        for moment in moments:
            task = asyncio.create_task(self._deliver(moment))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    async def _deliver(self, moment: M) -> None:
        try:
            done = await self._courier.deliver(moment)
            if done.rest:
                self._rests_until = max(self._rests_until, _monotonic() + done.rest)
            if done.comes_again:
                self._rung.set()  # it may be due before what is waited for
        except Exception:
            log.exception("delivery_failed", delivery=moment.claim.id)
        finally:
            self._leases.let_go(moment.claim)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._freed.set()

    async def _idle(self, claimed_at: float) -> None:
        """Wait for the bell, for what falls due next, or for the next look."""
        await asyncio.sleep(max(0.0, claimed_at + self._pace.gather - _monotonic()))
        if self._rung.is_set():
            return
        await self._until_rung(max(self._pace.gather, await self._patience()))

    async def _patience(self) -> float:
        """Tell how long nothing falls due, as far as is known; not longer than until the poll."""
        poll = self._pace.poll * (1 + self._random()) / 2
        async with self._database.reading() as connection:
            ready_at = await deliveries.next_ready(
                connection,
                bucket=self._bucket,
                channel=self._lane.channel,
                priorities=self._lane.priorities,
            )
        if ready_at is None:
            return poll
        left = (ready_at - self._clock.now()).total_seconds()
        return max(0.0, min(left, poll))

    async def _until_rung(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()

    async def _until_stopped(self, seconds: float) -> None:
        end = _monotonic() + seconds
        while not self._stopping and (left := end - _monotonic()) > 0:
            self._rung.clear()
            await self._until_rung(left)
        self._rung.set()


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
