"""Removes the files of attachments that have expired: given up, or erased with their message."""

import asyncio

import structlog

from domain.errors import Unavailable
from realtime.clock import Clock
from realtime.services.attachment_files import FileStore, folder_of
from storage import attachments
from storage.attachments import DOORBELL
from storage.engine import Database, Transaction
from storage.rows import Record

BATCH = 100
# What nobody rang for has been given up, and can wait.
LOOK_EVERY = 60.0

log = structlog.get_logger(__name__)


class AttachmentSweep:
    """One a server process; any number of them may sweep at once, for it is no harm done twice."""

    def __init__(self, *, database: Database, files: FileStore, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._rung = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to sweep."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop; what was marked is removed by whoever sweeps next."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def ring(self, doorbell: str) -> None:
        """Look when something was removed."""
        if doorbell == DOORBELL:
            self._rung.set()

    def unsure(self) -> None:
        """Look: something may have been removed while nobody heard it."""
        self._rung.set()

    async def sweep(self) -> int:
        """Remove what has expired, at most one batch; return how much that was.

        The files go first: as long as there is a row, somebody knows that there may be files.
        """

        async def take(tx: Transaction) -> list[Record]:
            return list(await attachments.take_expired(tx.connection, self._clock.now(), BATCH))

        expired = await self._database.transaction(take)
        for row in expired:
            await self._files.remove(folder_of(row.id))

        async def forget(tx: Transaction) -> None:
            await attachments.forget(tx.connection, [row.id for row in expired])

        if expired:
            await self._database.transaction(forget)
        return len(expired)

    async def _run(self) -> None:
        while True:
            self._rung.clear()
            try:
                while await self.sweep():
                    """Go on until nothing has expired."""
            except Unavailable as error:
                log.warning("attachments_not_swept", error=error.detail)
            except Exception:  # the outermost of a task: it sweeps as long as we run
                log.exception("attachments_not_swept")
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._rung.wait()
            except TimeoutError:
                continue
