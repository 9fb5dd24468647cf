"""A marketplace whose alerts are due: written behind the server's back, a round at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Table, func, select

from domain.preferences import Category, Channel
from realtime.delivery import base64url
from realtime.delivery.plan import Plan, Target
from realtime.delivery.reasons import Reason
from storage.deliveries import BUCKET, DOORBELL, Priority
from storage.dialects import insert_rows
from storage.engine import Database, Transaction
from storage.tables import (
    accounts,
    deliveries,
    inboxes,
    notifications,
    orders,
    push_subscriptions,
    services,
)

T = TypeVar("T")
Values = dict[str, Any]

AT_A_TIME = 5_000
# So many alerts a seller: an hour's cap is never reached, nor does one of them make a crowd.
EACH = 4
# By turns: what goes before all else and is never too much, and what is neither.
CATEGORIES = (Category.NEW_ORDER, Category.ORDER_UPDATE)
DEVICE = "laptop"


@dataclass(frozen=True, slots=True)
class Shop:
    """Sellers with a device and an address each, and orders that they are told of."""

    address: str
    push_origin: str

    def open(self, name: str, sellers: int) -> None:
        """Have sellers who each offer a service, and one buyer."""
        now = datetime.now(UTC)
        self._store(
            (accounts, _people(name, sellers, now)),
            (inboxes, map(_inbox, _names(name, sellers))),
            (push_subscriptions, _devices(name, sellers, self.push_origin, now)),
            (services, (_service(f"{name}-{n}", now) for n in range(sellers))),
        )

    def alert(self, name: str, channel: Channel, count: int) -> None:
        """Have so many alerts due on a channel, each of an order of its own, all at one moment."""
        now = datetime.now(UTC)
        self.open(name, -(-count // EACH))
        self._store(
            (orders, (_order(_named(name, n), now) for n in range(count))),
            (notifications, (_notification(_named(name, n), now) for n in range(count))),
        )
        due = (_delivery(_named(name, n), channel) for n in range(count))
        self._store((deliveries, due), whole=True)

    def left(self, name: str) -> dict[str, int]:
        """Count a round's alerts by where they stand."""
        statement = (
            select(deliveries.c.status, func.count())
            .where(deliveries.c.id.startswith(f"{name}-", autoescape=True))
            .group_by(deliveries.c.status)
        )

        async def count(database: Database) -> dict[str, int]:
            async with database.reading() as connection:
                return dict((await connection.execute(statement)).tuples().all())

        return on_database(self.address, count)

    def _store(self, *filled: tuple[Table, Iterator[Values]], whole: bool = False) -> None:
        async def store(database: Database) -> None:
            for table, rows in filled:
                while some := list(islice(rows, None if whole else AT_A_TIME)):
                    await database.transaction(partial(_insert, table, some))

        on_database(self.address, store)


def on_database(address: str, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Do something with a database, and leave it."""

    async def do() -> T:
        database = Database.open(address)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(do())


async def tell_of_order(tx: Transaction, news: "News") -> None:
    """Store an order and both alerts of it, as far as a worker knows of one; ring for it."""
    now = datetime.now(UTC)
    await _insert(orders, [_order(news, now)], tx)
    await _insert(notifications, [_notification(news, now)], tx)
    await _insert(deliveries, [_delivery(news, channel) for channel in Channel], tx)
    tx.ring(DOORBELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An order, and what its seller is told of it."""

    id: str
    number: int
    seller: str
    buyer: str
    category: Category


def _named(name: str, number: int) -> News:
    return News(
        id=f"{name}-{number}",
        number=number,
        seller=f"{name}-{number // EACH}",
        buyer=f"{name}-buyer",
        category=CATEGORIES[number % len(CATEGORIES)],
    )


async def _insert(table: Table, rows: Sequence[Values], tx: Transaction) -> None:
    names = list(rows[0])
    await insert_rows(tx.connection, table, names, [list(row.values()) for row in rows])


def _names(name: str, sellers: int) -> Iterator[str]:
    yield f"{name}-buyer"
    yield from (f"{name}-{number}" for number in range(sellers))


def _people(name: str, sellers: int, now: datetime) -> Iterator[Values]:
    for id_ in _names(name, sellers):
        yield {
            "id": id_,
            "name": "Anna Brandt",
            "email": f"{id_}@market.test",
            "locale": "en",
            "timezone": "Europe/Berlin",
            "created_at": now,
            "updated_at": now,
        }


def _inbox(account_id: str) -> Values:
    counted = dict.fromkeys(("position", "unread_conversations", "unread_notifications"), 0)
    return {"account_id": account_id, "epoch": "bench", **counted}


def _devices(name: str, sellers: int, origin: str, now: datetime) -> Iterator[Values]:
    """Give each a browser; they share a key, of which a sender knows nothing."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = base64url.encode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    for number in range(sellers):
        yield {
            "account_id": f"{name}-{number}",
            "id": DEVICE,
            "endpoint": f"{origin}/push/{name}-{number}",
            "endpoint_hash": f"{name}-{number}",
            "p256dh": point,
            "auth": base64url.encode(bytes(range(16))),
            "label": DEVICE,
            "created_at": now,
            "kind": "web",
        }


def _service(seller: str, now: datetime) -> Values:
    return {
        "id": f"{seller}-logo",
        "seller_id": seller,
        "title": "A logo",
        "status": "approved",
        "delivery_days": 3,
        "questions": [],
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _order(news: News, now: datetime) -> Values:
    return {
        "id": news.id,
        "number": f"FO{news.number}",
        "service_id": f"{news.seller}-logo",
        "service_title": "A logo",
        "seller_id": news.seller,
        "buyer_id": news.buyer,
        "price_amount": 5000,
        "price_currency": "EUR",
        "status": "in_progress",
        "active": True,
        "delivery_days": 3,
        "due_at": now + timedelta(days=3),
        "conversation_id": news.id,
        "questions": [],
        "answers": {},
        "requirements_status": "none",
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _notification(news: News, now: datetime) -> Values:
    template, facts = _TOLD[news.category]
    return {
        "account_id": news.seller,
        "id": news.id,
        "cause": news.id,
        "category": news.category,
        "template": template,
        "title": "Anna Brandt ordered A logo",
        "body": f"FO{news.number}",
        "facts": facts | {"number": f"FO{news.number}", "service": "A logo"},
        "link": f"/orders/{news.id}",
        "order_id": news.id,
        "at": now,
        "counted": True,
    }


_TOLD: dict[Category, tuple[str, Values]] = {
    Category.NEW_ORDER: (
        "order_created",
        {"buyer": "Anna Brandt", "price": {"amount": 5000, "currency": "EUR"}, "due_at": None},
    ),
    Category.ORDER_UPDATE: (
        "order_changed",
        {"event": "revision_requested", "person": "Anna Brandt", "text": "A bit more blue."},
    ),
}


def _delivery(news: News, channel: Channel) -> Values:
    now = datetime.now(UTC)
    is_new = news.category is Category.NEW_ORDER
    plan = Plan(
        delivery_id=f"{news.id}-{channel}",
        cause=news.id,
        category=news.category,
        target=Target(channel=channel, id=DEVICE if channel is Channel.PUSH else ""),
        now=now,
        due_at=now,
        reason=Reason.AT_ONCE,
        order_id=news.id,
        priority=Priority.FIRST if is_new else Priority.NORMAL,
    )
    about = {"bucket": BUCKET, "account_id": news.seller, "notification_id": news.id}
    return about | {"channel": channel} | plan.delivery()
