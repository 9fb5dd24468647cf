"""Plans alerts about messages, for a whole group of them, in the transaction that stores it.

What is unread in a conversation is one notification, from the first message until it is read. A
push and a mail about it wait; what comes meanwhile goes with them, and plans nothing.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.conversations import ConversationKind
from domain.orders import OrderStatus
from domain.preferences import Category, Channel, Preferences, effective
from realtime.clock import Clock
from realtime.delivery.alert import Alert, in_two_lines
from realtime.delivery.plan import Plan, Target, targets_of
from realtime.delivery.reasons import Decision, Reason
from realtime.delivery.succession import Succession
from storage import deliveries, ledger, notifications, recipients, suppressions
from storage.companions import place_of
from storage.deliveries import BUCKET, DOORBELL, Priority
from storage.engine import Transaction
from storage.rows import Record

TEMPLATE = "message_received"
# In these somebody waits for work whose time runs.
_WORKED_ON = frozenset({OrderStatus.IN_PROGRESS, OrderStatus.IN_REVISION})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePeriods:
    """How long alerts about messages wait; with less than ``soon`` left, mails wait no longer."""

    push_after: timedelta = timedelta(seconds=5)
    mails_apart: timedelta = timedelta(minutes=60)
    soon: timedelta = timedelta(hours=12)

    def presses(self, status: str | None, due_at: datetime | None, now: datetime) -> bool:
        """Tell whether an order is due so soon that nothing about it may wait."""
        return status in _WORKED_ON and due_at is not None and due_at - now <= self.soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Messages that somebody has not read: their view of the conversation, and which to alert of.

    ``seq`` is the newest of them, ``alert_id`` the notification that they were given in case that
    none tells of others.
    """

    item: Record
    sender: str
    seq: int
    alert_id: str

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels on which nothing waits that these could go with."""
        marks = ((Channel.PUSH, self.item.push_from), (Channel.EMAIL, self.item.mail_from))
        return tuple(channel for channel, mark in marks if mark == self.seq)

    @property
    def cause(self) -> str:
        """What makes an alert unique."""
        return f"message:{self.item.conversation_id}:{self.seq}"

    @property
    def category(self) -> Category:
        """Which wishes count."""
        of_order = self.item.kind == ConversationKind.ORDER
        return Category.ORDER_MESSAGE if of_order else Category.INBOX_MESSAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Who is to be told, how they wish to be, and on which channels much waits for them."""

    account: Record
    wishes: Preferences
    devices: Sequence[Record]
    suppressed: bool
    crowded: Set[Channel]


class MessagePlanner:
    """Writes what a group of messages brings; a bounded number of statements, whatever its size."""

    def __init__(
        self,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        periods: MessagePeriods | None = None,
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._succession = Succession(new_id=new_id)
        self._periods = periods or MessagePeriods()

    async def plan(self, tx: Transaction, arrived: Sequence[Unread]) -> None:
        """Plan alerts of those that go with none that waits."""
        fresh = [unread for unread in arrived if unread.channels]
        if not fresh:
            return
        now = self._clock.now()
        readers = await self._readers(tx, {unread.item.account_id for unread in fresh}, now)
        told, planned, decided = [], [], []
        for unread in fresh:
            reader = readers.get(unread.item.account_id)
            if reader is None:
                continue
            if unread.item.alert_id == unread.alert_id:
                told.append(_notification(unread, reader, now))
            for plan in self._plans(unread, reader, now):
                about = _about(unread, plan.target)
                planned.append(about | plan.delivery())
                decided.append(about | plan.decision(self._new_id()))
        if told:
            await notifications.add_many(tx.connection, told)
        if planned:
            await deliveries.plan(tx.connection, planned)
            await ledger.write(tx.connection, decided)
            tx.ring(DOORBELL)

    async def _readers(
        self, tx: Transaction, account_ids: set[str], now: datetime
    ) -> dict[str, _Reader]:
        rows = await recipients.readers(tx.connection, account_ids)
        devices: dict[str, list[Record]] = {}
        for row in await recipients.devices(tx.connection, account_ids):
            devices.setdefault(row.account_id, []).append(row)
        addresses = {row.email for row in rows if row.email}
        suppressed = await suppressions.active(tx.connection, addresses, now)
        crowded = await deliveries.crowds(
            tx.connection,
            bucket=BUCKET,
            account_ids=account_ids,
            until=now + self._periods.push_after,
        )
        return {
            row.id: _Reader(
                account=row,
                wishes=effective(row.said or {}, locale=row.locale, timezone=row.timezone),
                devices=devices.get(row.id, ()),
                suppressed=row.email in suppressed,
                crowded={channel for channel in Channel if (row.id, channel) in crowded},
            )
            for row in rows
        }

    def _plans(self, unread: Unread, reader: _Reader, now: datetime) -> Sequence[Plan]:
        item = unread.item
        presses = self._periods.presses(item.order_status, item.order_due_at, now)
        push_due = now + self._periods.push_after
        patience = timedelta(minutes=reader.wishes.email_after_minutes)
        due = {Channel.PUSH: push_due, Channel.EMAIL: push_due if presses else now + patience}
        targets = targets_of(
            unread.category,
            reader.wishes,
            reader.account.email,
            reader.devices,
            suppressed=reader.suppressed,
            channels=unread.channels,
        )
        return [
            Plan(
                delivery_id=self._new_id(),
                cause=unread.cause,
                category=unread.category,
                target=target,
                now=now,
                due_at=due[target.channel],
                reason=Reason.DUE_SOON if presses else Reason.IF_UNREAD,
                order_id=item.order_id,
                conversation_id=item.conversation_id,
                priority=Priority.CROWD if target.channel in reader.crowded else Priority.NORMAL,
            )
            for target in targets
        ]

    async def read(self, tx: Transaction, item: Record) -> None:
        """Cancel what waits to tell of a conversation that was read to its end."""
        now = self._clock.now()
        cancelled = await deliveries.cancel_about(
            tx.connection,
            bucket=BUCKET,
            account_id=item.account_id,
            conversation_id=item.conversation_id,
            reason=Reason.READ,
            now=now,
        )
        lines = [
            {
                "bucket": BUCKET,
                "id": self._new_id(),
                "delivery_id": row.id,
                "account_id": row.account_id,
                "notification_id": row.notification_id,
                "at": now,
                "channel": row.channel,
                "target": "",
                "decision": Decision.CANCELLED,
                "reason": Reason.READ,
                "detail": "",
            }
            for row in cancelled
        ]
        if lines:
            await ledger.write(tx.connection, lines)
        left = [place for row in cancelled if (place := place_of(row))]
        await self._succession.pass_on(tx, left, now)
        await notifications.mark_read(tx.connection, item.account_id, [item.alert_id], now)


def _about(unread: Unread, target: Target) -> dict[str, Any]:
    return {
        "bucket": BUCKET,
        "account_id": unread.item.account_id,
        "notification_id": unread.item.alert_id,
        "channel": target.channel,
    }


def _notification(unread: Unread, reader: _Reader, now: datetime) -> dict[str, Any]:
    """Tell that somebody wrote; what they wrote may change, and is read when it is told."""
    item = unread.item
    facts = {"sender": unread.sender, "preview": "", "order_number": item.order_number}
    link = f"/inbox/{item.conversation_id}"
    said = in_two_lines(
        Alert(
            category=unread.category,
            template=TEMPLATE,
            locale=reader.wishes.locale,
            timezone=reader.wishes.timezone,
            account_id=item.account_id,
            account_name=reader.account.name,
            facts=facts,
            link=link,
            at=now,
        )
    )
    return {
        "account_id": item.account_id,
        "id": unread.alert_id,
        "cause": f"messages:{item.conversation_id}:{unread.seq}",
        "category": unread.category,
        "template": TEMPLATE,
        "title": said.title,
        "body": said.body,
        "facts": facts,
        "link": link,
        "order_id": item.order_id,
        "conversation_id": item.conversation_id,
        "at": now,
        "counted": False,
    }
