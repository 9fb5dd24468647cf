"""What the hub needs of storage: who may listen, where a channel stands, and what was missed."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contact import Refusal
from domain.errors import Forbidden, NotFound, OrderwireError, Unavailable
from domain.identity import Identity, Role
from domain.publications import (
    QUEUES_CHANNEL,
    REPLAY_MAX_BYTES,
    Changes,
    Opening,
    OpenRequest,
    Position,
    Publication,
    inbox_channel,
    kind_and_subject,
    thread_channel,
)
from realtime.clock import Clock
from realtime.services import contact_rule, views
from realtime.services.auditing import Audit
from realtime.services.carried import Carried, Place
from realtime.services.inbox_states import InboxStates
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from realtime.services.shapes import Person
from realtime.services.views import Shape
from storage import conversations, inboxes
from storage.engine import Database
from storage.rows import Record

HISTORY_MAX = 200
NOWHERE = Position(0, "")


@dataclass(frozen=True, slots=True)
class _State:
    """What one reading found about the channels of many requests."""

    positions: Mapping[str, Position]
    # By (account, conversation): the view that makes somebody a participant.
    items: Mapping[tuple[str, str], Record]
    # The same, of those whose counterpart wants to hear nothing of them.
    shut_out: frozenset[tuple[str, str]]
    # The same, of those who may not write.
    refused: Mapping[tuple[str, str], Refusal | None]
    people: Mapping[str, Person]
    receipts: Mapping[str, Shape]


class ChannelReads:
    """Reads of threads and inboxes, each from one consistent state of the database.

    While the database does not answer, each of them raises Unavailable; but for openings, which are
    many people's, all do so as well when it refuses to be asked.
    """

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        order_views: OrderViews,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._people = people
        self._audit = audit
        self._clock = clock
        states = InboxStates(people=people, order_views=order_views, clock=clock)
        self._carried = Carried(states)

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read rights, position, snapshot and what was missed for each request.

        The outcome is NotFound for a kind of channel that there is not, Forbidden for one that is
        not the caller's - the same whether or not it exists.
        """
        async with self._database.reading() as connection:
            state = await self._read_state(connection, requests)
            missed = await self._carried.since(connection, _recovering(state, requests))
            openings = [_open(state, missed, request) for request in requests]
        await self._audit.listened(_looked_into(requests, openings))
        return openings

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Read what a channel carried after ``offset``; NotFound when there is none."""
        async with self._reading() as connection:
            found = await _positions(connection, [channel])
            if channel not in found:
                raise NotFound("there is no such channel")
            place = (channel, offset)
            return (await self._carried.since(connection, {place: found[channel]}))[place]

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
                found = await self._carried.before(connection, channel, before, count)
            else:
                place = (channel, since.offset if since else 0)
                stretches = await self._carried.after(connection, [place], count)
                found = stretches[place].publications
        await self._audit.listened(_looked_into([request], [position]))
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
        threads = [subject for kind, subject in map(kind_and_subject, channels) if kind == "thread"]
        positions = await _positions(connection, channels)
        if not threads:
            return _State(positions, {}, frozenset(), {}, {}, {})
        asked = sorted(
            {(each.identity.account_id, kind_and_subject(each.channel)[1]) for each in requests}
        )
        items = {
            (row.account_id, row.conversation_id): row
            for row in await inboxes.items_of(connection, asked)
        }
        rows = list(items.values())
        shut_out = await contact_rule.shut_out(connection, rows)
        refused = await contact_rule.refusals(connection, rows, self._clock.now())
        people = await self._people.get(connection, {row.with_id for row in rows})
        receipts: dict[str, dict[str, Shape]] = {}
        for row in await conversations.receipts_of(connection, threads):
            shown = {"read_seq": row.read_seq, "delivered_seq": row.delivered_seq}
            receipts.setdefault(row.conversation_id, {})[row.account_id] = shown
        return _State(positions, items, shut_out, refused, people, receipts)


def _looked_into(
    requests: Sequence[OpenRequest], granted: Sequence[object]
) -> set[tuple[str, str]]:
    """Find who, being an operator, gets to see whose thread."""
    return {
        (request.identity.account_id, f"conversation:{subject}")
        for request, given in zip(requests, granted, strict=True)
        for kind, subject in [kind_and_subject(request.channel)]
        if request.identity.role is Role.OPERATOR
        and kind == "thread"
        and not isinstance(given, OrderwireError)
    }


def _recovering(state: _State, requests: Sequence[OpenRequest]) -> dict[Place, Position]:
    """Find what has to be read for those who know where they stood, each place once."""
    wanted: dict[Place, Position] = {}
    for request in requests:
        since = _place_in(state, request)
        if since is not None and _refusal(state, request) is None:
            wanted[request.channel, since] = state.positions[request.channel]
    return wanted


def _place_in(state: _State, request: OpenRequest) -> int | None:
    """Return the offset from which a request can be continued, if it can."""
    position = state.positions.get(request.channel)
    if request.since is None or position is None or position == NOWHERE:
        return None
    return request.since.offset if _continues(request.since, position) else None


def _open(
    state: _State, missed: Mapping[Place, Changes], request: OpenRequest
) -> Opening | OrderwireError:
    refusal = _refusal(state, request)
    if refusal is not None:
        return refusal
    snapshot = _snapshot(state, request)
    since = _place_in(state, request)
    if since is None:
        position = state.positions[request.channel]
        return Opening(Changes(position), recovered=False, snapshot=snapshot)
    changes = missed[request.channel, since]
    return Opening(changes, recovered=changes.complete, snapshot=snapshot)


def _snapshot(state: _State, request: OpenRequest) -> bytes:
    kind, subject = kind_and_subject(request.channel)
    if kind != "thread":
        return b""
    key = (request.identity.account_id, subject)
    item = state.items.get(key)
    if item is None:
        shown: Shape = {"id": subject, "can_send": False, "can_send_reason": "not_participant"}
    else:
        shown = views.conversation(item, state.people, state.refused[key])
    return views.encode(
        {
            "conversation": shown,
            "receipts": state.receipts.get(subject, {}),
            "can_send": shown["can_send"],
            "can_send_reason": shown["can_send_reason"],
        }
    )


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
    kind, subject = kind_and_subject(request.channel)
    may_open = LISTENERS.get(request.channel if request.channel == QUEUES_CHANNEL else kind)
    if may_open is None:
        return NotFound("there is no such kind of channel")
    if not may_open(state, request.identity, subject) or request.channel not in state.positions:
        return Forbidden("you may not listen here")
    return None


async def _positions(connection: AsyncConnection, channels: Sequence[str]) -> dict[str, Position]:
    subjects: dict[str, list[str]] = {"thread": [], "inbox": []}
    for kind, subject in map(kind_and_subject, channels):
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
