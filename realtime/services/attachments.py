"""Reading attachments: who may, by which link, and what comes of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.attachments import OWN_USES, AttachmentStatus
from domain.errors import NotFound
from domain.identity import Identity, Role
from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.services import views
from realtime.services.attachment_files import FileStore, content_of
from realtime.services.attachment_links import AttachmentLinks, Form
from realtime.services.attachment_uploads import is_there
from realtime.services.auditing import Audit
from realtime.services.shapes import Attachment, Count, Time
from storage import attachments, inboxes
from storage.engine import Database
from storage.rows import Record

PREVIEW_TYPE = "image/webp"


class LinkedAttachment(Attachment):
    """An attachment with links to it, and how far it is; without links until it is ready.

    The links are paths, they need no token, and are good until `url_expires_at`.
    """

    status: AttachmentStatus
    received: Count
    url: str | None
    preview_url: str | None
    url_expires_at: Time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that somebody may have; ``holds`` is for how long what they have stays good."""

    name: str
    media_type: str
    size: int
    tag: str
    holds: timedelta
    row: Record
    form: Form


class Attachments:
    """Use cases of whoever reads attachments."""

    def __init__(
        self,
        *,
        database: Database,
        files: FileStore,
        links: AttachmentLinks,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._files = files
        self._links = links
        self._audit = audit
        self._clock = clock

    async def get(self, identity: Identity, attachment_id: str) -> LinkedAttachment:
        """Show one, with links to it that hold for a while."""
        async with self._database.reading() as connection:
            row = await attachments.get(connection, attachment_id)
            if row is None or not await self._may_read(connection, identity, row):
                raise NotFound("there is no such attachment")
        await self._audit.looked(identity, f"attachment:{row.id}")
        return self.shown(row)

    def shown(self, row: Record) -> LinkedAttachment:
        """Show an attachment to somebody who may have it."""
        ends_at = self._links.ends_at()
        is_ready = row.status == AttachmentStatus.READY
        return {
            **views.attachment(row),
            "status": row.status,
            "received": row.received,
            "url": self._links.make(row.id, Form.FILE, ends_at) if is_ready else None,
            "preview_url": self._links.make(row.id, Form.PREVIEW, ends_at) if row.preview else None,
            "url_expires_at": rfc3339(ends_at) if is_ready else None,
        }

    async def _may_read(self, connection: AsyncConnection, identity: Identity, row: Record) -> bool:
        if not is_there(row, self._clock.now()):
            return False
        if identity.role is Role.OPERATOR:
            return True
        if identity.account_id == row.account_id:
            return True
        if row.conversation_id is None or row.used_as in OWN_USES:
            return False
        item = await inboxes.item(connection, identity.account_id, row.conversation_id)
        return item is not None

    async def fetch(self, attachment_id: str, form: Form, *, until: str, signature: str) -> Fetched:
        """Return what a link leads to.

        Raises NotFound for a link that is not ours or whose file is gone, and Forbidden
        ``link_expired``.
        """
        holds = self._links.check(attachment_id, form, until, signature)
        async with self._database.reading() as connection:
            row = await attachments.get(connection, attachment_id)
        if row is None or row.status != AttachmentStatus.READY:
            raise NotFound("there is no such attachment")
        if not is_there(row, self._clock.now()) or (form is Form.PREVIEW and not row.preview):
            raise NotFound("there is no such attachment")
        preview: dict[str, Any] = row.preview if form is Form.PREVIEW else {}
        return Fetched(
            name=f"{row.name}.webp" if preview else row.name,
            media_type=PREVIEW_TYPE if preview else row.type,
            size=preview.get("size", row.size),
            tag=f"{row.id}-{form}",
            holds=holds,
            row=row,
            form=form,
        )

    def content(self, fetched: Fetched, start: int, end: int) -> AsyncIterator[bytes]:
        """Give the bytes from ``start`` up to ``end``."""
        if fetched.form is Form.PREVIEW:
            return self._files.read(fetched.row.preview["key"], start, end)
        return content_of(self._files, fetched.row, start, end)
