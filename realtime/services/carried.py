"""What channels carried: after a position, of many channels at once, or a page before one."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.publications import (
    REPLAY_MAX_BYTES,
    REPLAY_MAX_PUBLICATIONS,
    Changes,
    Position,
    Publication,
    kind_and_subject,
    thread_channel,
)
from realtime.services import views
from realtime.services.inbox_states import InboxStates, Stretch
from storage import conversations
from storage.rows import Record

# More than most have missed, and few enough to stop soon where they are too large to replay.
READ_AT_ONCE = 100
# Of so many places at a time, so that nobody else waits for long where all of it is large.
PLACES_AT_ONCE = 16

# (channel, offset)
Place = tuple[str, int]


class Carried:
    """Reads threads' entries and inboxes' changes as publications."""

    def __init__(self, inboxes: InboxStates) -> None:
        self._inboxes = inboxes

    async def since(
        self, connection: AsyncConnection, wanted: Mapping[Place, Position]
    ) -> Mapping[Place, Changes]:
        """Read everything after each place; the channels stand at these positions.

        What is more than can be replayed, or is kept no longer, is not ``complete``, and empty.
        What is not very long is read by a handful of statements for many places.
        """
        found = {place: Changes(position) for place, position in wanted.items()}
        behind = [place for place, position in wanted.items() if place[1] < position.offset]
        for begin in range(0, len(behind), PLACES_AT_ONCE):
            places = behind[begin : begin + PLACES_AT_ONCE]
            first = await self.after(connection, places, READ_AT_ONCE)
            for place in places:
                found[place] = await self._whole(connection, place, wanted[place], first[place])
        return found

    async def _whole(
        self, connection: AsyncConnection, place: Place, position: Position, stretch: Stretch
    ) -> Changes:
        channel, offset = place
        found = [*stretch.publications]
        while True:
            size = sum(len(publication.data) for publication in found)
            if len(found) > REPLAY_MAX_PUBLICATIONS or size > REPLAY_MAX_BYTES:
                return Changes(position, complete=False)
            if stretch.more_after is None or stretch.more_after >= position.offset:
                break
            further = (channel, stretch.more_after)
            stretch = (await self.after(connection, [further], READ_AT_ONCE))[further]
            found += stretch.publications
        # A thread has no gaps, but for what is no longer kept.
        if channel.startswith("thread:") and len(found) < position.offset - offset:
            return Changes(position, complete=False)
        return Changes(position, tuple(found))

    async def after(
        self, connection: AsyncConnection, places: Collection[Place], limit: int
    ) -> Mapping[Place, Stretch]:
        """Read the first ``limit`` publications behind each place, ascending."""
        found: dict[Place, Stretch] = {}
        of_inboxes, of_threads = _of_kind("inbox", places), _of_kind("thread", places)
        if of_inboxes:
            stretches = await self._inboxes.after(connection, of_inboxes, limit)
            found.update({of_inboxes[place]: each for place, each in stretches.items()})
        if of_threads:
            entries: dict[tuple[str, int], list[Publication]] = {place: [] for place in of_threads}
            for row in await conversations.entries_of_many(connection, of_threads, limit):
                entries[row.conversation_id, row.since].append(_entry(row))
            for (subject, offset), publications in entries.items():
                publications.sort(key=attrgetter("offset"))
                more_after = publications[-1].offset if len(publications) == limit else None
                found[of_threads[subject, offset]] = Stretch(publications, more_after)
        return found

    async def before(
        self, connection: AsyncConnection, channel: str, offset: int, limit: int
    ) -> Sequence[Publication]:
        """Read the last ``limit`` publications below an offset, the newest first."""
        kind, subject = kind_and_subject(channel)
        if kind == "inbox":
            stretch = await self._inboxes.before(connection, subject, offset, limit)
            return stretch.publications[::-1]
        rows = await conversations.entries_between(
            connection, subject, after=0, before=offset, limit=limit, newest_first=True
        )
        return [_entry(row) for row in rows]


def _entry(row: Record) -> Publication:
    return Publication(thread_channel(row.conversation_id), views.encode(views.entry(row)), row.seq)


def _of_kind(kind: str, places: Collection[Place]) -> dict[tuple[str, int], Place]:
    """Pick the places in channels of this kind, each by its subject and offset."""
    named = ((kind_and_subject(channel), (channel, offset)) for channel, offset in places)
    return {(subject, place[1]): place for (found, subject), place in named if found == kind}
