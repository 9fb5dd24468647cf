"""Uploads: files that come in pieces, each kept as it came, and looked at once they are whole."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.attachments import MAX_PIECES, MOST_UNSENT, PICTURES, PLAIN, AttachmentStatus
from domain.errors import Conflict, FieldError, Invalid, NotFound, TooLarge
from domain.file_names import clean_name
from domain.file_types import HEAD, sniff
from domain.identity import Identity
from realtime.clock import Clock
from realtime.services import attachment_removal
from realtime.services.attachment_files import (
    FileStore,
    Painter,
    Scanner,
    content_of,
    folder_of,
    once,
)
from storage import accounts, attachments
from storage.engine import Database, Transaction
from storage.rows import Record

# What was uploaded and is not part of anything after this time was given up.
UNSENT_FOR = timedelta(days=1)
# A picture is held in memory while it is looked at, and clamd has not many threads.
LOOKS_AT_ONCE = 4

Upload = Record

log = structlog.get_logger(__name__)


class Uploads:
    """Use cases of whoever uploads."""

    def __init__(
        self,
        *,
        database: Database,
        files: FileStore,
        scanner: Scanner,
        painter: Painter,
        clock: Clock,
        new_id: Callable[[], str],
        most_bytes: int,
    ) -> None:
        self._database = database
        self._files = files
        self._scanner = scanner
        self._painter = painter
        self._clock = clock
        self._new_id = new_id
        self._turns = asyncio.Semaphore(LOOKS_AT_ONCE)
        self.most_bytes = most_bytes

    async def begin(self, identity: Identity, name: str, size: int | None) -> Record:
        """Note that a file is to come; without a ``size`` it ends with its only piece."""
        if size is not None and size < 1:
            raise Invalid.field("file", "is empty")
        if size is not None and size > self.most_bytes:
            raise self._too_large()

        async def work(tx: Transaction) -> Record:
            owner = identity.account_id
            if await accounts.hold(tx.connection, owner) is None:
                raise NotFound("the marketplace has not told us of this account")
            if await attachments.count_unsent(tx.connection, owner) >= MOST_UNSENT:
                raise Conflict(
                    f"{MOST_UNSENT} attachments wait to be sent already",
                    code="too_many_attachments",
                )
            now = self._clock.now()
            values: dict[str, Any] = {
                "account_id": owner,
                "id": self._new_id(),
                "name": clean_name(name),
                "type": PLAIN,
                "size": size,
                "received": 0,
                "pieces": [],
                "status": AttachmentStatus.UPLOADING,
                "created_at": now,
                "expires_at": now + UNSENT_FOR,
            }
            return await attachments.add(tx.connection, values)

        return await self._database.transaction(work)

    async def look(self, identity: Identity, attachment_id: str) -> Record:
        """Return how far one's own upload is; one that came whole is finished first."""
        return await self._finished(await self._own(identity, attachment_id))

    async def receive(
        self, identity: Identity, attachment_id: str, offset: int, content: AsyncIterator[bytes]
    ) -> Record:
        """Take the next piece of one's own upload, as much of it as comes.

        Raises Conflict ``wrong_offset`` when it does not follow what is there, TooLarge when it is
        more than was told.
        """
        upload = await self._own(identity, attachment_id)
        if offset != upload.received:
            raise _wrong_offset(upload)
        if upload.size == upload.received:
            return await self._finished(upload)
        if len(upload.pieces) >= MAX_PIECES:
            raise Conflict("it came in too many pieces; start again", code="too_many_pieces")
        return await self._finished(await self._add_piece(upload, content))

    async def take_whole(
        self, identity: Identity, name: str, content: AsyncIterator[bytes]
    ) -> Record:
        """Take a file that comes at once; where it does not come whole, nothing is kept."""
        upload = await self.begin(identity, name, None)
        try:
            return await self._finished(await self._add_piece(upload, content))
        except BaseException:
            await self._give_up(upload)
            raise

    async def drop(self, identity: Identity, attachment_id: str) -> None:
        """Remove one's own, unless it is part of something."""
        upload = await self._own(identity, attachment_id)
        if upload.used_as is not None:
            raise Conflict("it is part of something by now", code="attachment_used")
        await self._give_up(upload)

    # --- pieces -------------------------------------------------------------------------------

    async def _own(self, identity: Identity, attachment_id: str) -> Record:
        async with self._database.reading() as connection:
            found = await attachments.of_account(connection, identity.account_id, [attachment_id])
        if not found or not is_there(found[0], self._clock.now()):
            raise NotFound("there is no such attachment")
        return found[0]

    async def _add_piece(self, upload: Record, content: AsyncIterator[bytes]) -> Record:
        """Keep a piece, then note it; another piece may have come first."""
        room = (upload.size or self.most_bytes) - upload.received
        key = f"{folder_of(upload.id)}/{upload.received}-{secrets.token_hex(6)}"
        size = await self._files.put(key, self._within(room, content))
        if not size:
            if upload.size is None:
                raise Invalid.field("file", "is empty")
            return upload
        received = upload.received + size
        values: dict[str, Any] = {
            "received": received,
            "pieces": [*upload.pieces, [key, size]],
            "size": upload.size or received,
            "expires_at": self._clock.now() + UNSENT_FOR,
        }
        changed = await self._change(upload, values)
        if changed is None:
            # Another piece was first, or the upload is gone: then nothing may be left of it.
            await self._own_or_nothing(upload)
            raise _wrong_offset(upload)
        return changed

    async def _own_or_nothing(self, upload: Record) -> None:
        try:
            await self._own(Identity(upload.account_id), upload.id)
        except NotFound:
            await self._files.remove(folder_of(upload.id))
            raise

    async def _within(self, room: int, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for stretch in content:
            room -= len(stretch)
            if room < 0:
                raise self._too_large()
            yield stretch

    def _too_large(self) -> TooLarge:
        most = self.most_bytes / 1024 / 1024
        return TooLarge(f"has at most {most:g} MB, and no more than was announced", path="file")

    async def _change(self, upload: Record, values: dict[str, Any]) -> Record | None:
        async def work(tx: Transaction) -> Record | None:
            return await attachments.change_upload(tx.connection, upload, values)

        return await self._database.transaction(work)

    # --- whole --------------------------------------------------------------------------------

    async def _finished(self, upload: Record) -> Record:
        """Look at a file that is whole, and let it be used if nothing is wrong with it."""
        if upload.status == AttachmentStatus.INFECTED:
            raise infected()
        if upload.status != AttachmentStatus.UPLOADING or upload.received != upload.size:
            return upload
        async with self._turns:
            values = await self._looked_at(upload)
        changed = await self._change(upload, {**values, "status": AttachmentStatus.READY})
        # Somebody else may have finished it meanwhile, or removed it.
        return changed or await self._own(Identity(upload.account_id), upload.id)

    async def _looked_at(self, upload: Record) -> dict[str, Any]:
        try:
            found = await self._scanner.scan(self._content(upload))
            if found is not None:
                await self._quarantine(upload, found)
                raise infected(found)
            return await self._described(upload)
        except TooLarge:
            await self._give_up(upload)
            raise

    async def _described(self, upload: Record) -> dict[str, Any]:
        """Say of what type it is; of a picture, also how large, and draw a smaller one."""
        head = b"".join([part async for part in self._content(upload, HEAD)])
        media_type = sniff(head, upload.name)
        if media_type not in PICTURES:
            return {"type": media_type}
        whole = b"".join([part async for part in self._content(upload)])
        drawn = await self._painter.draw(whole, media_type)
        if drawn is None:
            # It only begins like a picture: nobody's browser is to try.
            return {"type": PLAIN}
        key = f"{folder_of(upload.id)}/preview-{secrets.token_hex(6)}"
        await self._files.put(key, once(drawn.preview))
        return {
            "type": media_type,
            "width": drawn.width,
            "height": drawn.height,
            "preview": {
                "key": key,
                "size": len(drawn.preview),
                "width": drawn.preview_width,
                "height": drawn.preview_height,
            },
        }

    def _content(self, upload: Record, most: int | None = None) -> AsyncIterator[bytes]:
        end = upload.size if most is None else min(most, upload.size)
        return content_of(self._files, upload, 0, end)

    async def _quarantine(self, upload: Record, found: str) -> None:
        """Keep nothing of it but that it was there."""
        log.warning("attachment_infected", attachment=upload.id, found=found)
        values = {"status": AttachmentStatus.INFECTED, "pieces": []}
        await self._change(upload, values)
        await self._files.remove(folder_of(upload.id))

    async def _give_up(self, upload: Record) -> None:
        async def work(tx: Transaction) -> None:
            await attachment_removal.remove(tx, upload.account_id, [upload.id], self._clock.now())

        await self._database.transaction(work)


def infected(found: str = "it was removed") -> Invalid:
    """Refuse a file with a virus in it."""
    wrong = FieldError("file", f"has a virus in it: {found}")
    return Invalid(wrong, code="attachment_infected")


def is_there(attachment: Record, now: datetime) -> bool:
    """Tell whether an attachment has neither expired nor been removed."""
    is_removed = attachment.status == AttachmentStatus.REMOVED
    return not is_removed and (attachment.expires_at is None or attachment.expires_at > now)


def _wrong_offset(upload: Record) -> Conflict:
    return Conflict(
        f"it is not at this offset; when this was asked it was at {upload.received}",
        code="wrong_offset",
    )
