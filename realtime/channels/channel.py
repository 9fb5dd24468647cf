"""One channel on one node: who listens, how far it has been handed out, and what waits."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from domain.identity import Identity
from domain.publications import Publication
from realtime.protocol.formats import Format

# What one who is just being let in may miss before it has to ask again.
MAX_BUFFERED = 4_000
MAX_BUFFERED_BYTES = 1024 * 1024
MAX_HELD = 1_000


class Subscriber(Protocol):
    """A connection as the hub sees it.

    ``write`` sends framed bytes; while the connection is ``backed_up``, ``write_careful`` is
    called instead, and may leave the ephemeral ones out or end the connection.
    """

    format: Format
    backed_up: bool
    write: Callable[[bytes], None]

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        """Send to a connection that reads too slowly."""
        ...

    def lose(self, channel: str) -> None:
        """End its subscription: what it missed cannot be fetched, it has to recover."""
        ...

    def dismiss(self, channel: str) -> None:
        """End its subscription for good: it may not listen any more."""
        ...


class Buffer:
    """What has been handed out since somebody knocked who is not in yet.

    ``since`` is the position after which it is whole; ``spoiled`` when it is not, or not wanted;
    ``doubted`` when it has changed since then who may listen.
    """

    __slots__ = ("_size", "doubted", "identity", "publications", "since", "spoiled")

    def __init__(self, since: int, identity: Identity) -> None:
        self.since = since
        self.identity = identity
        self.publications: list[Publication] = []
        self.spoiled = False
        self.doubted = False
        self._size = 0

    def add(self, publication: Publication) -> None:
        """Keep a publication, if there is room."""
        self._size += len(publication.data)
        if len(self.publications) < MAX_BUFFERED and self._size <= MAX_BUFFERED_BYTES:
            self.publications.append(publication)
        else:
            self.spoiled = True


class Channel:
    """State only; the hub moves it."""

    __slots__ = (
        "epoch",
        "filler",
        "groups",
        "held",
        "lane",
        "name",
        "openings",
        "pending",
        "position",
        "rights",
        "target",
    )

    def __init__(self, name: str, lane: int) -> None:
        self.name = name
        # Channels of one lane are checked together.
        self.lane = lane
        self.epoch = ""
        # None until the first subscriber's opening told where the channel stands.
        self.position: int | None = None
        # Live subscribers by what they are written to in, and as whom they were let in.
        self.groups: dict[Format, dict[Subscriber, Identity]] = {}
        # As of which change of them it is known that all of these may listen.
        self.rights = 0
        # Those who are being let in, with what has been handed out since they knocked.
        self.openings: dict[Subscriber, Buffer] = {}
        # Publications that came before their predecessors.
        self.held: dict[int, Publication] = {}
        # The last offset that anybody has spoken of; while it is beyond the position, and that is
        # known, the filler is at work.
        self.target = 0
        self.filler: asyncio.Task[None] | None = None
        # Handed out in this turn of the event loop, and not written yet.
        self.pending: list[Publication] = []

    @property
    def idle(self) -> bool:
        """Tell whether nobody listens, or is about to."""
        return not self.groups and not self.openings

    def add(self, subscriber: Subscriber, identity: Identity) -> None:
        """Let a subscriber in."""
        self.groups.setdefault(subscriber.format, {})[subscriber] = identity

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a subscriber, live or about to be."""
        buffer = self.openings.pop(subscriber, None)
        if buffer is not None:
            buffer.spoiled = True
        group = self.groups.get(subscriber.format)
        if group is not None and group.pop(subscriber, None) is not None and not group:
            del self.groups[subscriber.format]

    def subscribers(self) -> list[Subscriber]:
        """List the live ones."""
        return [subscriber for group in self.groups.values() for subscriber in group]

    def identities(self) -> list[Identity]:
        """List as whom the live ones were let in, each once."""
        every = (identity for group in self.groups.values() for identity in group.values())
        return list(dict.fromkeys(every))

    def those_of(self, identity: Identity) -> list[Subscriber]:
        """List the live ones of somebody."""
        pairs = [pair for group in self.groups.values() for pair in group.items()]
        return [subscriber for subscriber, found in pairs if found == identity]

    def hold(self, publication: Publication) -> None:
        """Keep a publication until those before it are there."""
        self.target = max(self.target, publication.offset)
        if len(self.held) < MAX_HELD:
            self.held[publication.offset] = publication

    def following(self) -> Publication | None:
        """Take the one that is next out of those that are held; forget those that are passed."""
        if not self.held or self.position is None:
            return None
        found = self.held.pop(self.position + 1, None)
        if found is None:
            for offset in [each for each in self.held if each <= self.position]:
                del self.held[offset]
        return found

    def take_in(self, publication: Publication) -> None:
        """Note a publication as the next to be written to everybody."""
        if publication.offset:
            self.position = publication.offset
            for buffer in self.openings.values():
                buffer.add(publication)
        self.pending.append(publication)

    def write_pending(self) -> None:
        """Write what this turn has brought: one write a subscriber."""
        publications, self.pending = self.pending, []
        durable = [each for each in publications if each.offset]
        for encoding, group in tuple(self.groups.items()):
            everything = encoding.publications(publications)
            backed_up = []
            for subscriber in group:
                if subscriber.backed_up:
                    backed_up.append(subscriber)
                else:
                    subscriber.write(everything)
            if backed_up:
                lean = encoding.publications(durable) if durable else b""
                for subscriber in backed_up:
                    subscriber.write_careful(lean, everything)
