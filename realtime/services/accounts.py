"""Accounts: who they are, what they want to be told, and which browsers take their pushes."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from domain.errors import Conflict, Invalid, NotFound
from domain.identity import Identity, Role
from domain.instants import rfc3339
from domain.preferences import Category, Channel, Preferences, check_said, effective, merged
from realtime.clock import Clock
from realtime.services.people import People
from realtime.services.shapes import Count, Id, Person, Time
from storage import accounts, inboxes, message_alerts, orders
from storage.engine import Database, Transaction
from storage.rows import Record

# One more takes the place of the oldest: browsers subscribe anew, and the old ones stay behind.
MAX_DEVICES = 20


class Account(Person):
    """An account, to itself and to the marketplace; of an operator the name alone."""

    email: NotRequired[str | None]
    locale: NotRequired[str]
    timezone: NotRequired[str]
    created_at: NotRequired[Time]
    updated_at: NotRequired[Time]


class Me(TypedDict):
    """Who calls, and what waits for them."""

    account: Account
    unread_conversations: Count
    unread_notifications: Count
    active_orders: Count
    is_seller: bool
    role: Role
    features: Sequence[str]


QuietTimes = TypedDict("QuietTimes", {"start": str, "end": str, "except": Sequence[Category]})


class ShownPreferences(TypedDict):
    """What an account wants to be told, and where."""

    locale: str
    timezone: str
    quiet_hours: QuietTimes | None
    categories: Mapping[Category, Mapping[Channel, bool]]
    email_after_minutes: Count


class Device(TypedDict):
    """A browser that takes an account's pushes."""

    id: Id
    label: str
    created_at: NotRequired[Time]


class Accounts:
    """Use cases around one account."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        clock: Clock,
        new_id: Callable[[], str],
        new_epoch: Callable[[], str],
    ) -> None:
        self._database = database
        self._people = people
        self._clock = clock
        self._new_id = new_id
        self._new_epoch = new_epoch

    async def put(self, account_id: str, profile: Mapping[str, Any]) -> tuple[Account, bool]:
        """Store what the marketplace says of an account; tell whether it is new.

        Raises Conflict ``id_retired`` for the id of one that was erased.

        ``profile`` has name, email, locale, timezone and avatar_url.
        """

        async def work(tx: Transaction) -> tuple[Account, bool]:
            now = self._clock.now()
            created = await accounts.put(
                tx.connection,
                {"id": account_id, **profile, "created_at": now, "updated_at": now},
                epoch=self._new_epoch(),
            )
            stored = await accounts.get(tx.connection, account_id)
            if stored is None:
                raise Conflict(
                    "was erased, and stays so; whoever comes back gets another id",
                    path="account_id",
                    code="id_retired",
                )
            tx.remember(lambda: self._people.forget(account_id))
            return _profile(stored), created

        return await self._database.transaction(work)

    async def profile(self, account_id: str) -> Person:
        """Return what a connected client is told of its own account."""
        known = self._people.remembered(account_id)
        if known is not None:
            return known
        async with self._database.reading() as connection:
            return (await self._people.get(connection, [account_id]))[account_id]

    async def me(self, identity: Identity) -> Me:
        """Return an account with its counts."""
        async with self._database.reading() as connection:
            account = await accounts.get(connection, identity.account_id)
            if account is None and identity.role is Role.OPERATOR:
                return _staff(identity)
            account = _known(account)
            inbox = await inboxes.get(connection, account.id)
            assert inbox is not None, "an account and its inbox are stored together"
            active = await orders.count_active(connection, account.id)
            seller = await accounts.offers_services(connection, account.id)
        return {
            "account": _profile(account),
            "unread_conversations": inbox.unread_conversations,
            "unread_notifications": inbox.unread_notifications,
            "active_orders": active,
            "is_seller": seller,
            "role": identity.role,
            "features": [],
        }

    async def preferences(self, identity: Identity) -> ShownPreferences:
        """Return an account's preferences, defaults filled in."""
        async with self._database.reading() as connection:
            account = _known(await accounts.get(connection, identity.account_id))
            said = await accounts.said_preferences(connection, account.id)
        return shown_wishes(effective(said, locale=account.locale, timezone=account.timezone))

    async def change_preferences(
        self, identity: Identity, patch: Mapping[str, Any]
    ) -> ShownPreferences:
        """Apply a merge patch that the API has checked."""

        async def work(tx: Transaction) -> ShownPreferences:
            # Held, so that two first wishes at once are both kept.
            account = _known(await accounts.hold(tx.connection, identity.account_id))
            said = merged(await accounts.said_preferences(tx.connection, account.id), patch)
            errors = check_said(said)
            if errors:
                raise Invalid(*errors)
            await accounts.put_preferences(tx.connection, account.id, said, self._clock.now())
            await message_alerts.forget(tx.connection, account.id)
            return shown_wishes(effective(said, locale=account.locale, timezone=account.timezone))

        return await self._database.transaction(work)

    async def subscribe_push(
        self,
        identity: Identity,
        *,
        endpoint: str,
        label: str,
        p256dh: str = "",
        auth: str = "",
        kind: str = "web",
        vapid_key: str | None = None,
        keeps_key: bool = False,
    ) -> Device:
        """Remember a device that takes this account's pushes; the same one again is no second.

        ``vapid_key`` is the public key that a browser subscribed with; with ``keeps_key`` the same
        one again has the key that it came with first.
        """

        async def work(tx: Transaction) -> Device:
            _known(await accounts.get(tx.connection, identity.account_id))
            fresh = self._new_id()
            subscription_id = await accounts.put_push_subscription(
                tx.connection,
                {
                    "account_id": identity.account_id,
                    "id": fresh,
                    "endpoint": endpoint,
                    "endpoint_hash": endpoint_hash(endpoint),
                    "p256dh": p256dh,
                    "auth": auth,
                    "label": label,
                    "kind": kind,
                    "vapid_key": vapid_key,
                    "created_at": self._clock.now(),
                },
                keeps_key=keeps_key,
            )
            await accounts.keep_newest_push_subscriptions(
                tx.connection, identity.account_id, MAX_DEVICES
            )
            if subscription_id == fresh:
                await message_alerts.forget(tx.connection, identity.account_id)
            return {"id": subscription_id, "label": label}

        return await self._database.transaction(work)

    async def push_subscriptions(self, identity: Identity) -> list[Device]:
        """List the browsers that take this account's pushes."""
        async with self._database.reading() as connection:
            rows = await accounts.push_subscriptions_of(connection, identity.account_id)
        return [
            {"id": row.id, "label": row.label, "created_at": rfc3339(row.created_at)}
            for row in rows
        ]

    async def unsubscribe_push(self, identity: Identity, endpoint: str) -> None:
        """Forget a browser by its endpoint."""
        await self._dropped(
            lambda tx: accounts.drop_endpoint(
                tx.connection, identity.account_id, endpoint_hash(endpoint)
            )
        )

    async def forget_push_subscription(self, identity: Identity, subscription_id: str) -> None:
        """Forget a browser by the id of its subscription."""
        await self._dropped(
            lambda tx: accounts.drop_push_subscription(
                tx.connection, identity.account_id, subscription_id
            )
        )

    async def _dropped(self, work: Callable[[Transaction], Awaitable[bool]]) -> None:
        if not await self._database.transaction(work):
            raise NotFound("there is no such push subscription")


def endpoint_hash(endpoint: str) -> str:
    """Name an endpoint without telling it: who knows it can push."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _known(account: Record | None) -> Record:
    if account is None:
        raise NotFound("the marketplace has not told us of this account")
    return account


def _staff(identity: Identity) -> Me:
    """Show an operator who neither sells nor buys here."""
    account: Account = {"id": identity.account_id, "name": identity.account_id, "avatar_url": None}
    return {
        "account": account,
        "unread_conversations": 0,
        "unread_notifications": 0,
        "active_orders": 0,
        "is_seller": False,
        "role": identity.role,
        "features": [],
    }


def _profile(account: Record) -> Account:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "locale": account.locale,
        "timezone": account.timezone,
        "avatar_url": account.avatar_url,
        "created_at": rfc3339(account.created_at),
        "updated_at": rfc3339(account.updated_at),
    }


def shown_wishes(wishes: Preferences) -> ShownPreferences:
    """Show the whole of an account's wishes."""
    quiet = wishes.quiet_hours
    return {
        "locale": wishes.locale,
        "timezone": wishes.timezone,
        "quiet_hours": {"start": quiet.start, "end": quiet.end, "except": list(quiet.excepted)}
        if quiet
        else None,
        "categories": wishes.categories,
        "email_after_minutes": wishes.email_after_minutes,
    }
