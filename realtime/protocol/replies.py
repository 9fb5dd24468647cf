"""What the server says: replies and pushes of the Centrifuge client protocol, version 2."""

from collections.abc import Mapping, Sequence

from msgspec import Raw, Struct

from domain.publications import Opening, Position, Publication
from realtime.protocol.codes import Disconnect, ErrorCode, Unsubscribed


class Published(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A publication; ephemeral ones have no offset."""

    data: Raw
    offset: int = 0


class SubscribeResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a subscription when it begins.

    With missed publications ``offset`` is the request's own: a client moves on with each one.
    """

    recoverable: bool = False
    epoch: str = ""
    publications: Sequence[Published] = ()
    recovered: bool = False
    offset: int = 0
    positioned: bool = False
    data: Raw | None = None
    was_recovering: bool = False


class ConnectResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a connection when it begins; ``ttl`` and ``ping`` are in seconds."""

    client: str
    version: str
    expires: bool = False
    ttl: int = 0
    data: Raw | None = None
    subs: Mapping[str, SubscribeResult] = {}
    ping: int = 0
    pong: bool = False
    session: str = ""
    node: str = ""


class Done(Struct, frozen=True):
    """A result without fields."""


class HistoryResult(Struct, frozen=True, kw_only=True):
    """A page of a channel, and the channel's position."""

    publications: Sequence[Published]
    epoch: str
    offset: int


class ClientInfo(Struct, frozen=True, kw_only=True):
    """One connection in a channel."""

    user: str
    client: str


class PresenceResult(Struct, frozen=True, kw_only=True):
    """Who is in a channel, by client id."""

    presence: Mapping[str, ClientInfo]


class PresenceStatsResult(Struct, frozen=True, kw_only=True):
    """How many are in a channel."""

    num_clients: int
    num_users: int


class RpcResult(Struct, frozen=True, kw_only=True):
    """What a method answered."""

    data: Raw


class RefreshResult(Struct, frozen=True, kw_only=True):
    """How long the connection lasts from now on."""

    client: str
    version: str
    expires: bool
    ttl: int


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a command failed."""

    code: int
    message: str
    temporary: bool = False


class Ended(Struct, frozen=True, kw_only=True):
    """Why a subscription or a connection ended."""

    code: int
    reason: str


class Entered(Struct, frozen=True, kw_only=True):
    """Who came into a channel, or left it."""

    info: ClientInfo


class Push(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that nobody asked for just now."""

    channel: str = ""
    pub: Published | None = None
    join: Entered | None = None
    leave: Entered | None = None
    unsubscribe: Ended | None = None
    disconnect: Ended | None = None


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reply with its command's id, or a push."""

    id: int = 0
    error: Error | None = None
    push: Push | None = None
    connect: ConnectResult | None = None
    subscribe: SubscribeResult | None = None
    unsubscribe: Done | None = None
    presence: PresenceResult | None = None
    presence_stats: PresenceStatsResult | None = None
    history: HistoryResult | None = None
    ping: Done | None = None
    rpc: RpcResult | None = None
    refresh: RefreshResult | None = None


DONE = Done()


def published(publication: Publication) -> Published:
    """Write a publication without its channel, as replies carry it."""
    return Published(data=Raw(publication.data), offset=publication.offset)


def publication_push(publication: Publication) -> Reply:
    """Write a publication as it is pushed to whoever listens."""
    return Reply(push=Push(channel=publication.channel, pub=published(publication)))


def error_reply(command_id: int, error: ErrorCode) -> Reply:
    """Write the refusal of a command."""
    code, message, temporary = error
    return Reply(id=command_id, error=Error(code=code, message=message, temporary=temporary))


def join_push(channel: str, who: ClientInfo) -> Reply:
    """Write that somebody came."""
    return Reply(push=Push(channel=channel, join=Entered(info=who)))


def leave_push(channel: str, who: ClientInfo) -> Reply:
    """Write that somebody went."""
    return Reply(push=Push(channel=channel, leave=Entered(info=who)))


def unsubscribe_push(channel: str, end: Unsubscribed) -> Reply:
    """Write the end of a subscription."""
    return Reply(push=Push(channel=channel, unsubscribe=Ended(code=end.code, reason=end.reason)))


def disconnect_push(end: Disconnect) -> Reply:
    """Write the end of a connection, where there is no close frame to say it."""
    return Reply(push=Push(disconnect=Ended(code=end.code, reason=end.reason)))


def subscribe_result(opening: Opening, since: Position | None) -> SubscribeResult:
    """Write what a subscriber starts with.

    With missed publications the offset is the request's own: a client that is torn down in the
    middle of them asks from where it really was.
    """
    changes = opening.changes
    position = changes.position
    missed = opening.recovered and bool(changes.publications)
    is_kept = bool(position.epoch)
    return SubscribeResult(
        recoverable=is_kept,
        positioned=is_kept,
        epoch=position.epoch,
        offset=since.offset if missed and since else position.offset,
        publications=[published(each) for each in changes.publications] if missed else (),
        recovered=opening.recovered,
        was_recovering=since is not None,
        data=Raw(opening.snapshot) if opening.snapshot else None,
    )


def whole_seconds(ttl: float) -> int:
    """Return a time to live as the protocol has it: whole seconds, at least one, in 32 bits."""
    return min(max(1, int(ttl)), 2**31 - 1)
