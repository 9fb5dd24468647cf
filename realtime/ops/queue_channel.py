"""How deep the queues are, once a second, for operators who look at this node."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from domain.errors import Unavailable
from domain.instants import rfc3339
from domain.publications import QUEUES_CHANNEL, Publication
from realtime.channels.hub import Hub
from realtime.clock import Clock
from realtime.services.queue_figures import STATES, Depth

log = structlog.get_logger(__name__)


class QueueChannel:
    """Reads while somebody looks, and tells them alone: each node tells its own."""

    def __init__(
        self,
        *,
        depths: Callable[[], Awaitable[Sequence[Depth]]],
        hub: Hub,
        clock: Clock,
        every: float = 1.0,
    ) -> None:
        self._depths = depths
        self._hub = hub
        self._clock = clock
        self._every = every
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look whether somebody looks."""
        self._task = asyncio.create_task(self._run(), name="queue-channel")

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _run(self) -> None:
        while True:
            if self._hub.hears(QUEUES_CHANNEL):
                await self._tell()
            await asyncio.sleep(self._every)

    async def _tell(self) -> None:
        try:
            depths = await self._depths()
        except Unavailable as error:
            log.warning("queues_not_read", error=error.detail)
        except Exception:  # the outermost loop: without it nobody would be told again
            log.exception("queues_not_told")
        else:
            told = {
                "type": "queues",
                "at": rfc3339(self._clock.now()),
                "queues": _by_queue(depths),
            }
            self._hub.deliver(Publication(QUEUES_CHANNEL, msgspec.json.encode(told)))


def _by_queue(depths: Sequence[Depth]) -> list[dict[str, object]]:
    """Gather the states of each channel and category; of their ages the worst counts."""
    queues: dict[tuple[str, str], list[Depth]] = {}
    for depth in depths:
        queues.setdefault((depth.channel, depth.category), []).append(depth)
    return [
        {
            "channel": channel,
            "category": category,
            **dict.fromkeys(STATES, 0),
            **{each.state: each.count for each in found},
            "oldest_due_seconds": max(each.oldest_due for each in found),
        }
        for (channel, category), found in sorted(queues.items())
    ]
