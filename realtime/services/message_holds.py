"""Messages whose texts are held back as they are stored: the texts, where operators find them."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.attachments import AttachmentUse
from realtime.services.attachment_uses import ids_of
from realtime.services.contact_details import Noticed
from realtime.services.message_files import Files, Key
from storage import attachments, held_messages
from storage.conversations import Draft
from storage.engine import Transaction


async def hold(
    tx: Transaction,
    keys: Sequence[Key],
    drafts: Sequence[Draft],
    noticed: Mapping[Key, Noticed],
    files: Files,
) -> None:
    """Keep the texts and files of those among these messages that are held back."""
    rows: list[Mapping[str, Any]] = [
        {
            "conversation_id": draft.conversation_id,
            "seq": draft.seq,
            "account_id": draft.sender,
            "body": found.body,
            "attachments": files.get(key, ()),
            "found": found.shown()["found"],
            "at": draft.at,
        }
        for key, draft in zip(keys, drafts, strict=True)
        if (found := noticed.get(key)) is not None and found.held
    ]
    if rows:
        await held_messages.add(tx.connection, rows)
    for row in rows:
        if row["attachments"]:
            await attachments.change_use(
                tx.connection, row["account_id"], ids_of(row["attachments"]), AttachmentUse.HELD
            )
