"""Whether one may write, told alike wherever a conversation is shown."""

from datetime import timedelta

import msgspec

from domain.lifecycle import Action
from realtime.services.order_commands import Deliver
from tests.support.marketplace import Marketplace


async def test_whether_one_may_write_is_told_wherever_a_conversation_is_shown(
    market: Marketplace,
) -> None:
    """The list, one summary, what changes in an inbox, and what is caught up with."""
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    thread = await market.direct(bea, sam)
    sent = await market.send(bea, thread, "Hello")
    await market.changes.edit(bea, thread, sent.seq, "Hello Sam")
    await market.conversations.mark_read(sam, thread, sent.seq)
    await market.conversations.change(sam, thread, {"starred": True})
    await market.send(bea, order["conversation_id"], "And about the order")
    await market.order_actions.act(sam, order["id"], Action.DELIVER, Deliver())
    await market.blocks.block(bea, "sam")
    await market.conversations.mark_unread(sam, thread, sent.seq)
    await market.changes.delete(bea, thread, sent.seq)

    page = await market.conversations.page(sam, chosen="all", kind=None, after=None, limit=9)
    caught_up = await market.reads.changes_since("inbox:sam", 0)
    live = market.ear.on("inbox:sam")

    recovered = [msgspec.json.decode(each.data) for each in caught_up.publications]
    for told in (live, recovered):
        shown = [each["conversation"] for each in told if each["type"] == "conversation"]
        direct = [each["can_send_reason"] for each in shown if each["id"] == thread]
        assert {each["can_send_reason"] for each in shown if each["id"] != thread} == {None}
        assert direct[-1] == "blocked"
        assert all(each["can_send"] is (each["can_send_reason"] is None) for each in shown)
        if told is live:
            assert direct == [None] * 4 + ["blocked"] * 3
    assert {each["id"]: each["can_send_reason"] for each in page["items"]} == {
        thread: "blocked",
        order["conversation_id"]: None,
    }
    assert await market.conversations.get(sam, thread) in page["items"]


async def test_a_list_asks_once_whether_one_may_write(market: Marketplace) -> None:
    """A seller whom nobody answered yet sees it in each conversation."""
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    until = market.clock.now() + timedelta(days=1)
    await market.contacts.grant(seller_id="sam", buyer_id="bea", until=until)
    for buyer in (bea, eve):
        thread = await market.direct(buyer, sam)
        if buyer is bea:
            await market.send(sam, thread, "An offer")
        else:
            await market.send(buyer, thread, "A question")
    market.clock.advance(timedelta(days=2))

    page = await market.conversations.page(sam, chosen="all", kind=None, after=None, limit=9)

    assert {each["with"]["id"]: each["can_send_reason"] for each in page["items"]} == {
        "bea": "first_contact_required",
        "eve": None,
    }
