"""Whatever happens to what waits for others: each alert is told, or has a reason of its own."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.delivery.recorder import Recorder
from realtime.delivery.succession import Succession
from realtime.ids import new_id
from storage.deliveries import Claim, Status
from storage.engine import Database
from storage.ledger import JOINED, Change
from storage.rows import Record, fetch_all
from storage.tables import deliveries
from tests.support.marketplace import OPERATOR, Marketplace
from tests.support.queue import Queue, a_change, a_delivery

HOUR = timedelta(hours=1)
HELD = ("quiet_hours", "capped", "batched")
UNTOLD = (Status.SKIPPED, Status.CANCELLED, Status.EXPIRED, Status.DEAD)
# News that are held; an hour later all is held again, or the first ends; and what operators do.
STEPS = st.one_of(
    st.tuples(st.sampled_from(["news", "held again"]), st.sampled_from(HELD)),
    st.tuples(st.just("ends"), st.sampled_from(UNTOLD)),
    st.tuples(st.sampled_from(["discard", "retry"]), st.just("")),
)


class Night:
    """A worker's hands, and an operator's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._market = Marketplace(database)
        self._queue = Queue(database)
        self._recorder = Recorder(
            database=database, give_up=30.0, succession=Succession(new_id=new_id)
        )

    async def step(self, act: str, how: str) -> None:
        """Do it."""
        if act == "news":
            due = self._market.clock.now()
            await self._queue.plan(a_delivery(due_at=due, category="service", created_at=due))
            await self._take(lambda claim, _: self._held(claim, how))
        elif act == "held again":
            self._market.clock.advance(HOUR)
            await self._take(lambda claim, _: self._held(claim, how))
        elif act == "ends":
            self._market.clock.advance(HOUR)
            await self._take(lambda claim, n: self._ended(claim, how if n == 0 else ""))
        else:
            await self._by_operator(act == "retry")

    async def morning(self) -> None:
        """Tell all that waits."""
        self._market.clock.advance(2 * HOUR)
        await self._take(lambda claim, _: self._ended(claim))

    async def rows(self) -> dict[str, Record]:
        """Read the queue."""
        async with self._database.reading() as connection:
            rows = await fetch_all(connection, deliveries.select().order_by(deliveries.c.id))
        return {row.id: row for row in rows}

    async def _by_operator(self, again: bool) -> None:
        waiting = [id_ for id_, row in (await self.rows()).items() if row.status == "scheduled"]
        for id_ in waiting[:1]:
            await self._market.replays.one(OPERATOR, "retry" if again else "discard", id_)

    async def _take(self, become: Callable[[Claim, int], Change]) -> None:
        now = self._market.clock.now()
        claims = await self._queue.claim(100, token=new_id()[:32], now=now)
        changes = [become(claim, n) for n, claim in enumerate(claims)]
        assert all(await asyncio.gather(*map(self._recorder.write, changes)))

    def _held(self, claim: Claim, reason: str) -> Change:
        now = self._market.clock.now()
        later = {"due_at": now + HOUR, "ready_at": now + HOUR, "at": now}
        waits = {"status": Status.SCHEDULED, "reason": reason, "goes_with": reason}
        return a_change(claim, attempts=0, attempt=None, line=None, **later, **waits)

    def _ended(self, claim: Claim, untold: str = "") -> Change:
        end = {"status": Status(untold), "reason": untold} if untold else {}
        now = self._market.clock.now()
        return a_change(claim, attempts=0, attempt=None, line=None, at=now, **end)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
async def test_each_alert_is_told_or_has_a_reason_of_its_own(
    database: Database, steps: list[tuple[str, str]]
) -> None:
    await database.transaction(lambda tx: tx.connection.execute(deliveries.delete()))
    night = Night(database)
    # Two that wait, each with somebody who goes with it.
    pairs = [("news", reason) for reason in HELD[:2] for _ in range(2)]
    for act, how in [*pairs, *steps]:
        await night.step(act, how)
        rows = await night.rows()
        for row in rows.values():
            if row.reason == JOINED:
                assert rows[row.joined_to].status in (Status.SCHEDULED, Status.ACCEPTED)
    await night.morning()
    rows = await night.rows()
    for row in rows.values():
        teller = rows[row.joined_to] if row.reason == JOINED else row
        assert teller.reason in ("sent", "discarded", *UNTOLD)
        assert teller is row or teller.reason == "sent"
