"""The loop that indexes words behind the messages: soon after a commit, and in nobody's way."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publications import Publication
from domain.search import words_of
from realtime.clock import Clock
from storage import chores, search_index
from storage.engine import Database, Transaction
from storage.rows import Record
from storage.search_index import Document, Place, Stretch

CHORE = "index"
# After a commit others follow: what comes within this, in seconds, is indexed together. A message
# that meets an indexer at work waits for it, so it is seldom at work: until then it is looked for.
GATHER = 5.0
# It rests so many times as long as each piece of work took: behind messages that come, and where
# much was left.
RESTS_BEHIND, RESTS_WITH_MUCH = 3.0, 1.0
# How often it is looked for what a process that died, or an import, has left.
LOOK_EVERY = timedelta(minutes=1)
AFTER_FAILURE = 5.0
# What one transaction indexes; how many conversations one look compares.
ENTRIES, CONVERSATIONS = 500, 1_000
# So many characters are read for words before somebody else has a turn: a few milliseconds.
AT_ONCE = 20_000
THREAD = "thread:"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class IndexFigures:
    """What is counted; read by the metrics."""

    entries: int = 0
    batches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is to be written at once: stretches, and what becomes of the messages in them."""

    stretches: Sequence[Stretch]
    documents: Sequence[Document]
    stale: Collection[Place]


class Indexer:
    """One a process, for what it commits itself; one of all looks for what was left.

    Two may have the same conversation before them: the database lets one of them write it.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        monotonic: Callable[[], float],
        gather: float = GATHER,
        entries: int = ENTRIES,
        conversations: int = CONVERSATIONS,
    ) -> None:
        self.figures = IndexFigures()
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._gather = gather
        self._entries = entries
        self._conversations = conversations
        # In the order in which they were changed: a dict keeps it.
        self._changed: dict[str, None] = {}
        self._rung = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many conversations wait to be indexed."""
        return len(self._changed)

    def note(self, news: Iterable[Publication]) -> None:
        """Hear what was committed: a conversation that got an entry has something to index."""
        if self._running is None:
            return
        for publication in news:
            if publication.offset and publication.channel.startswith(THREAD):
                self._changed[publication.channel[len(THREAD) :]] = None
        if self._changed:
            self._rung.set()

    async def start(self) -> None:
        """Begin to index."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop; what is under way is rolled back, and found by whoever looks next."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def catch_up(self) -> None:
        """Index all that is not, wherever it comes from."""
        await self._index_changed(RESTS_WITH_MUCH)
        place: str | None = ""
        while place is not None:
            async with self._database.reading() as connection:
                ids, place = await search_index.look_through(connection, place, self._conversations)
            self._changed |= dict.fromkeys(ids)
            await self._index_changed(RESTS_WITH_MUCH)

    async def _run(self) -> None:
        look_at = 0.0
        while True:
            try:
                await self._index_changed(RESTS_BEHIND)
                if look_at <= self._monotonic():
                    look_at = self._monotonic() + LOOK_EVERY.total_seconds()
                    if await self._database.transaction(self._take):
                        await self.catch_up()
            except Exception:  # the outermost of a task: it indexes as long as we run
                log.exception("not_indexed")
                await asyncio.sleep(AFTER_FAILURE)
            await self._pause(look_at)

    async def _pause(self, until: float) -> None:
        """Wait until something was committed, and a little for what comes with it."""
        if not self._changed:
            self._rung.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._rung.wait()
            except TimeoutError:
                return
        await asyncio.sleep(self._gather)

    async def _take(self, tx: Transaction) -> bool:
        now = self._clock.now()
        return await chores.take(tx.connection, CHORE, now=now, next_due=now + LOOK_EVERY)

    async def _index_changed(self, rests: float) -> None:
        """Index what is known to have changed, and rest ``rests`` times as long as it took."""
        while self._changed:
            begun = self._monotonic()
            ids = [id_ for id_, _ in zip(self._changed, range(self._entries), strict=False)]
            for id_ in ids:
                del self._changed[id_]
            left: Collection[str] = ids
            try:
                left = await self._index(ids)
            finally:
                self._changed |= dict.fromkeys(left)
            await asyncio.sleep(rests * (self._monotonic() - begun))

    async def _index(self, ids: Sequence[str]) -> set[str]:
        """Index a piece of these conversations; return those of which there is more."""
        async with self._database.reading() as connection:
            stretches = await search_index.behind(connection, ids)
            piece, left = await self._read(connection, stretches)
        if piece.stretches:
            ours = await self._database.transaction(lambda tx: _write(tx, piece))
            self.figures.batches += 1
            self.figures.entries += sum(
                each.upto - each.after for each in piece.stretches if each.conversation_id in ours
            )
            # Whoever else had them may have read less than there is.
            left |= {each.conversation_id for each in piece.stretches} - ours
        return left

    async def _read(
        self, connection: AsyncConnection, stretches: Sequence[Stretch]
    ) -> tuple[Piece, set[str]]:
        chosen, left = _chosen(stretches, self._entries)
        rows = await search_index.new_entries(connection, chosen)
        new = {(row.conversation_id, row.seq): row for row in rows}
        stale = {(row.conversation_id, row.target_seq) for row in rows if row.target_seq}
        stale -= new.keys()
        standing = [*rows, *(await search_index.messages(connection, stale) if stale else ())]
        standing = [row for row in standing if search_index.stands(row)]
        ids = {row.conversation_id for row in standing}
        readers = await search_index.readers(connection, ids)
        documents = await _documents(standing, readers)
        return Piece(stretches=chosen, documents=documents, stale=stale), left


def _chosen(stretches: Sequence[Stretch], most: int) -> tuple[list[Stretch], set[str]]:
    """Choose what is indexed at once; name the conversations of which something is left."""
    chosen = []
    left = set()
    for each in stretches:
        upto = min(each.upto, each.after + most)
        if upto < each.upto:
            left.add(each.conversation_id)
        if upto > each.after:
            chosen.append(
                Stretch(
                    conversation_id=each.conversation_id,
                    after=each.after,
                    upto=upto,
                    removals=each.removals,
                )
            )
        most -= upto - each.after
    return chosen, left


async def _documents(
    rows: Sequence[Record], readers: Mapping[str, Sequence[str]]
) -> list[Document]:
    documents = []
    read = 0
    for row in rows:
        documents.append(_document(row, readers))
        read += len(row.body or "")
        if read >= AT_ONCE:
            read = 0
            await asyncio.sleep(0)
    return documents


def _document(row: Record, readers: Mapping[str, Sequence[str]]) -> Document:
    return Document(
        conversation_id=row.conversation_id,
        seq=row.seq,
        at=row.at,
        words=words_of(row.body or ""),
        readers=readers.get(row.conversation_id, ()),
    )


async def _write(tx: Transaction, piece: Piece) -> set[str]:
    """Write what is ours to write; return of which conversations that was."""
    ours = await search_index.claim(tx.connection, piece.stretches)
    await search_index.remove(tx.connection, [each for each in piece.stale if each[0] in ours])
    documents = [each for each in piece.documents if each.conversation_id in ours]
    await search_index.add(tx.connection, documents)
    return ours
