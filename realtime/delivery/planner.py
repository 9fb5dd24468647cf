"""Plans alerts in the transaction of their cause: the event and its alerts, or neither."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.preferences import Category, Channel, Preferences, effective
from realtime.clock import Clock
from realtime.delivery.alert import Alert, in_two_lines
from realtime.delivery.plan import Plan, Target, targets_of
from realtime.delivery.reasons import Decision, Reason
from storage import accounts, deliveries, erasures, ledger, notifications, suppressions
from storage.deliveries import BUCKET, DOORBELL, Priority
from storage.engine import Transaction
from storage.rows import Record

# The facts of an alert that are a name: that of the person on the other side.
PERSONS = ("buyer", "person", "sender")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a person should know; ``cause`` makes it unique for them.

    ``facts`` is what the texts are made of, ``link`` a path of the web app.
    """

    account_id: str
    category: Category
    template: str
    cause: str
    link: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    order_id: str | None = None
    conversation_id: str | None = None


class Planner:
    """Writes a notification, its deliveries and the ledger's first line about each."""

    def __init__(self, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._clock = clock
        self._new_id = new_id

    async def plan(self, tx: Transaction, notice: Notice) -> Record | None:
        """Plan the alerts of one notice; None when its cause alerted this account before."""
        reader = await _reader(tx, notice.account_id)
        if reader is None:
            return None
        account, wishes = reader
        notification_id = self._new_id()
        stored = await notifications.add(
            tx.connection, self._notification(notification_id, notice, account, wishes)
        )
        if not stored:
            return None
        devices = await accounts.push_subscriptions_of(tx.connection, account.id)
        suppressed = await self._suppressed(tx, account)
        targets = targets_of(notice.category, wishes, account.email, devices, suppressed=suppressed)
        await self._write(tx, notice, notification_id, targets)
        tx.ring(DOORBELL)
        return await notifications.get(tx.connection, account.id, notification_id)

    async def _suppressed(self, tx: Transaction, account: Record) -> bool:
        addresses = {account.email} if account.email else set()
        return bool(await suppressions.active(tx.connection, addresses, self._clock.now()))

    async def cancel_all(self, tx: Transaction, account_id: str) -> None:
        """Cancel what is under way to an account that is erased, whoever has it."""
        now = self._clock.now()
        cancelled = await erasures.cancel_deliveries(
            tx.connection, BUCKET, account_id, reason=Reason.ACCOUNT_ERASED, now=now
        )
        lines = [
            {
                "bucket": BUCKET,
                "id": self._new_id(),
                "delivery_id": row.id,
                "account_id": account_id,
                "notification_id": row.notification_id,
                "at": now,
                "channel": row.channel,
                "target": "",
                "decision": Decision.CANCELLED,
                "reason": Reason.ACCOUNT_ERASED,
                "detail": "",
            }
            for row in cancelled
        ]
        if lines:
            await ledger.write(tx.connection, lines)

    async def rename(self, tx: Transaction, told: Sequence[Record], name: str) -> list[Record]:
        """Tell anew what was told of somebody who goes by another name now; return how it reads."""
        known = {row.account_id for row in told}
        readers = {id_: await _reader(tx, id_) for id_ in sorted(known)}
        renamed = []
        for row in told:
            facts = row.facts | {key: name for key in PERSONS if key in row.facts}
            reader = readers[row.account_id]
            if reader is None or facts == row.facts:
                continue
            lines = in_two_lines(_alert(row, facts, *reader, row.at))
            values = {"facts": facts, "title": lines.title, "body": lines.body}
            renamed.append(
                await notifications.change(tx.connection, row.account_id, row.id, values)
            )
        return renamed

    def _notification(
        self, notification_id: str, notice: Notice, account: Record, wishes: Preferences
    ) -> dict[str, Any]:
        now = self._clock.now()
        said = in_two_lines(_alert(notice, notice.facts, account, wishes, now))
        return {
            "account_id": account.id,
            "id": notification_id,
            "cause": notice.cause,
            "category": notice.category,
            "template": notice.template,
            "title": said.title,
            "body": said.body,
            "facts": notice.facts,
            "link": notice.link,
            "order_id": notice.order_id,
            "conversation_id": notice.conversation_id,
            "at": now,
        }

    async def _write(
        self, tx: Transaction, notice: Notice, notification_id: str, targets: Sequence[Target]
    ) -> None:
        now = self._clock.now()
        priorities = {
            channel: await _priority(tx, notice, channel, now)
            for channel in {target.channel for target in targets if not target.skipped}
        }
        planned = []
        decisions = []
        for target in targets:
            about = {
                "bucket": BUCKET,
                "account_id": notice.account_id,
                "notification_id": notification_id,
                "channel": target.channel,
            }
            plan = Plan(
                delivery_id=self._new_id(),
                cause=notice.cause,
                category=notice.category,
                target=target,
                now=now,
                due_at=now,
                reason=Reason.AT_ONCE,
                order_id=notice.order_id,
                priority=priorities.get(target.channel, Priority.NORMAL),
            )
            planned.append(about | plan.delivery())
            decisions.append(about | plan.decision(self._new_id()))
        await deliveries.plan(tx.connection, planned)
        await ledger.write(tx.connection, decisions)


async def _reader(tx: Transaction, account_id: str) -> tuple[Record, Preferences] | None:
    """Read who is to be told, and how they wish to be; None when nobody is there."""
    account = await accounts.get(tx.connection, account_id)
    if account is None:
        return None
    said = await accounts.said_preferences(tx.connection, account.id)
    return account, effective(said, locale=account.locale, timezone=account.timezone)


def _alert(
    about: Notice | Record,
    facts: Mapping[str, Any],
    account: Record,
    wishes: Preferences,
    at: datetime,
) -> Alert:
    return Alert(
        category=about.category,
        template=about.template,
        locale=wishes.locale,
        timezone=wishes.timezone,
        account_id=account.id,
        account_name=account.name,
        facts=facts,
        link=about.link,
        at=at,
    )


async def _priority(tx: Transaction, notice: Notice, channel: Channel, now: datetime) -> Priority:
    """One account's flood stands behind the others' alerts, even if it is of new orders."""
    crowded = await deliveries.crowded(
        tx.connection, bucket=BUCKET, account_id=notice.account_id, channel=channel, until=now
    )
    if crowded:
        return Priority.CROWD
    return Priority.FIRST if notice.category is Category.NEW_ORDER else Priority.NORMAL
