"""Queue figures for operators: read only while somebody looks, once a second."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from domain.errors import Unavailable
from domain.publications import QUEUES_CHANNEL, Changes, Opening, Position
from realtime.ops.queue_channel import QueueChannel
from realtime.services.queue_figures import STATES, Depth
from tests.support.clock import StillClock
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import Stage, a_stage, turns

NOBODY_WAITS = Opening(Changes(Position(0, "")), recovered=False)


class Queue:
    """Depths that a test decides, and how often they were read."""

    def __init__(self) -> None:
        self.read = 0
        self.found: Sequence[Depth] = ()
        self.error: Exception | None = None

    async def depths(self) -> Sequence[Depth]:
        """Read."""
        self.read += 1
        if self.error is not None:
            raise self.error
        return self.found


class Operator:
    """A subscriber of the channel."""

    def __init__(self, stage: Stage) -> None:
        self.told: list[Any] = []
        self._listener = stage.listener()
        self._listener.write = self._write
        self._stage = stage

    def _write(self, data: bytes) -> None:
        for line in data.splitlines():
            pub = json.loads(line)["push"]["pub"]
            assert "offset" not in pub
            self.told.append(pub["data"])

    async def comes(self) -> None:
        """Look."""
        coming = self._listener.subscribe(channel=QUEUES_CHANNEL)
        await (await self._stage.reads.openings.only()).answer([NOBODY_WAITS])
        await coming

    def goes(self) -> None:
        """Look away."""
        self._stage.hub.unsubscribe(self._listener, QUEUES_CHANNEL)


def depth(channel: str, state: str, count: int, age: float = 0.0) -> Depth:
    """Make one of new orders."""
    return Depth(channel=channel, category="new_order", state=state, count=count, oldest_due=age)


@virtually
async def test_nothing_is_read_for_nobody_and_once_a_second_for_who_looks() -> None:
    async with a_stage() as stage:
        queue = Queue()
        news = QueueChannel(depths=queue.depths, hub=stage.hub, clock=StillClock())
        await news.start()
        await asyncio.sleep(10)
        assert queue.read == 0
        olga = Operator(stage)
        await olga.comes()
        await asyncio.sleep(10)
        assert 9 <= queue.read == len(olga.told) <= 11
        olga.goes()
        await asyncio.sleep(10)
        assert queue.read <= 12
        await news.close()
        await news.close()


@virtually
async def test_each_queue_is_told_with_all_of_its_states() -> None:
    async with a_stage() as stage:
        queue = Queue()
        queue.found = [
            depth("push", "retrying", 2, 7.0),
            depth("email", "scheduled", 4),
            depth("push", "due", 1, 9.0),
        ]
        clock = StillClock()
        news = QueueChannel(depths=queue.depths, hub=stage.hub, clock=clock)
        olga = Operator(stage)
        await olga.comes()
        await news.start()
        await turns()
        await news.close()

        empty = dict.fromkeys(STATES, 0)
        (told,) = olga.told
        assert told["type"] == "queues"
        assert told["queues"] == [
            {
                "channel": "email",
                "category": "new_order",
                **empty,
                "scheduled": 4,
                "oldest_due_seconds": 0.0,
            },
            {
                "channel": "push",
                "category": "new_order",
                **empty,
                "due": 1,
                "retrying": 2,
                "oldest_due_seconds": 9.0,
            },
        ]


@virtually
async def test_a_database_that_does_not_answer_is_asked_again() -> None:
    async with a_stage() as stage:
        queue = Queue()
        news = QueueChannel(depths=queue.depths, hub=stage.hub, clock=StillClock())
        olga = Operator(stage)
        await olga.comes()
        await news.start()
        for error in (Unavailable("not now"), RuntimeError("nobody thought of it")):
            queue.error = error
            await asyncio.sleep(2)
            assert olga.told == []
        queue.error = None
        await asyncio.sleep(1.5)
        await news.close()

        assert olga.told
