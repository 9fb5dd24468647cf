"""What alerts about messages find when they fall due: what is unread, and who looks at it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.conversations import preview
from domain.preferences import Channel
from realtime.delivery.message_planner import MessagePeriods
from storage import message_alerts, recipients, unread
from storage.deliveries import BUCKET, Claim
from storage.engine import Database, Transaction
from storage.message_alerts import Mark
from storage.rows import Record
from storage.unread import Key

# Tells which of these (account, conversation) somebody has before their eyes just now.
InFocus = Callable[[Collection[Key]], Awaitable[Collection[Key]]]


async def nobody_looks(_keys: Collection[Key]) -> Collection[Key]:
    """Know of nobody who looks at anything."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One conversation as its reader has it now; ``messages`` are unread, oldest first."""

    view: Record
    sender: str
    messages: Sequence[Record]
    in_focus: bool
    mailed_at: datetime | None

    def facts(self) -> Mapping[str, object]:
        """Return what an alert tells of it."""
        said = [_said(message) for message in self.messages]
        return {
            "sender": self.sender,
            "preview": preview(said[-1]),
            "count": max(self.view.unread, 1),
            "order_number": self.view.order_number,
            "messages": said,
        }


class Threads:
    """Reads the conversations of many deliveries; ``in_focus`` knows who looks at what."""

    def __init__(self, *, database: Database, in_focus: InFocus, periods: MessagePeriods) -> None:
        self.periods = periods
        self._database = database
        self._in_focus = in_focus

    async def take_up(self, claims: Sequence[Claim]) -> None:
        """Have what is written from now on plan alerts of its own."""
        marks = [mark for claim in claims if (mark := message_alerts.mark_of(claim))]
        if not marks:
            return
        done = await self._database.transaction(
            lambda tx: message_alerts.take_up(tx.connection, marks, wait=False)
        )
        # Held by whoever stores messages just now: waited for one by one, holding nothing.
        for key in {mark.key for mark in marks} - done:
            work = partial(_take_up, [mark for mark in marks if mark.key == key])
            await self._database.transaction(work)

    async def looked_at(self, claims: Sequence[Claim]) -> Collection[Key]:
        """Tell which conversations their readers have before their eyes."""
        keys = {(one.account_id, one.conversation_id) for one in claims if one.conversation_id}
        return await self._in_focus(keys) if keys else ()

    async def read(
        self, connection: AsyncConnection, about: Mapping[Key, str], looked_at: Collection[Key]
    ) -> Mapping[Key, Thread]:
        """Read conversations by (account, conversation), each given with where it is told."""
        if not about:
            return {}
        views = await unread.views(connection, about.keys())
        names = await recipients.names(connection, {view.with_id for view in views})
        mails = {key for key, channel in about.items() if channel == Channel.EMAIL}
        mailed = {
            (row.account_id, row.conversation_id): row.mailed_at
            for row in await unread.mailed(connection, BUCKET, mails)
        }
        messages: dict[Key, list[Record]] = {}
        for row in await unread.messages(connection, views):
            messages.setdefault((row.account_id, row.conversation_id), []).append(row)
        return {
            key: Thread(
                view=view,
                sender=names.get(view.with_id, view.with_id),
                messages=messages.get(key, ()),
                in_focus=key in looked_at,
                mailed_at=mailed.get(key),
            )
            for view in views
            for key in [(view.account_id, view.conversation_id)]
        }


async def _take_up(marks: Sequence[Mark], tx: Transaction) -> None:
    await message_alerts.take_up(tx.connection, marks, wait=True)


def _said(message: Record) -> str:
    """Return a message's text, or the names of its attachments where it has none."""
    return message.body or ", ".join(each["name"] for each in message.attachments)
