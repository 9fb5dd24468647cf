"""What the hub needs of storage: who may listen, where a channel stands, and what was missed."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Forbidden, NotFound, OrderwireError, Unavailable
from domain.identity import Identity, Role
from domain.publications import (
    QUEUES_CHANNEL,
    REPLAY_MAX_BYTES,
    REPLAY_MAX_PUBLICATIONS,
    Changes,
    Opening,
    OpenRequest,
    Position,
    Publication,
    inbox_channel,
    thread_channel,
)
from realtime.clock import Clock
from realtime.services import contact_rule, views
from realtime.services.conversations import summary
from realtime.services.inbox_states import InboxStates
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.views import Shape
from storage import conversations, inboxes
from storage.engine import Database
from storage.rows import Record

HISTORY_MAX = 200
# More than most have missed, and few enough to stop soon where they are too large to replay.
READ_AT_ONCE = 100
NOWHERE = Position(0, "")


@dataclass(frozen=True, slots=True)
class _State:
    """What one reading found about the channels of many requests."""

    positions: Mapping[str, Position]
    # By (account, conversation): the view that makes somebody a participant.
    items: Mapping[tuple[str, str], Record]
    # The same, of those whose counterpart wants to hear nothing of them.
    shut_out: frozenset[tuple[str, str]]
    receipts: Mapping[str, Shape]


class ChannelReads:
    """Reads of threads and inboxes, each from one consistent state of the database.

    While the database does not answer, each of them raises Unavailable.
    """

    def __init__(
        self, *, database: Database, people: People, order_views: OrderViews, clock: Clock
    ) -> None:
        self._database = database
        self._people = people
        self._clock = clock
        self._states = InboxStates(people=people, order_views=order_views, clock=clock)

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read rights, position, snapshot and what was missed for each request.

        The outcome is NotFound for a kind of channel that there is not, Forbidden for one that is
        not the caller's - the same whether or not it exists.
        """
        async with self._reading() as connection:
            state = await self._read_state(connection, requests)
            return [await self._open(connection, state, request) for request in requests]

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Read what a channel carried after ``offset``; NotFound when there is none."""
        async with self._reading() as connection:
            found = await _positions(connection, [channel])
            if channel not in found:
                raise NotFound("there is no such channel")
            return await self._since(connection, channel, offset, found[channel])

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Read where many channels stand; one that does not exist is missing."""
        async with self._reading() as connection:
            return await _positions(connection, channels)

    async def history(
        self,
        channel: str,
        identity: Identity,
        *,
        since: Position | None,
        limit: int,
        reverse: bool,
    ) -> Changes:
        """Read a page of a channel from a position on, forwards or backwards.

        At most 200 publications and 512 KiB, and none at all for a ``limit`` of 0.
        """
        async with self._reading() as connection:
            request = OpenRequest(channel, identity)
            state = await self._read_state(connection, [request])
            refusal = _refusal(state, request)
            if refusal is not None:
                raise refusal
            position = state.positions[channel]
            if limit == 0 or position == NOWHERE:
                return Changes(position)
            count = min(limit, HISTORY_MAX) if limit > 0 else HISTORY_MAX
            if reverse:
                before = since.offset if since else position.offset + 1
                found = await self._before(connection, channel, before, count)
            else:
                after = since.offset if since else 0
                found = await self._after(connection, channel, after, count)
        return Changes(position, _within(found, REPLAY_MAX_BYTES))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.reading() as connection:
                yield connection
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise Unavailable(f"the database does not answer: {type(error).__name__}") from error

    # --- many openings at once ----------------------------------------------------------------

    async def _read_state(
        self, connection: AsyncConnection, requests: Sequence[OpenRequest]
    ) -> _State:
        """Read with a handful of statements what all of these requests need."""
        channels = sorted({request.channel for request in requests})
        threads = [subject for kind, subject in map(_parts, channels) if kind == "thread"]
        positions = await _positions(connection, channels)
        if not threads:
            return _State(positions, {}, frozenset(), {})
        asked = sorted({(each.identity.account_id, _parts(each.channel)[1]) for each in requests})
        items = {
            (row.account_id, row.conversation_id): row
            for row in await inboxes.items_of(connection, asked)
        }
        shut_out = await contact_rule.shut_out(connection, list(items.values()))
        receipts: dict[str, dict[str, Shape]] = {}
        for row in await conversations.receipts_of(connection, threads):
            shown = {"read_seq": row.read_seq, "delivered_seq": row.delivered_seq}
            receipts.setdefault(row.conversation_id, {})[row.account_id] = shown
        return _State(positions, items, shut_out, receipts)

    async def _open(
        self, connection: AsyncConnection, state: _State, request: OpenRequest
    ) -> Opening | OrderwireError:
        refusal = _refusal(state, request)
        if refusal is not None:
            return refusal
        position = state.positions[request.channel]
        snapshot = await self._snapshot(connection, state, request)
        since = request.since
        if since is None or not _continues(since, position) or position == NOWHERE:
            return Opening(Changes(position), recovered=False, snapshot=snapshot)
        changes = await self._since(connection, request.channel, since.offset, position)
        return Opening(changes, recovered=changes.complete, snapshot=snapshot)

    async def _snapshot(
        self, connection: AsyncConnection, state: _State, request: OpenRequest
    ) -> bytes:
        kind, subject = _parts(request.channel)
        if kind != "thread":
            return b""
        item = state.items.get((request.identity.account_id, subject))
        if item is None:
            shown: Shape = {"id": subject, "can_send": False, "can_send_reason": "not_participant"}
        else:
            shown = await summary(connection, item, self._people, self._clock.now())
        return views.encode(
            {
                "conversation": shown,
                "receipts": state.receipts.get(subject, {}),
                "can_send": shown["can_send"],
                "can_send_reason": shown["can_send_reason"],
            }
        )

    # --- what a channel carried ---------------------------------------------------------------

    async def _since(
        self, connection: AsyncConnection, channel: str, offset: int, position: Position
    ) -> Changes:
        if offset >= position.offset:
            return Changes(position)
        found: list[Publication] = []
        size, after = 0, offset
        while True:
            page = await self._after(connection, channel, after, READ_AT_ONCE)
            found += page
            size += sum(len(publication.data) for publication in page)
            if len(found) > REPLAY_MAX_PUBLICATIONS or size > REPLAY_MAX_BYTES:
                return Changes(position, complete=False)
            if len(page) < READ_AT_ONCE:
                break
            after = page[-1].offset
        # A thread has no gaps, but for what is no longer kept.
        if _parts(channel)[0] == "thread" and len(found) < position.offset - offset:
            return Changes(position, complete=False)
        return Changes(position, tuple(found))

    async def _after(
        self, connection: AsyncConnection, channel: str, offset: int, limit: int
    ) -> list[Publication]:
        kind, subject = _parts(channel)
        if kind == "inbox":
            return await self._states.after(connection, subject, offset, limit)
        rows = await conversations.entries_between(connection, subject, after=offset, limit=limit)
        return [Publication(channel, views.encode(views.entry(row)), row.seq) for row in rows]

    async def _before(
        self, connection: AsyncConnection, channel: str, offset: int, limit: int
    ) -> list[Publication]:
        kind, subject = _parts(channel)
        if kind == "inbox":
            newest = await self._states.after(connection, subject, 0, limit, before=offset)
            return newest[::-1]
        rows = await conversations.entries_between(
            connection, subject, after=0, before=offset, limit=limit, newest_first=True
        )
        return [Publication(channel, views.encode(views.entry(row)), row.seq) for row in rows]


def _parts(channel: str) -> tuple[str, str]:
    """Split a channel's name into its kind and its subject."""
    kind, _, subject = channel.partition(":")
    return kind, subject


def _may_open_inbox(_state: _State, identity: Identity, subject: str) -> bool:
    return subject == identity.account_id and identity.role is Role.ACCOUNT


def _may_open_thread(state: _State, identity: Identity, subject: str) -> bool:
    who = (identity.account_id, subject)
    takes_part = who in state.items and who not in state.shut_out
    return takes_part or identity.role is Role.OPERATOR


def _may_open_queues(_state: _State, identity: Identity, _subject: str) -> bool:
    return identity.role is Role.OPERATOR


# Who may open a channel, by its kind; the queues' has no subject.
LISTENERS: Mapping[str, Callable[[_State, Identity, str], bool]] = {
    "thread": _may_open_thread,
    "inbox": _may_open_inbox,
    QUEUES_CHANNEL: _may_open_queues,
}


def _refusal(state: _State, request: OpenRequest) -> OrderwireError | None:
    """Say why a request is refused; a channel that does not exist looks like somebody else's."""
    kind, subject = _parts(request.channel)
    may_open = LISTENERS.get(request.channel if request.channel == QUEUES_CHANNEL else kind)
    if may_open is None:
        return NotFound("there is no such kind of channel")
    if not may_open(state, request.identity, subject) or request.channel not in state.positions:
        return Forbidden("you may not listen here")
    return None


async def _positions(connection: AsyncConnection, channels: Sequence[str]) -> dict[str, Position]:
    subjects: dict[str, list[str]] = {"thread": [], "inbox": []}
    for kind, subject in map(_parts, channels):
        subjects.get(kind, []).append(subject)
    found = {QUEUES_CHANNEL: NOWHERE} if QUEUES_CHANNEL in channels else {}
    if subjects["thread"]:
        for row in await conversations.positions(connection, subjects["thread"]):
            found[thread_channel(row.id)] = Position(row.last_seq, row.epoch, row.rights)
    if subjects["inbox"]:
        for row in await inboxes.positions(connection, subjects["inbox"]):
            found[inbox_channel(row.account_id)] = Position(row.position, row.epoch)
    return found


def _continues(since: Position, position: Position) -> bool:
    """Tell whether a position is one of this numbering; an SDK's first has no epoch."""
    return since.epoch in ("", position.epoch) and since.offset <= position.offset


def _within(publications: Sequence[Publication], most: int) -> tuple[Publication, ...]:
    """Keep the first publications that fit, at least one of them."""
    kept: list[Publication] = []
    size = 0
    for publication in publications:
        size += len(publication.data)
        if kept and size > most:
            break
        kept.append(publication)
    return tuple(kept)
