"""The inbox: absolute counts that stay right, positions without gaps, on any number of nodes."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.errors import Invalid, NotFound
from domain.identity import Identity
from realtime.ids import new_id
from realtime.services.views import Shape
from storage.engine import Database
from tests.support.marketplace import Marketplace


async def unread(market: Marketplace, reader: Identity, conversation_id: str) -> int:
    """Return an account's unread count of one conversation."""
    shown = await market.conversations.get(reader, conversation_id)
    count: int = shown["unread"]
    return count


async def badge(market: Marketplace, reader: Identity) -> tuple[int, int]:
    """Return an account's counts."""
    me = await market.accounts.me(reader)
    return me["unread_conversations"], me["unread_notifications"]


async def test_reading_counts_what_is_behind_it(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for number in range(5):
        await market.send(bea, thread, f"{number}")
    await market.send(sam, thread, "of my own")

    await market.conversations.mark_read(sam, thread, 3)

    assert await unread(market, sam, thread) == 2
    assert await badge(market, sam) == (1, 1)
    await market.conversations.mark_read(sam, thread, 5)
    assert await unread(market, sam, thread) == 0
    assert await badge(market, sam) == (0, 1)


async def test_a_receipt_never_moves_backwards(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for number in range(4):
        await market.send(bea, thread, f"{number}")

    seen = [await market.conversations.mark_read(sam, thread, seq) for seq in (3, 1, 0)]

    assert {receipt["read_seq"] for receipt in seen} == {3}
    assert await unread(market, sam, thread) == 1


async def test_what_is_read_was_delivered(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for number in range(4):
        await market.send(bea, thread, f"{number}")

    delivered = await market.conversations.mark_delivered(sam, thread, 2)
    read = await market.conversations.mark_read(sam, thread, 3)

    assert (delivered["read_seq"], delivered["delivered_seq"]) == (0, 2)
    assert (read["read_seq"], read["delivered_seq"]) == (3, 3)
    assert await unread(market, sam, thread) == 1


async def test_a_receipt_is_told_to_whoever_looks_at_the_thread(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)
    market.ear.news.clear()

    await market.conversations.mark_read(sam, thread, 1)

    assert market.ear.on(f"thread:{thread}") == [
        {"type": "receipt", "account": "sam", "read_seq": 1, "delivered_seq": 1}
    ]
    assert market.ear.offsets(f"thread:{thread}") == [], "receipts are not durable"
    assert [news["type"] for news in market.ear.on("inbox:sam")] == ["conversation", "badge"]


async def test_reading_again_changes_nothing(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)
    await market.conversations.mark_read(sam, thread, 1)
    market.ear.news.clear()

    await market.conversations.mark_read(sam, thread, 1)

    assert market.ear.on("inbox:sam") == []


@pytest.mark.parametrize("seq", [-1, 2, 2**60])
async def test_nobody_has_read_what_is_not_there(market: Marketplace, seq: int) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)

    with pytest.raises(Invalid, match="seq"):
        await market.conversations.mark_read(sam, thread, seq)


async def test_a_stranger_has_no_receipts(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    stranger = await market.account("eve")

    with pytest.raises(NotFound):
        await market.conversations.mark_read(stranger, thread, 0)


async def test_an_order_event_is_not_an_unread_message(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    order = await market.order()

    assert await unread(market, sam, order["conversation_id"]) == 0


# --- many devices, many nodes ---------------------------------------------------------------------

# What may happen at the same time: somebody sends into one of two threads, reads it, wants to read
# its last words once more, edits or takes back the last that they wrote.
steps = st.tuples(
    st.sampled_from(("send", "send", "read", "read", "unread", "edit", "delete")),
    st.sampled_from(("seller", "buyer")),
    st.integers(0, 1),
)
rounds = st.lists(st.lists(steps, min_size=1, max_size=6), min_size=2, max_size=5)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=rounds)
async def test_counts_are_those_of_a_plain_model(
    market: Marketplace, other_node: Marketplace, history: list[list[tuple[str, str, int]]]
) -> None:
    """Whatever is sent and read at once on two nodes, counts are what is in the threads."""
    nodes = (market, other_node)
    pair = await Pair.meet(market)

    for at_once in history:
        await asyncio.gather(
            *(pair.step(nodes[index % 2], *what) for index, what in enumerate(at_once))
        )

    for me in pair.people.values():
        counts = [await counted(market, me, thread) for thread in pair.threads]
        assert [await unread(market, me, thread) for thread in pair.threads] == counts
        assert (await badge(market, me))[0] == sum(bool(count) for count in counts)
        told = sorted(offsets(nodes, me.account_id))
        assert told == list(range(1, len(told) + 1)), "each position once, and none left out"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people with an order's thread and a direct one, new for each history."""

    people: dict[str, Identity]
    threads: tuple[str, str]

    @classmethod
    async def meet(cls, market: Marketplace) -> "Pair":
        """Make them, and have one order from the other."""
        seller = await market.account(f"seller-{new_id()}")
        buyer = await market.account(f"buyer-{new_id()}")
        service = await market.service(seller.account_id, id=new_id())
        order = await market.order(service, buyer.account_id)
        direct = await market.direct(buyer, seller)
        people = {"seller": seller, "buyer": buyer}
        return cls(people, (order["conversation_id"], direct))

    async def step(self, node: Marketplace, what: str, who: str, which: int) -> None:
        """Do one thing in a thread."""
        me, thread = self.people[who], self.threads[which]
        if what == "send":
            await node.send(me, thread, f"the {who} says something")
        elif what == "read":
            reached = (await node.conversations.get(me, thread))["last_seq"]
            await node.conversations.mark_read(me, thread, reached)
        elif what == "unread":
            reached = (await node.conversations.get(me, thread))["last_seq"]
            await node.conversations.mark_unread(me, thread, reached)
        else:
            await self._change_own(node, what, me, thread)

    async def _change_own(self, node: Marketplace, what: str, me: Identity, thread: str) -> None:
        standing = [
            entry["seq"]
            for entry in await everything(node, me, thread)
            if entry["type"] == "message" and entry["sender"] == me.account_id
        ]
        for seq in standing[-1:]:
            with suppress(NotFound):  # taken back by another device meanwhile
                if what == "edit":
                    await node.changes.edit(me, thread, seq, f"better said: {new_id()}")
                else:
                    await node.changes.delete(me, thread, seq)


async def counted(market: Marketplace, me: Identity, thread: str) -> int:
    """Count what somebody has not read, by looking at all that was written."""
    item = await market.conversations.get(me, thread)
    entries = await everything(market, me, thread)
    return sum(
        entry["type"] == "message"
        and entry["deleted_at"] is None
        and entry["sender"] != me.account_id
        and entry["seq"] > item["read_seq"]
        for entry in entries
    )


async def everything(market: Marketplace, me: Identity, thread: str) -> list[Shape]:
    """Read a whole thread, page by page."""
    entries: list[Shape] = []
    more = True
    while more:
        after = entries[-1]["seq"] if entries else 0
        page = await market.conversations.messages(
            me, thread, before=None, after=after, around=None, limit=200
        )
        entries += page["items"]
        more = page["has_after"]
    return entries


def offsets(nodes: tuple[Marketplace, ...], account_id: str) -> list[int]:
    """Return the offsets of an inbox that any node has told."""
    return [offset for node in nodes for offset in node.ear.offsets(f"inbox:{account_id}")]


async def test_two_nodes_with_many_threads_of_the_same_people_do_not_lock_each_other_out(
    market: Marketplace, other_node: Marketplace, database: Database
) -> None:
    """Each group moves the inboxes of several people, in the same order on every node."""
    people = [await market.account(f"person-{number}") for number in range(6)]
    for person in people:
        await market.service(person.account_id, id=f"{person.account_id}-logo")
    threads = {
        (one.account_id, other.account_id): await market.direct(one, other)
        for one in people
        for other in people
        if one.account_id < other.account_id
    }
    by_id = {person.account_id: person for person in people}

    for _ in range(3):
        await asyncio.gather(
            *(market.send(by_id[one], thread) for (one, _), thread in threads.items()),
            *(
                other_node.send(by_id[other], thread)
                for (_, other), thread in reversed(threads.items())
            ),
        )

    for person in people:
        told = sorted(offsets((market, other_node), person.account_id))
        assert told == list(range(1, len(told) + 1))
        assert (await badge(market, person))[0] == 5
    async with database.reading() as connection:
        if database.dialect == "postgresql":
            deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            assert (await connection.exec_driver_sql(deadlocks)).scalar_one() == 0
