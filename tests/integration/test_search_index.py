"""The index of words beside a plain model: whatever happens, what is found is what stands."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from domain.identity import Identity
from domain.lifecycle import Action
from domain.search import matches, terms_of
from realtime.services.indexer import Indexer
from realtime.services.order_commands import Deliver, Nothing
from realtime.services.retention import Retention, periods
from realtime.services.search import Kind
from storage import search_index, search_lookup
from storage.engine import Database, Transaction
from storage.search_index import Document, first_number
from storage.search_lookup import MOST_WORDS, Asked
from storage.tables import search_documents
from tests.support.clock import NOON
from tests.support.eventually import eventually_reads
from tests.support.marketplace import Marketplace

WORDS = ("Größe", "groesse", "logo", "Logos", "Entwurf", "Entwürfe", "Straße", "blau")
QUERIES = ("grosse", "logo", "strasse blau", "bl", "logos entwurfe")
LIMIT = 50


async def indexed(database: Database) -> list[tuple[str, int]]:
    """Read which messages the index has."""
    columns = (search_documents.c.conversation_id, search_documents.c.seq)
    async with database.reading() as connection:
        return [(row[0], row[1]) for row in await connection.execute(select(*columns))]


async def hits(database: Database, account_id: str, stem: str) -> list[int]:
    """Ask the index alone."""
    async with database.reading() as connection:
        asked = Asked(words=[stem], whole=False, latest=NOON)
        found = await search_lookup.find(connection, account_id, asked, below=None, limit=LIMIT)
    return [row.seq for row in found]


def indexer(market: Marketplace, *, entries: int = 500, conversations: int = 500) -> Indexer:
    """Make one that is not started."""
    return Indexer(
        database=market.database,
        clock=market.clock,
        monotonic=asyncio.get_running_loop().time,
        gather=0.0,
        entries=entries,
        conversations=conversations,
    )


class Chances:
    """Sam's life with three others, by chance from a seed, and a plain model of what was said."""

    def __init__(self, market: Marketplace, seed: int) -> None:
        self.market = market
        self.chance = random.Random(seed)
        self.sam = Identity("sam")
        self.threads: dict[str, Identity] = {}
        self.said: dict[tuple[str, int], tuple[Identity, str]] = {}
        # Small pieces, so that most conversations are indexed in several.
        self.indexer = indexer(market, entries=3, conversations=2)
        self.acts: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.send,) * 4,
            *(self.edit,) * 2,
            self.delete,
            self.index,
            self.index_half,
        )

    async def begin(self) -> None:
        """Have an order with each."""
        await self.market.account("sam")
        await self.market.service("sam")
        for name in ("bea", "kim", "joe"):
            other = await self.market.account(name)
            order = await self.market.order(buyer_id=name)
            self.threads[order["conversation_id"]] = other

    async def act(self) -> None:
        """Do something."""
        self.market.clock.advance(timedelta(seconds=1))
        await self.chance.choice(self.acts)()

    def body(self) -> str:
        """Make up something to say."""
        return " ".join(self.chance.choices(WORDS, k=self.chance.randint(1, 4)))

    async def send(self) -> None:
        """Say something."""
        thread, other = self.chance.choice(list(self.threads.items()))
        sender, body = self.chance.choice([self.sam, other]), self.body()
        sent = await self.market.send(sender, thread, body)
        self.said[thread, sent.seq] = sender, body

    async def edit(self) -> None:
        """Say it in other words."""
        if self.said:
            (thread, seq), (sender, _) = self.chance.choice(list(self.said.items()))
            body = self.body()
            await self.market.changes.edit(sender, thread, seq, body)
            self.said[thread, seq] = sender, body

    async def delete(self) -> None:
        """Take it back."""
        if self.said:
            (thread, seq), (sender, _) = self.chance.choice(list(self.said.items()))
            await self.market.changes.delete(sender, thread, seq)
            del self.said[thread, seq]

    async def index(self) -> None:
        """Index everything."""
        await self.indexer.catch_up()

    async def index_half(self) -> None:
        """Begin to index, and be killed somewhere."""
        running = asyncio.ensure_future(self.indexer.catch_up())
        for _ in range(self.chance.randint(1, 40)):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])

    async def check(self) -> None:
        """Ask everything, and compare."""
        for query in QUERIES:
            terms = terms_of(query)
            for who in (self.sam, self.chance.choice(list(self.threads.values()))):
                expected = sorted(
                    (thread, seq, body)
                    for (thread, seq), (_, body) in self.said.items()
                    if who in (self.sam, self.threads[thread]) and matches(terms, body)
                )
                result = await self.market.search.find(who, query, {Kind.MESSAGES}, LIMIT)
                found = sorted(
                    (hit["conversation_id"], hit["message"]["seq"], hit["message"]["body"])
                    for hit in result["messages"]
                )
                assert found == expected, (query, who)


@pytest.mark.parametrize("seed", range(1, 3))
async def test_what_is_found_is_what_stands(market: Marketplace, seed: int) -> None:
    life = Chances(market, seed)
    await life.begin()

    for _ in range(4):
        for _ in range(12):
            await life.act()
        await life.check()

    await life.index()
    await life.check()
    assert sorted(await indexed(market.database)) == sorted(life.said)


async def test_the_newest_are_found_however_long_ago_they_were_said(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    said = []
    for days in (0, 200, 200, 100, 20, 8, 3, 1, 0):
        market.clock.advance(timedelta(days=days, seconds=1))
        said.append((await market.send(bea, thread, f"A logo {days}")).seq)
    # Of what happened since nothing is a message.
    market.clock.advance(timedelta(days=300))
    await market.order()
    await market.indexer.catch_up()

    for query in ("logo", "log", "a logos"):
        for limit in range(1, len(said) + 1):
            result = await market.search.find(sam, query, {Kind.MESSAGES}, limit)
            found = [hit["message"]["seq"] for hit in result["messages"]]
            assert found == said[::-1][:limit], (query, limit)


async def test_a_beginning_is_found_however_many_words_begin_so(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    many = await market.send(bea, thread, " ".join(f"xa{n}" for n in range(MOST_WORDS)))
    await market.indexer.catch_up()

    async def found(query: str) -> list[int]:
        result = await market.search.find(sam, query, {Kind.MESSAGES}, 10)
        return [hit["message"]["seq"] for hit in result["messages"]]

    assert await found("xa") == await found("xa19 xa1") == [many.seq]
    assert await found("xa q") == await found("xb") == []
    market.clock.advance(timedelta(seconds=1))
    more = await market.send(bea, thread, "XAver said: Xänie")
    await market.indexer.catch_up()
    assert await found("xa") == [more.seq, many.seq]
    assert await found("sai xa") == await found("xan") == [more.seq]


async def test_erased_people_find_nothing_and_others_still_do(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "A blue logo")
    await market.indexer.catch_up()

    await market.erasing.erase("bea")
    await market.indexer.catch_up()

    for who, count in ((sam, 1), (bea, 0)):
        result = await market.search.find(who, "logo", set(Kind), 10)
        assert len(result["messages"]) == count


async def test_what_retention_removes_leaves_the_index(market: Marketplace) -> None:
    kept = periods(
        people=market.people,
        clock=market.clock,
        messages=timedelta(days=1),
        notifications=None,
        finished_deliveries=None,
        keys=None,
    )
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    await market.send(sam, order["conversation_id"], "A blue logo")
    await market.indexer.catch_up()
    assert len(await indexed(market.database)) == 1

    await market.order_actions.act(sam, order["id"], Action.DELIVER, Deliver())
    await market.order_actions.act(bea, order["id"], Action.ACCEPT, Nothing())
    market.clock.advance(timedelta(days=2))
    await Retention(database=market.database, clock=market.clock, periods=kept).sweep()

    assert await indexed(market.database) == []
    assert await hits(market.database, "sam", "logo") == []


async def test_what_was_removed_while_it_was_read_is_not_written(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    sent = await market.send(bea, thread, "A blue logo")
    async with market.database.reading() as connection:
        stretches = await search_index.behind(connection, [thread])

    async def remove(tx: Transaction) -> None:
        await search_index.remove_for_good(tx.connection, thread, [sent.seq])

    async def claim(tx: Transaction) -> set[str]:
        return await search_index.claim(tx.connection, stretches)

    await market.database.transaction(remove)

    assert await market.database.transaction(claim) == set()
    async with market.database.reading() as connection:
        (again,) = await search_index.behind(connection, [thread])
    assert (again.after, again.upto) == (0, sent.seq)


async def test_two_processes_index_each_entry_once(
    market: Marketplace, other_node: Marketplace
) -> None:
    sam, bea = await market.sam_and_bea()
    threads = [await market.direct(bea, sam)]
    for n in range(4):
        kim = await market.account(f"kim{n}")
        threads.append(await market.direct(kim, sam))
        await market.send(kim, threads[-1], "A logo")
    await market.send(bea, threads[0], "A logo")
    both = [indexer(node, entries=2, conversations=2) for node in (market, other_node)]

    await asyncio.gather(*(each.catch_up() for each in both))

    assert sorted(await indexed(market.database)) == sorted((thread, 1) for thread in threads)
    assert sum(each.figures.entries for each in both) == len(threads)


async def test_a_commit_is_indexed_soon_after(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    running = indexer(market)
    running.note(market.ear.news)
    assert len(running) == 0, "what does not run collects nothing"
    await running.start()
    sent = await market.send(bea, thread, "A logo")

    running.note(market.ear.news)

    await eventually_reads([sent.seq], lambda: hits(market.database, "sam", "logo"))
    await running.close()


async def test_a_failure_is_survived(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "A logo")
    broken = indexer(market)

    async def hide(tx: Transaction) -> None:
        await tx.connection.execute(text("ALTER TABLE search_progress RENAME TO hidden"))

    async def show(tx: Transaction) -> None:
        await tx.connection.execute(text("ALTER TABLE hidden RENAME TO search_progress"))

    await market.database.transaction(hide)
    with pytest.raises(Exception, match="search_progress"):
        await broken.catch_up()
    await market.database.transaction(show)
    await broken.catch_up()

    assert await indexed(market.database) == [(thread, 1)]


async def test_messages_of_the_same_moment_keep_apart(database: Database) -> None:
    one = Document(conversation_id="c", seq=1, at=NOON, words=["logo"], readers=["sam"])
    number = first_number(one)

    async def add(tx: Transaction) -> None:
        await search_index.add(tx.connection, [one])

    async def add_again(tx: Transaction) -> None:
        """Add it once more, where another message has its number."""
        await tx.connection.execute(search_documents.update().values(conversation_id="d"))
        await search_index.add(tx.connection, [one])

    await database.transaction(add)
    await database.transaction(add_again)

    async with database.reading() as connection:
        numbers = (await connection.execute(select(search_documents.c.doc))).scalars().all()
    assert sorted(numbers) == [number, number + 1]
