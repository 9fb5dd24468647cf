"""Keeps deliveries apart on which a worker crashed, so that the next crash tells which one it was.

Whoever crashes takes along all that was claimed at the time. Of those, each is suspected, and a few
are handled at a time; one that is found abandoned again is handled alone. So what brings workers
down is dead after three crashes, and what only stood beside it is not.
"""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

FEW = 8


class Quarantine:
    """Gives out places by the number of crashes so far."""

    def __init__(self) -> None:
        self._among_few = asyncio.Semaphore(FEW)
        self._alone = asyncio.Semaphore(1)

    def place(self, crashes: int) -> AbstractAsyncContextManager[None]:
        """Wait for a place to handle a delivery in; the unsuspected need not wait."""
        if not crashes:
            return nullcontext()
        return self._among_few if crashes == 1 else self._alone
