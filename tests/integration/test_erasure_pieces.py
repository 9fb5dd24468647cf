"""Erasing piece by piece: whatever ends in between, and whoever comes at the same time."""

import asyncio

from sqlalchemy import func, select

from domain.errors import Conflict, Invalid
from realtime.delivery.planner import Planner
from realtime.ids import new_id
from realtime.services import erasing
from realtime.services.erasing import Erasing
from storage import accounts, erasures
from storage.engine import Transaction
from storage.tables import inbox_items
from tests.support.lives import ended, stored
from tests.support.marketplace import Marketplace


async def test_what_is_much_goes_piece_by_piece_and_is_finished_after_a_crash(
    market: Marketplace,
) -> None:
    """A process that ends in between leaves a row, and whoever looks next goes on from there."""
    sam, _ = await market.sam_and_bea()
    for number in range(5):
        other = await market.account(f"buyer-{number}")
        await market.send(other, await market.direct(other, sam), "Hello")

    async def begin_alone(tx: Transaction) -> None:
        await erasures.begin(tx.connection, "sam", "Deleted account 2", market.clock.now())

    await market.database.transaction(begin_alone)
    patient = Erasing(
        database=market.database,
        people=market.people,
        planner=Planner(clock=market.clock, new_id=new_id),
        order_views=market.order_views,
        clock=market.clock,
        conversations_at_once=2,
    )
    assert await patient.finish_what_was_begun() == 0  # whoever began it may be at it
    market.clock.advance(erasing.LAST_LOOK)

    assert await patient.finish_what_was_begun() == 1

    async with market.database.reading() as connection:
        left = await connection.scalar(
            select(func.count()).select_from(inbox_items).where(inbox_items.c.account_id == "sam")
        )
        closed = await connection.scalar(
            select(func.count())
            .select_from(inbox_items)
            .where(inbox_items.c.closed_at.is_not(None))
        )
    assert (left, closed) == (0, 5)
    assert await patient.finish_what_was_begun() == 0


async def test_what_a_request_under_way_still_wrote_is_found_later(market: Marketplace) -> None:
    await ended(market)
    await market.erasing.erase("anna")

    async def late(tx: Transaction) -> None:
        await accounts.put_preferences(tx.connection, "anna", {"locale": "de"}, market.clock.now())

    await market.database.transaction(late)
    market.clock.advance(erasing.LAST_LOOK)

    await market.erasing.finish_what_was_begun()

    assert "preferences" not in await stored(market.database)
    assert "erasures" not in await stored(market.database)


async def test_an_order_or_the_end_whichever_is_first(
    market: Marketplace, other_node: Marketplace
) -> None:
    """An open order is never left with nobody on one side."""
    for number in range(6):
        buyer = f"buyer-{number}"
        await market.account(buyer)
        if not number:
            await market.account("sam")
            await market.service("sam")
        placed, erased = await asyncio.gather(
            market.order(buyer_id=buyer),
            other_node.erasing.erase(buyer),
            return_exceptions=True,
        )
        assert isinstance(placed, Invalid) != isinstance(erased, Conflict), (placed, erased)
