"""The attachments of messages that are being stored: used once, or their message is refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.attachments import AttachmentUse
from domain.errors import Invalid, OrderwireError
from realtime.services import attachment_uses
from realtime.services.attachment_uses import Purpose, TakenMeanwhile
from realtime.services.commit_queue import Again
from realtime.services.messages import SendMessage, Sent
from realtime.services.shapes import Attachment
from storage.engine import Transaction

Outcome = Sent | OrderwireError
# (conversation, sender, client id) of a message.
Key = tuple[str, str, str]
Files = Mapping[Key, Sequence[Attachment]]


async def use(
    tx: Transaction, fresh: dict[Key, SendMessage], outcomes: dict[Key, Outcome], now: datetime
) -> Files:
    """Make attachments part of their messages; a message whose cannot be used is taken out.

    Raises Again when somebody else used one meanwhile: then it is seen to be used.
    """
    files: dict[Key, Sequence[Attachment]] = {}
    for key, command in list(fresh.items()):
        if not command.attachments:
            continue
        purpose = Purpose(used_as=AttachmentUse.MESSAGE, conversation_id=command.conversation_id)
        named = attachment_uses.by_place(command.attachments, "attachments")
        try:
            files[key] = await attachment_uses.try_to_use(
                tx, command.sender_id, named, purpose, now
            )
        except TakenMeanwhile as taken:
            raise Again from taken
        except Invalid as wrong:
            del fresh[key]
            outcomes[key] = wrong
    return files
