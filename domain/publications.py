"""What travels on channels: publications, positions, and the names of channels."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.identity import Identity, is_id

REPLAY_MAX_PUBLICATIONS = 1_000
REPLAY_MAX_BYTES = 512 * 1024
# How deep the queues are, for operators; nothing of it is kept, so it has no position.
QUEUES_CHANNEL = "ops:queues"
# The kinds of channels whose names go on with an id.
SUBJECTS = frozenset({"thread", "inbox"})


class Publication:
    """One JSON object for everybody on ``channel``.

    ``offset`` rises by exactly 1 from one durable publication to the next; 0 marks an ephemeral
    one (typing, receipts) that no position knows of. ``data`` may be given as what makes it: then
    it is made when first needed, which for a channel that nobody listens to is never.
    ``announced_at`` is when its node told of it after the commit, in Unix seconds; 0 where it was
    read from the database.
    """

    __slots__ = ("_data", "announced_at", "channel", "offset")

    def __init__(self, channel: str, data: bytes | Callable[[], bytes], offset: int = 0) -> None:
        self.channel = channel
        self.offset = offset
        self.announced_at = 0.0
        self._data = data

    @property
    def data(self) -> bytes:
        """The object's JSON."""
        if not isinstance(self._data, bytes):
            self._data = self._data()
        return self._data

    def __eq__(self, other: object) -> bool:
        """Tell whether the other says the same at the same place."""
        if not isinstance(other, Publication):
            return NotImplemented
        mine, theirs = (self.channel, self.offset), (other.channel, other.offset)
        return mine == theirs and self.data == other.data

    def __hash__(self) -> int:
        """Two that are equal stand at the same place."""
        return hash((self.channel, self.offset))

    def __repr__(self) -> str:
        """Show what it is."""
        return f"Publication({self.channel!r}, {self.data!r}, {self.offset})"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a channel is: its top ``offset`` in the numbering that ``epoch`` names.

    A channel of which nothing is kept has neither.
    ``rights`` counts how often it has changed who may listen; a client knows nothing of it.
    """

    offset: int
    epoch: str
    rights: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Changes:
    """Durable publications in ascending order, and the position of the channel when they were read.

    ``complete`` is False where more is missing than is replayed (``REPLAY_MAX_*``); then
    ``publications`` is empty. Offsets may skip (an inbox gives the latest state of each thing), but
    the last publication of a complete answer carries the top offset.
    """

    position: Position
    publications: tuple[Publication, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Opening:
    """What a subscriber is told on entry, read in one transaction: position, missed, snapshot.

    ``snapshot`` is the JSON of the subscribe reply's ``data``, or empty where a channel has none.
    """

    changes: Changes
    recovered: bool
    snapshot: bytes = b""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Somebody wants to listen to a channel, and may have been there up to ``since``."""

    channel: str
    identity: Identity
    since: Position | None = None


def rights_doorbell(channel: str) -> str:
    """Name what is rung when it has changed who may listen to a channel."""
    return f"rights:{channel}"


def channel_of(doorbell: str) -> str | None:
    """Return the channel whose rights have changed; None if a doorbell is about something else."""
    kind, _, channel = doorbell.partition(":")
    return channel if kind == "rights" else None


def kind_and_subject(channel: str) -> tuple[str, str]:
    """Split a channel's name: what kind it is, and of what."""
    kind, _, subject = channel.partition(":")
    return kind, subject


def may_exist(channel: str) -> bool:
    """Tell whether a channel may have this name: what is of somebody or something names its id."""
    kind, subject = kind_and_subject(channel)
    return kind not in SUBJECTS or is_id(subject)


def thread_channel(conversation_id: str) -> str:
    """Name the live channel of a conversation."""
    return f"thread:{conversation_id}"


def inbox_channel(account_id: str) -> str:
    """Name the live channel of an account's inbox."""
    return f"inbox:{account_id}"
