"""Messages: durable, in order, once - and in both inboxes."""

from storage.engine import Database
from tests.support.marketplace import Marketplace


async def test_a_message_takes_the_next_place_and_reaches_both_inboxes(database: Database) -> None:
    market = Marketplace(database)
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    first = await market.send(bea, thread, "Do you make logos?")
    second = await market.send(sam, thread, "I do!")

    assert (first.seq, second.seq) == (1, 2)
    assert [entry["body"] for entry in market.ear.on(f"thread:{thread}")] == [
        "Do you make logos?",
        "I do!",
    ]
    of_sam = await market.conversations.get(sam, thread)
    assert (of_sam["unread"], of_sam["last_message"]["preview"]) == (1, "I do!")
