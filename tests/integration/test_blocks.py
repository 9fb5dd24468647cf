"""Blocks: nobody writes outside of orders to whom they block, or who blocks them."""

import asyncio
from typing import Any

import msgspec
import pytest

from domain.errors import Forbidden, OrderwireError
from domain.identity import Identity
from domain.publications import Changes, Opening, OpenRequest, rights_doorbell, thread_channel
from realtime.services.messages import Sent
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR, Marketplace


async def refusal(market: Marketplace, sender: Identity, thread: str) -> str:
    """Return the code with which a message is refused."""
    with pytest.raises(Forbidden) as refused:
        await market.send(sender, thread)
    return refused.value.code


async def test_neither_side_writes_until_the_block_ends(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")
    await market.send(sam, thread, "Hello yourself")

    await market.blocks.block(bea, "sam")

    assert await refusal(market, sam, thread) == "blocked"
    assert await refusal(market, bea, thread) == "you_blocked"
    await market.blocks.unblock(bea, "sam")
    assert (await market.send(sam, thread)).seq == 3


async def test_of_two_blocks_each_ends_their_own(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")
    await market.blocks.block(bea, "sam")
    await market.blocks.block(sam, "bea")

    await market.blocks.unblock(bea, "sam")

    assert await refusal(market, bea, thread) == "blocked"
    assert await refusal(market, sam, thread) == "you_blocked"


async def test_an_order_keeps_its_thread(market: Marketplace) -> None:
    """Work that was ordered is talked about, whatever two people think of each other."""
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    await market.blocks.block(bea, "sam")

    sent = await market.send(sam, order["conversation_id"], "Here is the first draft")

    assert sent.created
    shown = await market.conversations.get(bea, order["conversation_id"])
    assert (shown["can_send"], shown["can_send_reason"]) == (True, None)


async def test_a_text_is_not_changed_past_a_block(market: Marketplace) -> None:
    """What was taken back stays possible: it says nothing."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    sent = await market.send(bea, thread, "Hello")
    await market.blocks.block(sam, "bea")

    with pytest.raises(Forbidden):
        await market.changes.edit(bea, thread, sent.seq, "And another thing")
    deleted = await market.changes.delete(bea, thread, sent.seq)

    assert deleted["message"]["body"] == ""


async def test_both_sides_are_told_that_they_may_not_write(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")
    market.ear.news.clear()

    await market.blocks.block(bea, "sam")
    await market.blocks.block(bea, "sam")
    await market.blocks.unblock(bea, "sam")
    await market.blocks.unblock(bea, "sam")

    def told(account_id: str) -> list[tuple[str, Any, Any]]:
        shown = [news["conversation"] for news in market.ear.on(f"inbox:{account_id}")]
        return [(each["id"], each["can_send"], each["can_send_reason"]) for each in shown]

    assert told("sam") == [(thread, False, "blocked"), (thread, True, None)]
    assert told("bea") == [(thread, False, "you_blocked"), (thread, True, None)]


async def opened(
    market: Marketplace, who: Identity, thread: str
) -> tuple[Opening | OrderwireError, Changes | OrderwireError]:
    """Ask to listen to a thread, and to look back in it; return what comes of both."""
    channel = thread_channel(thread)
    [opening] = await market.reads.open_many([OpenRequest(channel, who)])
    try:
        page = await market.reads.history(channel, who, since=None, limit=1, reverse=False)
    except OrderwireError as error:
        return opening, error
    return opening, page


async def test_who_is_blocked_listens_no_more_and_who_blocks_does(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")
    await market.blocks.block(bea, "sam")

    for refused in await opened(market, sam, thread):
        assert isinstance(refused, Forbidden)
    opening, page = await opened(market, bea, thread)
    assert isinstance(opening, Opening)
    assert isinstance(page, Changes)
    assert msgspec.json.decode(opening.snapshot)["can_send_reason"] == "you_blocked"
    assert isinstance((await opened(market, OPERATOR, thread))[0], Opening)
    read = await market.conversations.messages(
        sam, thread, before=None, after=None, around=None, limit=10
    )
    assert len(read["items"]) == 1, "what was said stays his to read"

    await market.blocks.unblock(bea, "sam")
    opening, page = await opened(market, sam, thread)
    assert isinstance(opening, Opening)
    assert isinstance(page, Changes)


async def test_the_threads_of_orders_stay_open_to_both(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = (await market.order())["conversation_id"]
    await market.blocks.block(bea, "sam")
    await market.blocks.block(sam, "bea")

    for who in (sam, bea):
        assert isinstance((await opened(market, who, thread))[0], Opening)


async def test_every_node_is_told_and_could_find_out(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    channel = thread_channel(thread)
    rights = [(await market.reads.positions([channel]))[channel].rights]
    for _ in range(2):
        await market.blocks.block(bea, "sam")

    assert market.ear.doorbells == [rights_doorbell(channel)], "the second is no change"
    rights.append((await market.reads.positions([channel]))[channel].rights)
    await market.blocks.unblock(bea, "sam")
    rights.append((await market.reads.positions([channel]))[channel].rights)
    assert rights == sorted(set(rights))


async def test_whoever_never_met_can_block_each_other(market: Marketplace) -> None:
    """No empty conversation appears for it, and none can be opened."""
    sam, bea = await market.sam_and_bea()

    await market.blocks.block(sam, "bea")

    assert market.ear.on("inbox:bea") == []
    with pytest.raises(Forbidden) as refused:
        await market.direct(bea, sam)
    assert refused.value.code == "blocked"
    page = await market.conversations.page(sam, chosen="all", kind=None, after=None, limit=10)
    assert page["items"] == []


async def test_nothing_is_there_to_end_between_strangers(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()

    await market.blocks.unblock(sam, "bea")

    assert market.ear.news == []


async def test_blocked_while_messages_are_on_their_way(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Each is either stored before the block, or refused; after it none is stored."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Hello")

    outcomes = await asyncio.gather(
        *(market.send(sam, thread, f"{number}") for number in range(5)),
        other_node.blocks.block(bea, "sam"),
        *(market.send(sam, thread, f"{number}") for number in range(5, 10)),
        return_exceptions=True,
    )

    stored = [outcome for outcome in outcomes if isinstance(outcome, Sent)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Forbidden)]
    assert len(stored) + len(refused) == 10
    assert await refusal(market, sam, thread) == "blocked"
    shown = await market.conversations.get(bea, thread)
    assert shown["unread"] == len(stored)


async def test_blocked_while_the_two_meet(market: Marketplace, other_node: Marketplace) -> None:
    """Whichever comes first, a message after both is refused."""
    sam, bea = await market.sam_and_bea()

    async def meet() -> None:
        thread = await market.direct(bea, sam)
        await market.send(bea, thread, "Hello")

    met, _ = await asyncio.gather(
        meet(), other_node.blocks.block(sam, "bea"), return_exceptions=True
    )

    assert met is None or isinstance(met, Forbidden)
    asked = await market.conversations.can_message(bea, "sam")
    assert asked == {"allowed": False, "reason": "blocked", "unlocked_by": []}


async def test_over_http(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    await api.market.account("eve")

    first = await api.call(bea, "PUT", "/v1/blocks/sam")
    again = await api.call(bea, "PUT", "/v1/blocks/sam")
    await api.call(bea, "PUT", "/v1/blocks/eve")
    listed = await api.call(bea, "GET", "/v1/blocks?limit=1")
    rest = await api.call(bea, "GET", f"/v1/blocks?cursor={listed.json()['next_cursor']}")
    asked = await api.call(bea, "GET", "/v1/can-message/sam")
    gone = await api.call(bea, "DELETE", "/v1/blocks/sam")
    left = await api.call(bea, "GET", "/v1/blocks")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["person"]["name"] == "Sam"
    both = [*listed.json()["items"], *rest.json()["items"]]
    assert sorted(block["person"]["id"] for block in both) == ["eve", "sam"]
    assert rest.json()["next_cursor"] is None
    assert asked.json() == {
        "allowed": False,
        "reason": "you_blocked",
        "unlocked_by": ["unblock"],
    }
    assert gone.status_code == 204
    assert [block["person"]["id"] for block in left.json()["items"]] == ["eve"]
    assert (await api.call(sam, "GET", "/v1/blocks")).json()["items"] == []


async def test_nobody_blocks_themselves_or_nobody(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()

    myself = await api.call(sam, "PUT", "/v1/blocks/sam")
    nobody = await api.call(sam, "PUT", "/v1/blocks/nobody")
    stranger = await api.call(Identity("new"), "PUT", "/v1/blocks/sam")

    assert (myself.status_code, myself.json()["errors"][0]["path"]) == (400, "account_id")
    assert (nobody.status_code, stranger.status_code) == (404, 404)
