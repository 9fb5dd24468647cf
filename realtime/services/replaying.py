"""What operators do to deliveries: send them again or throw them away, one or a whole set.

A set is counted first, and keeps what it counted. Whoever carries it out starts with exactly that;
what has changed meanwhile is left as it is. Those that go out again do so one by one, so many a
second: each falls due at its own moment, and the queue does the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from domain.errors import Conflict, NotFound
from domain.identity import Identity
from domain.instants import rfc3339
from domain.preferences import Category
from domain.queue import DeliveryState, Filter
from realtime.clock import Clock
from realtime.delivery.succession import Succession
from realtime.services import queue_shapes
from realtime.services.auditing import Audit
from realtime.services.queue_shapes import FrozenSet, WholeDelivery
from storage import frozen_sets, ledger, queue_filter
from storage.companions import Place, place_of
from storage.deliveries import BUCKET, DOORBELL, Priority, Status
from storage.dialects import change_rows
from storage.engine import Database, Transaction
from storage.frozen_sets import COUNTED, RUNNING
from storage.rows import Record
from storage.tables import deliveries

Action = Literal["retry", "discard"]
# What the ledger says of it.
REPLAYED, DISCARDED = "replayed", "discarded"
# A set has no more than this, and one transaction does so much of it.
MOST, BATCH = 50_000, 500
FREEZE_BATCH = 5_000
MOST_PER_SECOND, PER_SECOND = 100, 10

OPEN = frozenset({DeliveryState.SCHEDULED, DeliveryState.DUE, DeliveryState.RETRYING})
GIVEN_UP = frozenset({DeliveryState.DEAD, DeliveryState.UNCERTAIN, DeliveryState.EXPIRED})

_CHANGED = (
    "status",
    "reason",
    "priority",
    "due_at",
    "ready_at",
    "expires_at",
    "crashes",
    "sending",
    "uncertain",
    # Whoever had it before may write nothing more.
    "lease_token",
    "updated_at",
)
_DECISIONS: Mapping[Action, tuple[str, str]] = {
    "retry": ("retried", REPLAYED),
    "discard": ("cancelled", DISCARDED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery that is held, and when it is to go out again if it is."""

    row: Record
    at: datetime


class Replays:
    """Use cases of the operators who decide about what did not go out; each is noted."""

    def __init__(
        self,
        *,
        database: Database,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
        lifetimes: Mapping[str, timedelta],
        most: int = MOST,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._succession = Succession(new_id=new_id)
        self._lifetimes = lifetimes
        self._most = most

    # --- one --------------------------------------------------------------------------------------

    async def one(self, operator: Identity, action: Action, delivery_id: str) -> WholeDelivery:
        """Send one delivery again at once, or throw it away."""

        async def work(tx: Transaction) -> WholeDelivery:
            now = self._clock.now()
            held = await queue_filter.hold(tx.connection, BUCKET, [delivery_id], now)
            if not held:
                raise NotFound("there is no such delivery")
            [row] = held
            _check(row, now)
            await self._do(tx, action, [Due(row=row, at=now)], now)
            await self._audit.note(
                tx,
                operator.account_id,
                f"delivery.{action}",
                f"delivery:{delivery_id}",
                before={"status": row.state, "reason": row.reason},
            )
            return await self._shown(tx, delivery_id, now)

        return await self._database.transaction(work)

    async def _shown(self, tx: Transaction, delivery_id: str, now: datetime) -> WholeDelivery:
        row = await queue_filter.one(tx.connection, BUCKET, delivery_id, now)
        lines = await ledger.of_deliveries(tx.connection, BUCKET, [delivery_id])
        tries = await ledger.tries_of(tx.connection, BUCKET, [delivery_id])
        assert row is not None, "it is held"
        [shown] = queue_shapes.deliveries([row], lines, tries)
        return shown

    # --- a set ------------------------------------------------------------------------------------

    async def freeze(self, operator: Identity, action: Action, chosen: Filter) -> FrozenSet:
        """Count what a filter chooses, and keep it as a set; nothing is done to it."""
        set_id, now = self._new_id(), self._clock.now()
        values = {
            "id": set_id,
            "action": action,
            "filter": _written(chosen),
            "size": 0,
            "more": False,
            "state": COUNTED,
            "done": 0,
            "created_by": operator.account_id,
            "created_at": now,
        }
        await self._database.transaction(lambda tx: frozen_sets.add(tx.connection, values))
        place, count = "", 0
        while ids := await self._fill(set_id, chosen, now, place, count):
            place, count = ids[-1], count + len(ids)
        more = count >= self._most and await self._any_behind(chosen, now, place)
        return await self._counted(operator, set_id, {"size": count, "more": more})

    async def _any_behind(self, chosen: Filter, now: datetime, place: str) -> bool:
        async with self._database.reading() as connection:
            return await frozen_sets.any_behind(connection, BUCKET, chosen, now=now, place=place)

    async def _fill(
        self, set_id: str, chosen: Filter, now: datetime, place: str, begun: int
    ) -> Sequence[str]:
        limit = min(FREEZE_BATCH, self._most - begun)
        if not limit:
            return ()
        return await self._database.transaction(
            lambda tx: frozen_sets.fill(
                tx.connection,
                BUCKET,
                set_id,
                chosen,
                now=now,
                place=place,
                begun=begun,
                limit=limit,
            )
        )

    async def _counted(
        self, operator: Identity, set_id: str, counted: Mapping[str, Any]
    ) -> FrozenSet:
        async def work(tx: Transaction) -> FrozenSet:
            row = await frozen_sets.change(tx.connection, set_id, counted, state=COUNTED)
            assert row is not None, "nobody else knows of it yet"
            await self._audit.note(
                tx,
                operator.account_id,
                f"deliveries.{row.action}.count",
                f"set:{set_id}",
                filter=row.filter,
                count=row.size,
            )
            return queue_shapes.frozen_set(row)

        return await self._database.transaction(work)

    async def carry_out(
        self, operator: Identity, action: Action, set_id: str, per_second: int
    ) -> FrozenSet:
        """Do to a set what it was counted for; the first who says so does it, and nobody again."""
        await self._database.transaction(
            lambda tx: self._begin(tx, operator, action, set_id, per_second)
        )
        return await self._go_on(set_id)

    async def finish_what_was_begun(self) -> int:
        """Go on with sets whose process ended on the way; return how many there are."""
        async with self._database.reading() as connection:
            left = await frozen_sets.running(connection)
        for row in left:
            await self._go_on(row.id)
        return len(left)

    async def _begin(
        self, tx: Transaction, operator: Identity, action: Action, set_id: str, per_second: int
    ) -> None:
        values = {
            "state": RUNNING,
            "per_second": per_second if action == "retry" else None,
            "started_by": operator.account_id,
            "started_at": self._clock.now(),
        }
        known = await frozen_sets.get(tx.connection, set_id)
        if known is None or known.action != action:
            raise NotFound("there is no such set: a dry run makes one")
        row = await frozen_sets.change(tx.connection, set_id, values, state=COUNTED)
        if row is None:
            raise Conflict("somebody has carried this set out already", code="set_started")
        await self._audit.note(
            tx,
            operator.account_id,
            f"deliveries.{action}",
            f"set:{set_id}",
            filter=row.filter,
            count=row.size,
            per_second=row.per_second,
        )

    async def _go_on(self, set_id: str) -> FrozenSet:
        while await self._database.transaction(lambda tx: self._batch(tx, set_id)):
            """Until nothing is left that nobody else does."""
        await self._database.transaction(
            lambda tx: frozen_sets.finish(tx.connection, BUCKET, set_id, self._clock.now())
        )
        async with self._database.reading() as connection:
            row = await frozen_sets.get(connection, set_id)
        assert row is not None, "it was just carried out"
        return queue_shapes.frozen_set(row)

    async def _batch(self, tx: Transaction, set_id: str) -> int:
        chosen = await frozen_sets.take(tx.connection, BUCKET, set_id, BATCH)
        if not chosen:
            return 0
        of = await frozen_sets.get(tx.connection, set_id)
        assert of is not None, "something is left of it"
        now = self._clock.now()
        held = await queue_filter.hold(tx.connection, BUCKET, list(chosen), now)
        reached = [
            Due(row=row, at=_turn(of, chosen[row.id], now))
            for row in held
            if _is_as_it_was(of, DeliveryState(row.state))
        ]
        await self._do(tx, of.action, reached, now)
        await frozen_sets.count_done(tx.connection, set_id, len(reached))
        return len(chosen)

    # --- what is done -----------------------------------------------------------------------------

    async def _do(
        self, tx: Transaction, action: Action, held: Sequence[Due], now: datetime
    ) -> None:
        if not held:
            return
        made = [
            _again(each, self._lifetimes[each.row.channel], now)
            if action == "retry"
            else _discarded(each.row, now)
            for each in held
        ]
        rows = [
            (*(values[name] for name in _CHANGED), each.row.bucket, each.row.id)
            for each, values in zip(held, made, strict=True)
        ]
        await change_rows(tx.connection, deliveries, ("bucket", "id"), _CHANGED, rows)
        await ledger.write(tx.connection, [self._line(each.row, action, now) for each in held])
        if action == "retry":
            tx.ring(DOORBELL)
            return
        left = [place for each in held if (place := _left(each.row, now))]
        await self._succession.pass_on(tx, left, now)

    def _line(self, row: Record, action: Action, now: datetime) -> Mapping[str, Any]:
        decision, reason = _DECISIONS[action]
        return {
            "bucket": row.bucket,
            "id": self._new_id(),
            "delivery_id": row.id,
            "account_id": row.account_id,
            "notification_id": row.notification_id,
            "at": now,
            "channel": row.channel,
            "target": "",
            "decision": decision,
            "reason": reason,
            "detail": "",
        }


def _check(row: Record, now: datetime) -> None:
    """Leave alone what arrived, was not wanted, or is with a worker just now."""
    if row.state in GIVEN_UP or _is_nobodys(row, now):
        return
    if row.state == DeliveryState.SENDING:
        raise Conflict("a worker has it just now: try again in a moment", code="delivery_under_way")
    raise Conflict(f"it has ended as {row.state}", code="delivery_ended")


def _is_nobodys(row: Record, now: datetime) -> bool:
    """Tell whether it waits, or was left behind by a worker that ended."""
    left_behind = row.state == DeliveryState.SENDING and row.ready_at <= now
    return row.state in OPEN or left_behind


def _is_as_it_was(of: Record, state: DeliveryState) -> bool:
    """Tell whether a delivery still stands where its set was chosen from."""
    chosen = DeliveryState(of.filter["status"])
    return state in OPEN if chosen in OPEN else state == chosen


def _turn(of: Record, number: int, now: datetime) -> datetime:
    """Tell when the delivery of that number goes out, so many a second from the start on."""
    if of.per_second is None:
        return now
    turn: datetime = of.started_at + timedelta(seconds=number / of.per_second)
    return max(now, turn)


def _again(due: Due, lifetime: timedelta, now: datetime) -> Mapping[str, Any]:
    """Have it wait like one that was tried; its attempts are counted on, its life begins anew."""
    row = due.row
    given_up = row.state in GIVEN_UP
    sending = row.sending and not given_up
    urgent = row.category == Category.NEW_ORDER
    again = Priority.AGAIN_FIRST if urgent else Priority.AGAIN
    return {
        "status": Status.SCHEDULED,
        "reason": REPLAYED,
        "priority": again if given_up else row.priority,
        "due_at": due.at,
        "ready_at": due.at,
        "expires_at": due.at + lifetime if given_up else row.expires_at,
        "crashes": 0,
        "sending": sending,
        "uncertain": row.uncertain or row.state == DeliveryState.UNCERTAIN,
        "lease_token": None,
        # When the attempt began that nobody knows the end of.
        "updated_at": row.updated_at if sending else now,
    }


def _discarded(row: Record, now: datetime) -> Mapping[str, Any]:
    return {
        "status": Status.CANCELLED,
        "reason": DISCARDED,
        "priority": row.priority,
        "due_at": row.due_at,
        "ready_at": None,
        "expires_at": row.expires_at,
        "crashes": row.crashes,
        "sending": False,
        "uncertain": row.uncertain,
        "lease_token": None,
        "updated_at": now,
    }


def _left(row: Record, now: datetime) -> Place | None:
    """Return the place of one that is thrown away while others wait for it."""
    return place_of(row) if _is_nobodys(row, now) else None


def _written(chosen: Filter) -> Mapping[str, str]:
    given = {
        "status": chosen.state,
        "channel": chosen.channel,
        "category": chosen.category,
        "account": chosen.account_id,
        "order": chosen.order_id,
        "reason": chosen.reason,
        "since": chosen.since and rfc3339(chosen.since),
        "until": chosen.until and rfc3339(chosen.until),
    }
    return {name: str(value) for name, value in given.items() if value is not None}
