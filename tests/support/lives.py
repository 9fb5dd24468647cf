"""Anna, who bought from Sam and left something behind wherever one can."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.identity import Identity
from domain.lifecycle import Action
from realtime.services.order_commands import Deliver, Nothing
from storage.engine import Database
from storage.tables import metadata
from tests.support.marketplace import QUESTION, Marketplace

ANNA = {
    "name": "Anna Brandt",
    "email": "anna.brandt@post.example",
    "locale": "de-CH",
    "timezone": "Europe/Zurich",
    "avatar_url": "https://example.com/anna-brandt.png",
}
# What is nowhere to be found afterwards.
HERS = ("Anna", "Brandt", "brandt", "post.example", "de-CH", "Zurich", "push.example", "secret")
SELLER, BUYER = Identity("sam"), Identity("anna")


async def lived(market: Marketplace) -> tuple[Any, str]:
    """Have Anna buy from Sam, write with him, and leave something behind wherever one can."""
    await market.account("sam")
    await market.account("anna", **ANNA)
    await market.service("sam", questions=[QUESTION])
    await market.service("anna", id="annas-own")
    await market.accounts.subscribe_push(
        BUYER, endpoint="https://push.example/anna", p256dh="k", auth="a", label="Anna's phone"
    )
    await market.accounts.change_preferences(BUYER, {"locale": "de-CH"})
    await market.quick_replies.add(BUYER, "secret", "Hi {name}")
    until = market.clock.now() + timedelta(days=1)
    await market.contacts.grant(seller_id="anna", buyer_id="sam", until=until)
    order = await market.order(buyer_id="anna", answers={"logo": "A tree"})
    await market.order_papers.add_note(BUYER, order["id"], "secret")
    await market.order_papers.add_note(SELLER, order["id"], "Sam's own note")
    await market.send(SELLER, order["conversation_id"], "I begin")
    await market.send(BUYER, order["conversation_id"], "Thanks")
    direct = await market.direct(BUYER, SELLER)
    sent = await market.send(BUYER, direct, "Hello Sam")
    await market.changes.edit(BUYER, direct, sent.seq, "Hello, Sam")
    await market.blocks.block(BUYER, "sam")
    await market.order_actions.act(SELLER, order["id"], Action.DELIVER, Deliver(message="There"))
    return order, direct


async def ended(market: Marketplace) -> tuple[Any, str]:
    """Have them come to an end, too."""
    order, direct = await lived(market)
    await market.order_actions.act(BUYER, order["id"], Action.ACCEPT, Nothing())
    market.ear.news.clear()
    return order, direct


async def stored(database: Database) -> str:
    """Return all that is stored anywhere, as one text."""
    found = []
    async with database.reading() as connection:
        for table in metadata.sorted_tables:
            found += [f"{table.name} {row}" for row in await connection.execute(select(table))]
    return "\n".join(found)
