"""Importing lines into a marketplace of a test."""

import json
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select

from domain.identity import Identity
from domain.timers import Periods
from realtime.ids import new_epoch, new_id
from realtime.importing.batches import Refused, Tools
from realtime.importing.importer import BATCH, Importer, OnError, Report
from realtime.importing.reader import Lines
from storage.tables import entries, inbox_items, inboxes, participants
from tests.support.clock import NOON
from tests.support.marketplace import Marketplace

Line = dict[str, Any]
# When the history of these tests begins: some weeks before now.
BEGAN = NOON - timedelta(days=40)


def at(minutes: float) -> str:
    """Write a moment of that history."""
    return (BEGAN + timedelta(minutes=minutes)).isoformat()


def account(account_id: str, **more: Any) -> Line:
    """Write an account."""
    line = {"type": "account", "id": account_id, "name": account_id.title(), "created_at": at(0)}
    return line | more


def service(service_id: str = "logo", **more: Any) -> Line:
    """Write a service."""
    told = {"seller_id": "sam", "title": "A logo", "delivery_days": 3, "created_at": at(0)}
    return {"type": "service", "id": service_id, **told, **more}


def order(order_id: str, **more: Any) -> Line:
    """Write an order that is completed, unless it says otherwise."""
    told = {
        "service_id": "logo",
        "buyer_id": "bea",
        "price": {"amount": 12_050, "currency": "EUR"},
        "status": "completed",
        "created_at": at(10),
        "delivered_at": at(20),
        "closed_at": at(30),
    }
    fields = {"type": "order", "id": order_id, **told, **more}
    return {name: value for name, value in fields.items() if value is not ...}


def message(message_id: str, sender: str = "bea", **more: Any) -> Line:
    """Write a message, about the order o1 unless it says otherwise."""
    told = {"sender": sender, "body": message_id, "at": at(15)}
    place = {} if "to" in more else {"order_id": "o1"}
    return {"type": "message", "id": message_id, **told, **place, **more}


PEOPLE = [account("sam"), account("bea"), service()]


def written(lines: Sequence[Line | bytes]) -> bytes:
    """Write lines as a file has them; bytes stay as they are."""
    texts = [
        each if isinstance(each, bytes) else json.dumps(each, ensure_ascii=False).encode()
        for each in lines
    ]
    return b"".join(text + b"\n" for text in texts)


class Importing:
    """Imports into a market; keeps what was refused."""

    def __init__(self, market: Marketplace, on_error: OnError = OnError.STOP) -> None:
        self.refused: list[tuple[int, str]] = []
        self.market = market
        self._on_error = on_error

    async def run(self, lines: Sequence[Line | bytes], *, batch: int = BATCH) -> Report:
        """Import lines; return the summary."""
        tools = Tools(
            clock=self.market.clock, periods=Periods(), new_id=new_id, new_epoch=new_epoch
        )
        importer = Importer(
            database=self.market.database,
            tools=tools,
            on_error=self._on_error,
            told=lambda _report: None,
            skipped=self._note,
            batch=batch,
        )
        return await importer.run(Lines(BytesIO(written(lines))), Report())

    def _note(self, refused: Refused) -> None:
        self.refused.append((refused.number, refused.reason))


async def imported(
    market: Marketplace, lines: Sequence[Line | bytes], *, batch: int = BATCH
) -> Report:
    """Import lines that are all good."""
    return await Importing(market).run(lines, batch=batch)


# --- what came of it ---


async def said(market: Marketplace, reader: Identity, thread: str) -> list[Any]:
    """Return a conversation's page."""
    page = await market.conversations.messages(
        reader, thread, before=None, after=None, around=None, limit=200
    )
    return list(page["items"])


async def listed(market: Marketplace, reader: Identity) -> dict[str, Any]:
    """Return the conversations that somebody's inbox shows, by kind or by who they are with."""
    page = await market.conversations.page(reader, chosen="all", kind=None, after=None, limit=99)
    return {each["order_id"] or each["with"]["id"]: each for each in page["items"]}


async def rows(market: Marketplace, table: Any) -> Sequence[Any]:
    """Read a table."""
    async with market.database.reading() as connection:
        return (await connection.execute(select(table))).all()


def moment(minutes: float) -> str:
    """Write a moment of history as the API shows it."""
    return (BEGAN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def counted_right(market: Marketplace) -> None:
    """Compare what inboxes count with what is there."""
    unread: dict[str, int] = {}
    receipts = {
        (each.account_id, each.conversation_id): each.read_seq
        for each in await rows(market, participants)
    }
    words = [each for each in await rows(market, entries) if each.kind == "message"]
    for item in await rows(market, inbox_items):
        assert item.read_seq == receipts[item.account_id, item.conversation_id]
        behind = [
            each
            for each in words
            if each.conversation_id == item.conversation_id
            and each.seq > item.read_seq
            and each.sender != item.account_id
        ]
        assert item.unread == len(behind)
        unread[item.account_id] = unread.get(item.account_id, 0) + bool(item.unread)
    counted = {each.account_id: each.unread_conversations for each in await rows(market, inboxes)}
    assert counted == {account_id: unread.get(account_id, 0) for account_id in counted}
