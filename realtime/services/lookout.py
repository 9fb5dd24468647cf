"""Looks after something that others change: when it is roused, else by the clock."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Lookout:
    """Calls ``look`` when it begins, when it is roused, and after ``every`` seconds at the latest.

    A doorbell that nobody heard is so made up for. What fails is logged as ``failed``, and looked
    at again.
    """

    def __init__(self, look: Callable[[], Awaitable[None]], *, every: float, failed: str) -> None:
        self._look = look
        self._every = every
        self._failed = failed
        self._roused = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look, and go on looking; a server starts without its database, too."""
        await self._try()
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Look no more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def rouse(self) -> None:
        """Look soon: something has changed, or may have."""
        self._roused.set()

    async def _run(self) -> None:
        while True:
            self._roused.clear()
            try:
                async with asyncio.timeout(self._every):
                    await self._roused.wait()
            except TimeoutError:
                """Nobody roused us: that is what looking by the clock is for."""
            await self._try()

    async def _try(self) -> None:
        try:
            await self._look()
        except Exception:  # the outermost of a task: it looks as long as we run
            log.exception(self._failed)
