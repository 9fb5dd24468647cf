"""Looking back in a channel: pages, bounds and positions, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.errors import Forbidden, NotFound
from domain.identity import Identity
from domain.publications import (
    QUEUES_CHANNEL,
    REPLAY_MAX_BYTES,
    REPLAY_MAX_PUBLICATIONS,
    Changes,
    Opening,
    OpenRequest,
    Position,
    inbox_channel,
    thread_channel,
)
from realtime.services.carried import PLACES_AT_ONCE, READ_AT_ONCE
from realtime.services.channel_reads import HISTORY_MAX
from realtime.services.messages import SendMessage
from storage.engine import Transaction
from storage.tables import entries
from tests.support.marketplace import OPERATOR, Marketplace

LONG = "x" * 10_000
# How many of them fit into what is replayed: each has some bytes around it.
LONG_ONES = REPLAY_MAX_BYTES // len(LONG)


async def thread_of(
    market: Marketplace, count: int, body: str = "Hello"
) -> tuple[Identity, str, str]:
    """Have so many messages written; return their reader, the channel and the conversation."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send_all(
        [SendMessage(thread, "bea", str(number), body) for number in range(count)]
    )
    return sam, thread_channel(thread), thread


async def page(
    market: Marketplace,
    channel: str,
    reader: Identity,
    *,
    since: int | None = None,
    limit: int = 10,
    reverse: bool = False,
) -> list[int]:
    """Read a page; return its offsets."""
    position = None if since is None else Position(since, "")
    found = await market.reads.history(
        channel, reader, since=position, limit=limit, reverse=reverse
    )
    return [publication.offset for publication in found.publications]


async def test_a_page_goes_on_behind_a_position_or_before_it(market: Marketplace) -> None:
    reader, channel, _ = await thread_of(market, 9)

    assert await page(market, channel, reader, limit=3) == [1, 2, 3]
    assert await page(market, channel, reader, since=3, limit=3) == [4, 5, 6]
    assert await page(market, channel, reader, limit=3, reverse=True) == [9, 8, 7]
    assert await page(market, channel, reader, since=7, limit=3, reverse=True) == [6, 5, 4]
    assert await page(market, channel, reader, since=9) == []
    assert await page(market, channel, reader, since=1, reverse=True) == []
    assert await page(market, channel, reader, since=10_000) == []


async def test_a_limit_of_nothing_is_the_position_alone(market: Marketplace) -> None:
    reader, channel, _ = await thread_of(market, 3)
    found = await market.reads.history(channel, reader, since=None, limit=0, reverse=False)

    assert found.publications == ()
    assert found.position.offset == 3
    assert found.position.epoch != ""


async def test_a_page_has_200_at_most(market: Marketplace) -> None:
    reader, channel, _ = await thread_of(market, HISTORY_MAX + 1)

    for limit in (-1, HISTORY_MAX, HISTORY_MAX + 1, 10**9):
        found = await page(market, channel, reader, limit=limit)
        assert found == list(range(1, HISTORY_MAX + 1))


async def test_a_page_has_512_kib_at_most_and_one_at_least(market: Marketplace) -> None:
    reader, channel, _ = await thread_of(market, LONG_ONES + 10, LONG)
    forwards = await page(market, channel, reader, limit=HISTORY_MAX)
    backwards = await page(market, channel, reader, limit=HISTORY_MAX, reverse=True)

    assert LONG_ONES - 5 < len(forwards) <= LONG_ONES
    assert forwards == list(range(1, len(forwards) + 1))
    assert backwards == list(range(LONG_ONES + 10, LONG_ONES + 10 - len(backwards), -1))


async def recovered(
    market: Marketplace, channel: str, reader: Identity, since: Position
) -> Opening:
    """Come back from a position."""
    [opening] = await market.reads.open_many([OpenRequest(channel, reader, since)])
    assert isinstance(opening, Opening)
    return opening


async def test_as_many_as_are_replayed_but_not_one_more(market: Marketplace) -> None:
    assert REPLAY_MAX_PUBLICATIONS % READ_AT_ONCE == 0, "the bound is where a reading ends"
    reader, channel, _ = await thread_of(market, REPLAY_MAX_PUBLICATIONS + 1)
    for since in (1, REPLAY_MAX_PUBLICATIONS + 1 - READ_AT_ONCE, REPLAY_MAX_PUBLICATIONS):
        all_of_it = await recovered(market, channel, reader, Position(since, ""))
        offsets = [each.offset for each in all_of_it.changes.publications]
        assert all_of_it.recovered
        assert offsets == list(range(since + 1, REPLAY_MAX_PUBLICATIONS + 2))
    too_much = await recovered(market, channel, reader, Position(0, ""))

    assert not too_much.recovered
    assert too_much.changes == Changes(too_much.changes.position, complete=False)
    assert too_much.changes.position.offset == REPLAY_MAX_PUBLICATIONS + 1


async def test_what_is_replayed_has_512_kib_at_most(market: Marketplace) -> None:
    reader, channel, _ = await thread_of(market, LONG_ONES + 1, LONG)
    fitting = await recovered(market, channel, reader, Position(10, ""))
    too_much = await recovered(market, channel, reader, Position(0, ""))

    assert fitting.recovered
    assert sum(len(each.data) for each in fitting.changes.publications) <= REPLAY_MAX_BYTES
    assert not too_much.recovered


async def test_a_position_of_another_numbering_or_of_the_future_is_none(
    market: Marketplace,
) -> None:
    reader, channel, _ = await thread_of(market, 3)
    [first] = await market.reads.open_many([OpenRequest(channel, reader)])
    assert isinstance(first, Opening)
    at = first.changes.position

    assert (await recovered(market, channel, reader, replace(at, offset=1))).recovered
    assert (await recovered(market, channel, reader, Position(1, ""))).recovered
    for wrong in (Position(1, "_"), Position(1, "another"), replace(at, offset=4)):
        opening = await recovered(market, channel, reader, wrong)
        assert not opening.recovered
        assert opening.changes == Changes(at)


async def test_how_deep_the_queues_are_is_for_operators_and_has_no_past(
    market: Marketplace,
) -> None:
    sam, _ = await market.sam_and_bea()
    requests = [
        OpenRequest(QUEUES_CHANNEL, OPERATOR, Position(0, "")),
        OpenRequest(QUEUES_CHANNEL, sam),
        OpenRequest("ops:others", OPERATOR),
    ]
    told, refused, unknown = await market.reads.open_many(requests)

    nowhere = Changes(Position(0, ""))
    assert told == Opening(nowhere, recovered=False)
    assert isinstance(refused, Forbidden)
    assert isinstance(unknown, NotFound)
    looked_back = [
        await market.reads.history(QUEUES_CHANNEL, OPERATOR, since=None, limit=10, reverse=reverse)
        for reverse in (False, True)
    ]
    assert looked_back == [nowhere, nowhere]
    assert await market.reads.positions([QUEUES_CHANNEL]) == {QUEUES_CHANNEL: Position(0, "")}


@pytest.mark.parametrize("channel", ["thread:none", "inbox:sam", "news:1", QUEUES_CHANNEL])
async def test_what_is_not_ones_own_has_no_past_either(market: Marketplace, channel: str) -> None:
    _, bea = await market.sam_and_bea()
    with pytest.raises((Forbidden, NotFound)):
        await page(market, channel, bea)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather what any database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def everybody_back(market: Marketplace, people: int) -> list[OpenRequest]:
    """Have so many buyers order and write, and come back to their inbox and thread."""
    await market.sam_and_bea()
    requests: list[OpenRequest] = []
    for number in range(people):
        await market.account(f"buyer{number}")
        order = await market.order(buyer_id=f"buyer{number}")
        buyer, thread = Identity(f"buyer{number}"), order["conversation_id"]
        await market.send_all([SendMessage(thread, buyer.account_id, "1", f"from {number}")])
        channels = (thread_channel(thread), inbox_channel(buyer.account_id))
        requests += [OpenRequest(channel, buyer, Position(0, "")) for channel in channels]
    return requests


async def test_what_many_have_missed_is_read_by_as_few_statements(market: Marketplace) -> None:
    requests = await everybody_back(market, PLACES_AT_ONCE // 2)
    with statements() as for_one:
        await market.reads.open_many(requests[:2])
    with statements() as for_all:
        opened = await market.reads.open_many(requests)

    assert len(for_all) <= len(for_one)
    for request, opening in zip(requests, opened, strict=True):
        assert isinstance(opening, Opening)
        published = opening.changes.publications
        assert {each.channel for each in published} == {request.channel}
        assert published[-1].offset == opening.changes.position.offset


async def test_who_stood_at_different_places_of_one_channel_gets_its_own_rest(
    market: Marketplace,
) -> None:
    reader, channel, _ = await thread_of(market, 2 * READ_AT_ONCE)
    places = (0, 1, READ_AT_ONCE - 1, READ_AT_ONCE, READ_AT_ONCE + 1, 2 * READ_AT_ONCE)
    requests = [OpenRequest(channel, reader, Position(place, "")) for place in places]
    for place, opening in zip(places, await market.reads.open_many(requests), strict=True):
        assert isinstance(opening, Opening)
        offsets = [each.offset for each in opening.changes.publications]
        assert offsets == list(range(place + 1, 2 * READ_AT_ONCE + 1))


async def test_a_page_goes_on_behind_what_is_no_longer_kept(market: Marketplace) -> None:
    reader, channel, conversation = await thread_of(market, 400)

    async def forget(tx: Transaction) -> None:
        gone = entries.c.seq.between(2, 300), entries.c.conversation_id == conversation
        await tx.connection.execute(entries.delete().where(*gone))

    await market.database.transaction(forget)

    assert await page(market, channel, reader, limit=3) == [1, 301, 302]
    assert await page(market, channel, reader, since=150, limit=2) == [301, 302]
    assert await page(market, channel, reader, since=290, limit=200) == list(range(301, 401))
    assert not (await recovered(market, channel, reader, Position(1, ""))).recovered
    assert (await recovered(market, channel, reader, Position(300, ""))).recovered


async def test_more_changes_of_an_inbox_than_are_read_at_once(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    for number in range(READ_AT_ONCE // 2 + 3):  # each an order, a conversation and an alert
        await market.order(key=f"k{number}")
    back = await recovered(market, inbox_channel("sam"), sam, Position(0, ""))
    offsets = [each.offset for each in back.changes.publications]

    assert back.recovered
    assert len(offsets) > READ_AT_ONCE
    assert offsets == sorted(set(offsets))
    assert offsets[-1] == back.changes.position.offset
