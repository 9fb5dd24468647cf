"""What clients ask: the requests of the Centrifuge client protocol, version 2.

Fields that are not named here are ignored, as the protocol wants it.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

# Larger than any position of ours; the protocol would allow 64 bits without a sign.
Unsigned = Annotated[int, Meta(ge=0, le=2**63 - 1)]
CommandId = Annotated[int, Meta(ge=0, le=2**32 - 1)]
NO_DATA = Raw(b"null")


class Position(Struct, frozen=True, kw_only=True):
    """How far a client says it is in a channel."""

    offset: Unsigned = 0
    epoch: str = ""


class SubscribeRequest(Struct, frozen=True, kw_only=True):
    """Listen to a channel, and with ``recover`` hear what was missed after a position."""

    channel: str = ""
    recover: bool = False
    offset: Unsigned = 0
    epoch: str = ""
    positioned: bool = False
    recoverable: bool = False
    join_leave: bool = False
    flag: Unsigned = 0
    type: int = 0
    tf: Raw = NO_DATA


class ConnectRequest(Struct, frozen=True, kw_only=True):
    """Say who it is; ``subs`` are server-side subscriptions to recover."""

    token: str = ""
    name: str = ""
    version: str = ""
    data: Raw = NO_DATA
    subs: dict[str, SubscribeRequest] = {}


class ChannelRequest(Struct, frozen=True, kw_only=True):
    """Anything about one channel that needs no more than its name."""

    channel: str = ""


class HistoryRequest(Struct, frozen=True, kw_only=True):
    """A page of a channel; a ``limit`` of 0 asks for the position alone."""

    channel: str = ""
    limit: int = 0
    since: Position | None = None
    reverse: bool = False


class RpcRequest(Struct, frozen=True, kw_only=True):
    """Call a method."""

    method: str = ""
    data: Raw = NO_DATA


class SendRequest(Struct, frozen=True, kw_only=True):
    """Tell something that needs no answer; ``data`` has the shape of an ``RpcRequest``."""

    data: Raw = NO_DATA


class RefreshRequest(Struct, frozen=True, kw_only=True):
    """Bring a fresh token."""

    token: str = ""


class Nothing(Struct, frozen=True):
    """A request without fields, or one whose fields do not matter."""


Request = (
    ConnectRequest
    | SubscribeRequest
    | ChannelRequest
    | HistoryRequest
    | RpcRequest
    | SendRequest
    | RefreshRequest
    | Nothing
)


class Command(Struct, frozen=True, kw_only=True):
    """One command: its id, and the one method that is not None. Neither makes it a pong."""

    id: CommandId = 0
    rpc: RpcRequest | None = None
    send: SendRequest | None = None
    subscribe: SubscribeRequest | None = None
    unsubscribe: ChannelRequest | None = None
    history: HistoryRequest | None = None
    presence: ChannelRequest | None = None
    presence_stats: ChannelRequest | None = None
    refresh: RefreshRequest | None = None
    ping: Nothing | None = None
    connect: ConnectRequest | None = None
    publish: Nothing | None = None
    sub_refresh: Nothing | None = None

    def method(self) -> tuple[str, Request] | None:
        """Return the name of the method and its request; None if there is none we know."""
        for name in METHODS:
            request: Request | None = getattr(self, name)
            if request is not None:
                return name, request
        return None


METHODS = tuple(name for name in Command.__struct_fields__ if name != "id")
PONG = Command()
