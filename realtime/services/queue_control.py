"""The delivery queue as operators look at it and hold it: figures, lists, pauses."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import get_args

from domain.errors import NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from domain.queue import Filter
from realtime.clock import Clock
from realtime.services import queue_shapes
from realtime.services.auditing import Audit
from realtime.services.paging import page_of
from realtime.services.queue_figures import STATES, Depth, QueueFigures, Rate
from realtime.services.queue_shapes import (
    ChannelName,
    Delivery,
    PausedChannel,
    QueueFigure,
    Queues,
    WholeDelivery,
)
from realtime.services.shapes import Page
from storage import ledger, pauses, queue_filter
from storage.deliveries import BUCKET, DOORBELL
from storage.engine import Database, Transaction
from storage.rows import Record

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
# What the ledger calls what comes in, goes out, and is given up.
IN, OUT, DEAD = "planned", "accepted", "dead"


class QueueControl:
    """Use cases of the operators who look after what goes out."""

    def __init__(
        self, *, database: Database, figures: QueueFigures, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._figures = figures
        self._audit = audit
        self._clock = clock

    async def figures(self) -> Queues:
        """Tell how the queue stands."""
        depths, rates = await self._figures.depths(), await self._figures.rates()
        shut = await self._figures.shut()
        async with self._database.reading() as connection:
            paused = {row.channel: row for row in await pauses.paused(connection)}
        abandoned = sum(depth.abandoned for depth in depths)
        sending = sum(depth.count for depth in depths if depth.state == "sending")
        return {
            "items": _by_queue(depths, rates),
            "next_cursor": None,
            "at": rfc3339(self._clock.now()),
            "channels": [_pause(name, paused.get(name)) for name in CHANNELS],
            "circuits": [queue_shapes.circuit(row) for row in shut],
            "leases": {"held": sending - abandoned, "abandoned": abandoned},
        }

    async def page(self, chosen: Filter, *, after: str | None, limit: int) -> Page[Delivery]:
        """List deliveries, the latest first."""
        async with self._database.reading() as connection:
            rows = await queue_filter.page(
                connection, BUCKET, chosen, now=self._clock.now(), after=after, limit=limit + 1
            )
            ids = [row.id for row in rows[:limit]]
            lines = await ledger.of_deliveries(connection, BUCKET, ids)
            tries = await ledger.tries_of(connection, BUCKET, ids)
        shown = {one["id"]: one for one in queue_shapes.deliveries(rows[:limit], lines, tries)}
        return page_of(rows, limit, show=lambda row: _short(shown[row.id]), key=lambda r: (r.id,))

    async def show(self, operator: Identity, delivery_id: str) -> WholeDelivery:
        """Show one with every attempt and decision; it is noted who looks."""
        async with self._database.reading() as connection:
            row = await queue_filter.one(connection, BUCKET, delivery_id, self._clock.now())
            if row is None:
                raise NotFound("there is no such delivery")
            lines = await ledger.of_deliveries(connection, BUCKET, [delivery_id])
            tries = await ledger.tries_of(connection, BUCKET, [delivery_id])
        await self._audit.looked(operator, f"delivery:{delivery_id}")
        [shown] = queue_shapes.deliveries([row], lines, tries)
        return shown

    async def pause(self, operator: Identity, channel: ChannelName, why: str) -> PausedChannel:
        """Have nothing more taken of a channel; what workers have goes on to its end."""
        values = {
            "channel": channel,
            "paused_at": self._clock.now(),
            "paused_by": operator.account_id,
            "why": why,
        }

        async def work(tx: Transaction) -> PausedChannel:
            if await pauses.pause(tx.connection, values):
                about = f"queue:{channel}"
                await self._audit.note(tx, operator.account_id, "queue.pause", about, why=why)
            return await _paused(tx, channel)

        return await self._database.transaction(work)

    async def resume(self, operator: Identity, channel: ChannelName) -> PausedChannel:
        """Have a channel go on."""

        async def work(tx: Transaction) -> PausedChannel:
            if await pauses.resume(tx.connection, channel):
                await self._audit.note(tx, operator.account_id, "queue.resume", f"queue:{channel}")
                tx.ring(DOORBELL)
            return await _paused(tx, channel)

        return await self._database.transaction(work)


async def _paused(tx: Transaction, channel: ChannelName) -> PausedChannel:
    rows = {row.channel: row for row in await pauses.paused(tx.connection)}
    return _pause(channel, rows.get(channel))


def _pause(channel: ChannelName, row: Record | None) -> PausedChannel:
    return {
        "channel": channel,
        "paused": row is not None,
        "paused_at": rfc3339(row.paused_at) if row else None,
        "paused_by": row.paused_by if row else None,
        "why": row.why if row else "",
    }


def _short(whole: WholeDelivery) -> Delivery:
    shown = {name: value for name, value in whole.items() if name != "ledger"}
    return shown  # type: ignore[return-value] # it is whole but for its ledger


def _by_queue(depths: Sequence[Depth], rates: Sequence[Rate]) -> list[QueueFigure]:
    counts: Mapping[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATES, 0))
    ages: dict[tuple[str, str], float] = defaultdict(float)
    paces: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for depth in depths:
        queue = (depth.channel, depth.category)
        counts[queue][depth.state] += depth.count
        ages[queue] = max(ages[queue], depth.oldest_due)
    for rate in rates:
        paces[rate.channel, rate.category][rate.decision] += rate.per_second
    return [
        _figure(queue, counts[queue], ages[queue], paces[queue])
        for queue in sorted({*counts, *paces})
    ]


def _figure(
    queue: tuple[str, str], counts: Mapping[str, int], age: float, paces: Mapping[str, float]
) -> QueueFigure:
    return {
        "channel": queue[0],
        "category": queue[1],
        "scheduled": counts["scheduled"],
        "due": counts["due"],
        "retrying": counts["retrying"],
        "sending": counts["sending"],
        "dead": counts["dead"],
        "uncertain": counts["uncertain"],
        "oldest_due_seconds": round(age, 3),
        "rate_in": round(paces[IN], 3),
        "rate_out": round(paces[OUT], 3),
        "rate_dead": round(paces[DEAD], 3),
    }
