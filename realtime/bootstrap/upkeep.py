"""What a command has that looks after the database: nothing is served, and nobody is told.

Whoever is connected elsewhere finds by its position what has changed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from realtime.bootstrap.ground import Ground
from realtime.bootstrap.queue import QueueParts, make_queue
from realtime.bootstrap.use_cases import make_periods, make_retention
from realtime.ids import new_epoch, new_id
from realtime.importing.batches import Tools
from realtime.services.auditing import Audit
from realtime.services.people import People
from realtime.services.retention import Retention
from realtime.settings import Settings
from storage.engine import Database


@asynccontextmanager
async def sweeping(settings: Settings) -> AsyncIterator[Retention]:
    """Build what removes what is old."""
    async with _grounded(settings) as ground:
        yield make_retention(ground, People(ground.monotonic))


@asynccontextmanager
async def importing(settings: Settings) -> AsyncIterator[tuple[Database, Tools]]:
    """Build what stores what happened elsewhere."""
    async with _grounded(settings) as ground:
        tools = Tools(
            clock=ground.clock, periods=make_periods(ground), new_id=new_id, new_epoch=new_epoch
        )
        yield ground.database, tools


@asynccontextmanager
async def keeping_queue(settings: Settings) -> AsyncIterator[QueueParts]:
    """Build what looks after the delivery queue; workers find what it did when they next look."""
    async with _grounded(settings) as ground:
        audit = Audit(database=ground.database, clock=ground.clock, new_id=new_id)
        yield make_queue(ground, audit)


@asynccontextmanager
async def _grounded(settings: Settings) -> AsyncIterator[Ground]:
    ground = Ground.lay(settings, settings.public_url or "")
    try:
        yield ground
    finally:
        await ground.database.close()
