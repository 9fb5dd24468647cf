"""Plans alerts in the transaction of their cause: the event and its alerts, or neither."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.preferences import Category, Channel, Preferences, effective
from realtime.clock import Clock
from realtime.delivery.alert import Alert, notification_body, notification_title
from realtime.delivery.reasons import Decision, Reason
from storage import accounts, deliveries, notifications
from storage.deliveries import Status
from storage.engine import Transaction
from storage.rows import Record

DOORBELL = "delivery"
# One bucket until the queue is spread over several database servers.
BUCKET = 0
LIFETIME = {Channel.PUSH: timedelta(hours=24), Channel.EMAIL: timedelta(hours=48)}
FIRST, NORMAL = 0, 10


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


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one alert would go, and why it does not if it does not."""

    channel: Channel
    target: str
    skipped: Reason | None


class Planner:
    """Writes a notification, its deliveries and the ledger's first line about each."""

    def __init__(self, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self._clock = clock
        self._new_id = new_id

    async def plan(self, tx: Transaction, notice: Notice) -> Record | None:
        """Plan the alerts of one notice; None when its cause alerted this account before."""
        account = await accounts.get(tx.connection, notice.account_id)
        if account is None:
            return None
        said = await accounts.said_preferences(tx.connection, account.id)
        wishes = effective(said, locale=account.locale, timezone=account.timezone)
        notification_id = self._new_id()
        stored = await notifications.add(
            tx.connection, self._notification(notification_id, notice, account, wishes)
        )
        if not stored:
            return None
        subscriptions = await accounts.push_subscriptions_of(tx.connection, account.id)
        targets = _targets(notice.category, wishes, account, [row.id for row in subscriptions])
        await self._write(tx, notice, notification_id, targets)
        tx.ring(DOORBELL)
        return await notifications.get(tx.connection, account.id, notification_id)

    def _notification(
        self, notification_id: str, notice: Notice, account: Record, wishes: Preferences
    ) -> dict[str, Any]:
        alert = Alert(
            category=notice.category,
            template=notice.template,
            locale=wishes.locale,
            timezone=wishes.timezone,
            account_id=account.id,
            account_name=account.name,
            facts=notice.facts,
            link=notice.link,
            at=self._clock.now(),
        )
        return {
            "account_id": account.id,
            "id": notification_id,
            "cause": notice.cause,
            "category": notice.category,
            "template": notice.template,
            "title": notification_title(alert),
            "body": notification_body(alert),
            "facts": notice.facts,
            "link": notice.link,
            "order_id": notice.order_id,
            "conversation_id": notice.conversation_id,
            "at": alert.at,
        }

    async def _write(
        self, tx: Transaction, notice: Notice, notification_id: str, targets: Sequence[_Target]
    ) -> None:
        now = self._clock.now()
        planned = []
        decisions = []
        for target in targets:
            delivery_id = self._new_id()
            planned.append(
                {
                    "bucket": BUCKET,
                    "id": delivery_id,
                    "account_id": notice.account_id,
                    "notification_id": notification_id,
                    "cause": notice.cause,
                    "category": notice.category,
                    "channel": target.channel,
                    "target": target.target,
                    "order_id": notice.order_id,
                    "status": Status.SKIPPED if target.skipped else Status.SCHEDULED,
                    "reason": target.skipped,
                    "priority": FIRST if notice.category is Category.NEW_ORDER else NORMAL,
                    "due_at": now,
                    "expires_at": now + LIFETIME[target.channel],
                    "attempts": 0,
                    "crashes": 0,
                    "sending": False,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            decisions.append(
                {
                    "bucket": BUCKET,
                    "id": self._new_id(),
                    "delivery_id": delivery_id,
                    "account_id": notice.account_id,
                    "notification_id": notification_id,
                    "at": now,
                    "channel": target.channel,
                    "target": target.target,
                    "decision": Decision.SKIPPED if target.skipped else Decision.PLANNED,
                    "reason": target.skipped or Reason.AT_ONCE,
                    "detail": "",
                }
            )
        await deliveries.plan(tx.connection, planned)
        await deliveries.write_ledger(tx.connection, decisions)


def _targets(
    category: Category, wishes: Preferences, account: Record, subscriptions: Sequence[str]
) -> list[_Target]:
    """List where an alert goes: each device that takes pushes, and the mail address."""
    if not wishes.wants(category, Channel.PUSH):
        pushes = [_Target(Channel.PUSH, "", Reason.PREFERENCE_OFF)]
    elif not subscriptions:
        pushes = [_Target(Channel.PUSH, "", Reason.NO_SUBSCRIPTION)]
    else:
        pushes = [_Target(Channel.PUSH, device, None) for device in subscriptions]
    return [*pushes, _Target(Channel.EMAIL, "", _no_mail(category, wishes, account))]


def _no_mail(category: Category, wishes: Preferences, account: Record) -> Reason | None:
    if not wishes.wants(category, Channel.EMAIL):
        return Reason.PREFERENCE_OFF
    return None if account.email else Reason.NO_ADDRESS
