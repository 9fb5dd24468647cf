"""What a session wants done: it decides, and whoever drives it acts.

``at`` is when the command came: what was said along with the connect has waited since then, and is
answered in time all the same.
"""

from dataclasses import dataclass, field

from msgspec import Raw

from domain.publications import Position
from realtime.protocol.codes import Disconnect
from realtime.protocol.commands import SubscribeRequest
from realtime.protocol.replies import Reply


@dataclass(frozen=True, slots=True)
class Answer:
    """Send this."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Ping:
    """Send a ping."""


@dataclass(frozen=True, slots=True)
class End:
    """End the connection."""

    disconnect: Disconnect


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    """Find out whose ``token`` this is, then call ``connected`` or ``connect_failed``."""

    id: int
    token: str
    name: str
    inbox: SubscribeRequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Open a channel, then call ``opened`` or ``open_failed``."""

    id: int
    channel: str
    since: Position | None
    # Refuse with an error, and not with ``recovered: false``, when the position is lost.
    strict: bool = False
    # Tell who comes, and who goes.
    join_leave: bool = False
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Leave:
    """Stop listening to a channel."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHistory:
    """Read a page of a channel."""

    id: int
    channel: str
    since: Position | None
    limit: int
    reverse: bool
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPresence:
    """Read who is in a channel, or with ``stats`` how many are."""

    id: int
    channel: str
    stats: bool
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call a method; an ``id`` of 0 wants no answer."""

    id: int
    method: str
    data: Raw
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Find out whose ``token`` this is, then call ``renewed`` or end the connection."""

    id: int
    token: str
    at: float = field(default=0.0, compare=False)


Effect = (
    Answer | Ping | End | Authenticate | Open | Leave | ReadHistory | ReadPresence | Call | Renew
)
