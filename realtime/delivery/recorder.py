"""Writes what becomes of deliveries in groups: many that end at one time share one commit."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import Unavailable
from realtime.delivery.succession import Succession
from storage import ledger
from storage.engine import Database, Transaction
from storage.ledger import Change, Line

MOST = 500
# Seconds before a database that is away is asked again.
PATIENCE = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision that was written, for whoever counts: seconds are those since the event."""

    channel: str
    category: str
    decision: str
    reason: str
    seconds: float


Told = Callable[[Transaction, Sequence[Change]], Awaitable[None]]
_Waiting = tuple[Change, asyncio.Future[bool]]


def watch_nothing(_decided: Decided) -> None:
    """Count nothing."""


async def tell_nobody(_tx: Transaction, _changes: Sequence[Change]) -> None:
    """Tell nobody of what was written."""


class Recorder:
    """One group is being committed while the next one gathers.

    ``tell`` is told of what was written in the transaction that wrote it, ``watch`` of each
    decision after it.

    A database that is away is waited for, as long as the leases may hold (``give_up`` seconds):
    what was accepted outside should not be sent again because we could not write it down.
    """

    def __init__(
        self,
        *,
        database: Database,
        give_up: float,
        succession: Succession,
        patience: float = PATIENCE,
        tell: Told = tell_nobody,
        watch: Callable[[Decided], None] = watch_nothing,
    ) -> None:
        self._database = database
        self._watch = watch
        self._tell = tell
        self._give_up = give_up
        self._succession = succession
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def write(self, change: Change) -> bool:
        """Write a change with its group; False when the delivery's lease was lost meanwhile."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((change, written))
        if self._writing is None:
            self._writing = loop.create_task(self._write_groups())
        if not await written:
            log.warning("delivery_lease_lost", delivery=change.claim.id)
            return False
        if change.line is not None:
            self._watch(_decided(change, change.line))
        return True

    async def close(self) -> None:
        """Give up what could not be written yet."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    async def _write_groups(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._write_group(group)
        finally:
            self._writing = None
            for _, written in group:
                written.cancel()

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        try:
            held = await self._patiently([change for change, _ in group])
        except SQLAlchemyError as error:
            await self._write_each(group, error)
        except Unavailable as error:
            _fail(group, error)
        else:
            for change, written in group:
                if not written.done():
                    written.set_result(change.claim.id in held)

    async def _write_each(self, group: Sequence[_Waiting], error: Exception) -> None:
        """Find the one that cannot be written: it fails alone, not its group."""
        if len(group) == 1:
            _fail(group, error)
            return
        for one in group:
            await self._write_group([one])

    async def _record(self, tx: Transaction, changes: Sequence[Change]) -> set[str]:
        held = await ledger.record(tx.connection, changes)
        done = [change for change in changes if change.claim.id in held]
        left = [place for change in done if (place := change.left)]
        await self._succession.pass_on(tx, left, max(change.at for change in changes))
        await self._tell(tx, done)
        return held

    async def _patiently(self, changes: Sequence[Change]) -> set[str]:
        now = asyncio.get_running_loop().time
        until = now() + self._give_up
        while True:
            try:
                return await self._database.transaction(partial(self._record, changes=changes))
            except Unavailable:
                if now() > until:
                    raise
            await asyncio.sleep(self._patience)


def _decided(change: Change, line: Line) -> Decided:
    claim = change.claim
    return Decided(
        channel=claim.channel,
        category=claim.category,
        decision=line.decision,
        reason=line.reason,
        seconds=(change.at - claim.created_at).total_seconds(),
    )


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    log.error("deliveries_not_recorded", count=len(group), error=type(error).__name__)
    for _, written in group:
        if not written.done():
            written.set_exception(error)
