"""Bounds what is under way to one place, and turns away whoever would wait where nothing moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class HeldUp(TimeoutError):
    """Every turn is taken, and none has come free for too long."""

    def __init__(self) -> None:
        super().__init__("all that is under way there is held up")


class Turns:
    """So many at a time; the others wait, but not where nothing has moved for ``patience`` seconds.

    That is counted from when a turn was last taken or given back, not from when somebody comes: of
    many that come to a place that hangs, only the first ones find out by waiting.
    """

    def __init__(self, most: int, *, patience: float) -> None:
        self._places = asyncio.Semaphore(most)
        self._patience = patience
        self._moved_at = 0.0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it; raises ``HeldUp``."""
        try:
            async with asyncio.timeout_at(self._moved_at + self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise HeldUp from None
        self._moved_at = _now()
        try:
            yield
        finally:
            self._moved_at = _now()
            self._places.release()


def _now() -> float:
    return asyncio.get_running_loop().time()
