"""One client's side of the protocol, without I/O: frames and time in, effects out.

::

    NEW ──connect──> CONNECTING ──connected──> CONNECTED
                          └──connect_failed──> REFUSED

Whatever comes while CONNECTING waits, for clients send their subscribes along with the connect.
When REFUSED all is dropped in silence. ``End`` is the last effect of any session.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto

import msgspec

from domain.buckets import Bucket
from domain.publications import Position
from realtime.protocol import codes
from realtime.protocol.codec import UNREADABLE as BAD_JSON
from realtime.protocol.codec import BadCommand, BadFrame, Codec
from realtime.protocol.codes import Disconnect, ErrorCode
from realtime.protocol.commands import (
    ChannelRequest,
    Command,
    ConnectRequest,
    HistoryRequest,
    Nothing,
    RefreshRequest,
    RpcRequest,
    SendRequest,
    SubscribeRequest,
)
from realtime.protocol.effects import (
    Answer,
    Authenticate,
    Call,
    Effect,
    End,
    Leave,
    Open,
    Ping,
    ReadHistory,
    ReadPresence,
    Renew,
)
from realtime.protocol.limits import Limits
from realtime.protocol.replies import (
    DONE,
    ConnectResult,
    RefreshResult,
    Reply,
    SubscribeResult,
    error_reply,
    whole_seconds,
)

VERSION = "Orderwire"
# Two that are no methods, but are counted and refused like them.
UNREADABLE, UNKNOWN = "unreadable", "unknown"
MAX_CHANNEL_NAME = 255
# An answer counts as one more command for so many bytes.
WEIGHT = 64 * 1024

Effects = Iterator[Effect]


class State(Enum):
    """How far a connection has come."""

    NEW = auto()
    CONNECTING = auto()
    CONNECTED = auto()
    REFUSED = auto()
    ENDED = auto()


class _ConnectData(msgspec.Struct):
    inbox: bool = False


class Session:
    """The state machine; ``now`` is always in seconds of the same clock, that does not go back."""

    __slots__ = (
        "_abuse",
        "_backlog",
        "_codec",
        "_commands",
        "_errors",
        "_expires_at",
        "_heard",
        "_limits",
        "_must_connect_by",
        "_ping_at",
        "_pong_by",
        "_subscribes",
        "channels",
        "client_id",
        "state",
    )

    def __init__(self, *, client_id: str, codec: Codec, limits: Limits, now: float) -> None:
        self.client_id = client_id
        self.state = State.NEW
        # Each channel that is open or being opened, by the id of the command that asked last.
        self.channels: dict[str, int] = {}
        self._codec = codec
        self._limits = limits
        # With the times at which they came.
        self._backlog: list[tuple[Command | BadCommand, float]] = []
        self._must_connect_by = now + limits.connect
        self._ping_at = 0.0
        self._pong_by = 0.0
        self._expires_at = 0.0
        self._heard = True
        rate = limits.commands_per_second
        self._commands = Bucket(rate=rate, burst=limits.commands_burst, now=now)
        self._subscribes = Bucket(rate=rate, burst=limits.subscribes_burst, now=now)
        factor = limits.abuse_factor
        self._abuse = Bucket(rate=rate * factor, burst=limits.backlog * factor, now=now)
        self._errors = Bucket(rate=limits.errors_per_second, burst=limits.errors_burst, now=now)

    # --- what comes in ------------------------------------------------------------------------

    def receive(self, frame: bytes, now: float) -> Effects:
        """Take a frame."""
        self._heard = True
        if self.state is State.REFUSED or self.state is State.ENDED:
            return
        try:
            commands = self._codec.decode(frame)
        except BadFrame:
            yield self._end(codes.BAD_FRAME)
            return
        for command in commands:
            yield from self._take(command, now)

    def _take(self, command: Command | BadCommand, now: float) -> Effects:
        if self.state is State.CONNECTED:
            yield from self._handle(command, now)
        elif self.state is State.NEW:
            yield from self._handle_first(command)
        elif self.state is State.CONNECTING:
            if len(self._backlog) < self._limits.backlog:
                self._backlog.append((command, now))
            else:
                yield self._end(codes.ABUSE)

    def _handle_first(self, command: Command | BadCommand) -> Effects:
        """Nothing but a connect (or a pong to nothing) may come first."""
        if isinstance(command, BadCommand) or command.connect is None or not command.id:
            if isinstance(command, BadCommand) or command.method() or command.id:
                yield self._end(codes.BAD_FRAME)
            return
        self.state = State.CONNECTING
        connect = command.connect
        yield Authenticate(
            id=command.id, token=connect.token, name=connect.name, inbox=_wanted_inbox(connect)
        )

    def _handle(self, command: Command | BadCommand, now: float) -> Effects:
        if isinstance(command, BadCommand):
            yield from self._admit(UNREADABLE, command.command_id, command, now)
            return
        named = command.method()
        if named is not None:
            yield from self._admit(named[0], command.id, named[1], now)
        elif command.id:
            yield from self._admit(UNKNOWN, command.id, command, now)

    def _admit(self, name: str, command_id: int, request: object, now: float) -> Effects:
        """Count a command, and act on it if that is within the limits."""
        if not command_id and name != "send":
            yield self._end(codes.BAD_FRAME)
        elif not self._abuse.take(now):
            yield self._end(codes.ABUSE)
        elif not self._allows(name, now):
            yield from self.fail(command_id, codes.TOO_MANY_REQUESTS, now)
        else:
            yield from _HANDLERS[name](self, command_id, request, now)

    def weigh(self, answer: int) -> None:
        """Have an answer of many bytes count as the commands that could have asked for as much."""
        self._commands.owe(answer // WEIGHT)

    def _allows(self, name: str, now: float) -> bool:
        if name == "unsubscribe":
            return True  # an SDK takes a refusal for a broken connection
        return (self._subscribes if name == "subscribe" else self._commands).take(now)

    # --- the methods --------------------------------------------------------------------------

    def _unreadable(self, command_id: int, command: BadCommand, now: float) -> Effects:
        return self.fail(command_id, codes.BAD_REQUEST._replace(message=command.message), now)

    def _unknown(self, command_id: int, _command: Command, now: float) -> Effects:
        return self.fail(command_id, codes.METHOD_NOT_FOUND, now)

    def _connect(self, command_id: int, _request: ConnectRequest, now: float) -> Effects:
        return self.fail(command_id, codes.BAD_REQUEST, now)

    def _subscribe(self, command_id: int, request: SubscribeRequest, now: float) -> Effects:
        channel = request.channel
        refusal = _unsupported(request)
        if refusal is None and channel not in self.channels:
            full = len(self.channels) >= self._limits.channels
            refusal = codes.LIMIT_EXCEEDED if full else None
        if refusal is not None:
            yield from self.fail(command_id, refusal, now)
            return
        self.channels[channel] = command_id
        yield Open(
            id=command_id,
            channel=channel,
            since=_since(request),
            strict=bool(request.flag & 2),
            join_leave=request.join_leave,
            at=now,
        )

    def _unsubscribe(self, command_id: int, request: ChannelRequest, _now: float) -> Effects:
        if self.channels.pop(request.channel, None) is not None:
            yield Leave(request.channel)
        yield Answer(Reply(id=command_id, unsubscribe=DONE))

    def _history(self, command_id: int, request: HistoryRequest, now: float) -> Effects:
        asked = request.since
        yield ReadHistory(
            id=command_id,
            channel=request.channel,
            since=Position(asked.offset, asked.epoch) if asked else None,
            limit=request.limit,
            reverse=request.reverse,
            at=now,
        )

    def _presence(self, command_id: int, request: ChannelRequest, now: float) -> Effects:
        return self._present(command_id, request.channel, now, stats=False)

    def _presence_stats(self, command_id: int, request: ChannelRequest, now: float) -> Effects:
        return self._present(command_id, request.channel, now, stats=True)

    def _present(self, command_id: int, channel: str, now: float, *, stats: bool) -> Effects:
        if channel not in self.channels:
            yield from self.fail(command_id, codes.PERMISSION_DENIED, now)
        else:
            yield ReadPresence(id=command_id, channel=channel, stats=stats, at=now)

    def _rpc(self, command_id: int, request: RpcRequest, now: float) -> Effects:
        yield Call(id=command_id, method=request.method, data=request.data, at=now)

    def _send(self, _command_id: int, request: SendRequest, now: float) -> Effects:
        try:
            told = msgspec.json.decode(request.data, type=RpcRequest)
        except BAD_JSON:
            return
        yield Call(id=0, method=told.method, data=told.data, at=now)

    def _refresh(self, command_id: int, request: RefreshRequest, now: float) -> Effects:
        yield Renew(id=command_id, token=request.token, at=now)

    def _pinged(self, command_id: int, _request: Nothing, _now: float) -> Effects:
        yield Answer(Reply(id=command_id, ping=DONE))

    def _not_here(self, command_id: int, _request: Nothing, now: float) -> Effects:
        return self.fail(command_id, codes.NOT_AVAILABLE, now)

    # --- what became of the effects -----------------------------------------------------------

    def connected(
        self, command_id: int, *, result: ConnectResult, ttl: float, first_ping: float, now: float
    ) -> Effects:
        """Go on with what has waited: the connection stands for ``ttl`` seconds and a grace.

        What has waited is counted, and has to be answered, as of when it came.
        """
        if self.state is not State.CONNECTING:
            return
        self.state = State.CONNECTED
        self._ping_at = now + first_ping
        self._expires_at = now + ttl + self._limits.expiry_grace
        yield Answer(Reply(id=command_id, connect=result))
        waiting, self._backlog = self._backlog, []
        for command, came_at in waiting:
            yield from self._take(command, came_at)

    def connect_failed(self, command_id: int, error: ErrorCode) -> Effects:
        """Refuse, and drop what came along."""
        if self.state is not State.CONNECTING:
            return
        self.state = State.REFUSED
        self._backlog = []
        yield Answer(error_reply(command_id, error))

    def opened(self, command_id: int, result: SubscribeResult) -> Effects:
        """Tell a subscriber what it starts with."""
        yield Answer(Reply(id=command_id, subscribe=result))

    def open_failed(self, command_id: int, channel: str, error: ErrorCode, now: float) -> Effects:
        """Tell why a channel could not be opened; it may have been asked for again by now."""
        if self.channels.get(channel) == command_id:
            del self.channels[channel]
        yield from self.fail(command_id, error, now)

    def renewed(self, command_id: int, *, ttl: float, now: float) -> Effects:
        """The connection stands for ``ttl`` seconds more, and a grace."""
        self._expires_at = now + ttl + self._limits.expiry_grace
        result = RefreshResult(
            client=self.client_id, version=VERSION, expires=True, ttl=whole_seconds(ttl)
        )
        yield Answer(Reply(id=command_id, refresh=result))

    def fail(self, command_id: int, error: ErrorCode, now: float) -> Effects:
        """Refuse a command; too many of them end the connection."""
        if error.code not in codes.NEVER_COUNTED and not self._errors.take(now):
            yield self._end(codes.TOO_MANY_ERRORS)
        elif command_id:
            yield Answer(error_reply(command_id, error))

    def _end(self, disconnect: Disconnect) -> End:
        self.state = State.ENDED
        return End(disconnect)

    # --- time ---------------------------------------------------------------------------------

    @property
    def awaits_pong(self) -> bool:
        """Tell whether a ping went out and nothing has come in since."""
        return bool(self._pong_by) and not self._heard

    def tick(self, now: float) -> Effects:
        """Do what is due at ``now``; ``next_due`` tells when to call again."""
        if self.state is not State.CONNECTED:
            if now >= self._must_connect_by and self.state is not State.ENDED:
                yield self._end(codes.NOT_CONNECTED_IN_TIME)
            return
        if self._pong_by and now >= self._pong_by:
            self._pong_by = 0.0
            if not self._heard:
                yield self._end(codes.NO_PONG)
                return
        if now >= self._expires_at:
            yield self._end(codes.EXPIRED)
        elif now >= self._ping_at:
            if self._heard:
                self._pong_by = now + self._limits.pong
            self._heard = False
            self._ping_at = now + self._limits.ping
            yield Ping()

    def next_due(self) -> float:
        """Return when ``tick`` has something to do next."""
        if self.state is not State.CONNECTED:
            return self._must_connect_by
        soonest = min(self._ping_at, self._expires_at)
        return min(soonest, self._pong_by) if self._pong_by else soonest


# Each is called with the kind of request that its command has.
_HANDLERS: Mapping[str, Callable[..., Effects]] = {
    "connect": Session._connect,
    "subscribe": Session._subscribe,
    "unsubscribe": Session._unsubscribe,
    "history": Session._history,
    "presence": Session._presence,
    "presence_stats": Session._presence_stats,
    "rpc": Session._rpc,
    "send": Session._send,
    "refresh": Session._refresh,
    "ping": Session._pinged,
    "publish": Session._not_here,
    "sub_refresh": Session._not_here,
    UNREADABLE: Session._unreadable,
    UNKNOWN: Session._unknown,
}


def _wanted_inbox(connect: ConnectRequest) -> SubscribeRequest | None:
    """Return how the own inbox is to be opened along with the connection, if it was asked for."""
    try:
        wanted = msgspec.json.decode(connect.data, type=_ConnectData | None)
    except BAD_JSON:
        return None
    if wanted is None or not wanted.inbox:
        return None
    own = (sub for name, sub in connect.subs.items() if name.startswith("inbox:"))
    return next(own, SubscribeRequest())


def _unsupported(request: SubscribeRequest) -> ErrorCode | None:
    if not request.channel or len(request.channel) > MAX_CHANNEL_NAME:
        return codes.BAD_REQUEST
    if request.type or bytes(request.tf) not in (b"", b"null"):
        return codes.BAD_REQUEST
    return None


def _since(request: SubscribeRequest) -> Position | None:
    return Position(request.offset, request.epoch) if request.recover else None
