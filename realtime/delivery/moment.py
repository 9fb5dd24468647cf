"""What a delivery finds when it falls due: account, wishes, device and order as they are now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.orders import OrderStatus
from domain.preferences import Category, Channel, Preferences, effective
from realtime.clock import Clock
from realtime.delivery.alert import Alert, together
from realtime.delivery.company import ALONE, Company, Measure, companies
from realtime.delivery.gate import Messages, Situation
from realtime.delivery.message_planner import MessagePeriods
from realtime.delivery.reasons import Reason
from realtime.delivery.targets import shown_address, shown_endpoint
from realtime.delivery.threads import Thread, Threads
from realtime.delivery.topic import Topic, is_news
from storage import recipients, suppressions
from storage.deliveries import Claim
from storage.engine import Database
from storage.message_alerts import first_seq
from storage.rows import Record
from storage.unread import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One claimed delivery among what it is about.

    ``told`` is its notification with its account, ``wishes`` what that account wants; both are
    None when either is gone. ``device`` is the push subscription it is for, ``other_devices``
    whether the account has any, ``suppressed`` whether its address is written to no more;
    ``target`` is where it goes, as it may be shown. ``thread`` is the conversation that it is
    about, if it tells of messages, ``company`` what goes out with it.
    """

    claim: Claim
    now: datetime
    told: Record | None
    wishes: Preferences | None
    device: Record | None
    other_devices: bool
    order: Record | None
    buyer_name: str | None
    suppressed: bool
    target: str
    thread: Thread | None = None
    periods: MessagePeriods = field(default_factory=MessagePeriods)
    company: Company = ALONE

    @property
    def address(self) -> str | None:
        """Whom a mail goes to; None for what is no mail."""
        if self.claim.channel != Channel.EMAIL or self.told is None:
            return None
        address: str | None = self.told.email
        return address

    def situation(self, *, missing: Reason | None) -> Situation:
        """Return what the gate decides by; ``missing`` is what the channel lacks."""
        claim = self.claim
        others = self._others()
        alone = not others or self._is_news()
        return Situation(
            now=self.now,
            expires_at=claim.expires_at,
            category=Category(claim.category if alone else others[0].category),
            channel=Channel(claim.channel),
            crashes=claim.crashes,
            sending=claim.sending,
            uncertain=claim.uncertain,
            preferences=self.wishes,
            notified=self._is_about_something(),
            read=alone and self.told is not None and self.told.read_at is not None,
            order_status=OrderStatus(self.order.status) if self.order and alone else None,
            no_target=self._no_target(),
            missing=missing,
            waited_for=claim.reason,
            messages=self._messages(self.thread) if self.thread and alone else None,
            order_id=claim.order_id,
            batched_until=None if self._presses() else self.company.batched_until,
            capped_until=self.company.capped_until,
        )

    def _presses(self) -> bool:
        order = self.order
        return order is not None and self.periods.presses(order.status, order.due_at, self.now)

    def _others(self) -> Sequence[Record]:
        """List the notifications that are told along with this one, each once."""
        own = self.claim.notification_id
        return tuple({row.id: row for row in self.company.told if row.id != own}.values())

    def _is_news(self) -> bool:
        """Tell whether its own notification would go out, had it no company."""
        if self.told is None or self.wishes is None:
            return False
        return is_news(self.told, self._topic, self.wishes, Channel(self.claim.channel))

    @property
    def _topic(self) -> Topic:
        return Topic(
            order_id=self.claim.order_id,
            conversation_id=self.claim.conversation_id,
            order=self.order,
            thread=self.thread,
        )

    def _messages(self, thread: Thread) -> Messages:
        view = thread.view
        return Messages(
            unread=bool(thread.messages),
            seen=view.read_seq >= first_seq(self.claim.cause),
            muted=view.muted,
            blocked=view.blocked,
            overtaken=self._topic.is_overtaken,
            in_focus=thread.in_focus,
            presses=self._presses(),
            mail_again_at=thread.mailed_at and thread.mailed_at + self.periods.mails_apart,
        )

    def _is_about_something(self) -> bool:
        return self.told is not None and self._topic.is_there

    def _no_target(self) -> Reason | None:
        if self.claim.channel == Channel.EMAIL:
            if not self.told or not self.told.email:
                return Reason.NO_ADDRESS
            return Reason.SUPPRESSED if self.suppressed else None
        if self.device is None:
            return Reason.SUBSCRIPTION_GONE if self.other_devices else Reason.NO_SUBSCRIPTION
        return None

    def alert(self, *, public_url: str) -> Alert:
        """Return what is to be said, from the data as it is now."""
        told, wishes = self.told, self.wishes
        assert told is not None, "the gate cancels what is about nothing"
        assert wishes is not None, "told and wishes come from the same row"
        own = Alert(
            category=told.category,
            template=told.template,
            locale=wishes.locale,
            timezone=wishes.timezone,
            account_id=told.account_id,
            account_name=told.name,
            facts=self._facts(told.facts),
            link=f"{public_url}{told.link}",
            at=told.at,
            notification_id=told.id,
            thread=told.order_id or told.conversation_id,
            email=told.email,
        )
        others = self._others()
        return together(own if self._is_news() else None, others, own, public_url)

    def _facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bring what was said at planning up to date: an order moves on, people change names."""
        if self.thread is not None:
            # Where all was taken back meanwhile only others are told.
            return self.thread.facts() if self.thread.messages else facts
        if self.order is None:
            return facts
        now = {
            "due_at": self.order.due_at,
            "answered": len(self.order.answers),
            "buyer": self.buyer_name,
        }
        return {name: now.get(name) or said for name, said in facts.items()}


class Moments:
    """Reads what many deliveries find, in a few queries for all of them."""

    def __init__(
        self, *, database: Database, threads: Threads, measure: Measure, clock: Clock
    ) -> None:
        self._measure = measure
        self._database = database
        self._threads = threads
        self._clock = clock

    async def of(self, claims: Sequence[Claim]) -> list[Moment]:
        """Return a moment for each claim, in order."""
        await self._threads.take_up(claims)
        looked_at = await self._threads.looked_at(claims)
        now = self._clock.now()
        async with self._database.reading() as connection:
            told = await recipients.told(
                connection, {(claim.account_id, claim.notification_id) for claim in claims}
            )
            company = await companies(connection, claims, self._measure, now)
            others = [row for each in company.values() for row in each.told]
            orders = await recipients.orders_of(connection, _order_ids([*claims, *others]))
            names = await recipients.names(connection, {row.buyer_id for row in orders})
            devices = await recipients.devices(connection, _pushed_to(claims))
            suppressed = await suppressions.active(connection, _mailed_to(claims, told), now)
            threads = await self._threads.read(connection, _threads(claims, others), looked_at)
        by_notification = {(row.account_id, row.id): row for row in told}
        by_order = {row.id: row for row in orders}
        by_device = {(row.account_id, row.id): row for row in devices}
        with_devices = {row.account_id for row in devices}
        moments = []
        for claim in claims:
            row = by_notification.get((claim.account_id, claim.notification_id))
            device = by_device.get((claim.account_id, claim.target))
            order = by_order.get(claim.order_id) if claim.order_id else None
            wishes = _wishes(row)
            moments.append(
                Moment(
                    claim=claim,
                    now=now,
                    told=row,
                    wishes=wishes,
                    device=device,
                    other_devices=claim.account_id in with_devices,
                    order=order,
                    buyer_name=names.get(order.buyer_id) if order else None,
                    suppressed=row is not None and row.email in suppressed,
                    target=_shown_target(claim, row, device),
                    thread=threads.get((claim.account_id, claim.conversation_id or "")),
                    periods=self._threads.periods,
                    company=_still_news(company.get(claim.id, ALONE), wishes, by_order, threads),
                )
            )
        return moments


def _still_news(
    company: Company,
    wishes: Preferences | None,
    orders: Mapping[str, Record],
    threads: Mapping[Key, Thread],
) -> Company:
    """Leave out what would not go out alone, either."""
    if wishes is None or not company.told:
        return replace(company, told=())
    return replace(
        company,
        told=tuple(
            row
            for row in company.told
            if is_news(row, _topic_of(row, orders, threads), wishes, Channel(row.channel))
        ),
    )


def _topic_of(row: Record, orders: Mapping[str, Record], threads: Mapping[Key, Thread]) -> Topic:
    return Topic(
        order_id=row.order_id,
        conversation_id=row.tells_of,
        order=orders.get(row.order_id or ""),
        thread=threads.get((row.account_id, row.tells_of or "")),
    )


def _threads(claims: Iterable[Claim], others: Iterable[Record]) -> Mapping[Key, str]:
    """Name the conversations that these tell of, and on which channel."""
    about = {(row.account_id, row.tells_of): row.channel for row in others if row.tells_of}
    return about | {
        (claim.account_id, claim.conversation_id): claim.channel
        for claim in claims
        if claim.conversation_id
    }


def _wishes(told: Record | None) -> Preferences | None:
    if told is None:
        return None
    return effective(told.said or {}, locale=told.locale, timezone=told.timezone)


def _shown_target(claim: Claim, told: Record | None, device: Record | None) -> str:
    if claim.channel == Channel.PUSH:
        return shown_endpoint(device.endpoint) if device else ""
    return shown_address(told.email) if told and told.email else ""


def _mailed_to(claims: Iterable[Claim], told: Iterable[Record]) -> set[str]:
    mailed = {claim.account_id for claim in claims if claim.channel == Channel.EMAIL}
    return {row.email for row in told if row.account_id in mailed and row.email}


def _order_ids(about: Iterable[Claim | Record]) -> set[str]:
    return {each.order_id for each in about if each.order_id}


def _pushed_to(claims: Iterable[Claim]) -> set[str]:
    return {claim.account_id for claim in claims if claim.channel == Channel.PUSH}
