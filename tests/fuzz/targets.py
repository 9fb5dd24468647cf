"""What frames are fed to: a codec, a session, a whole server behind its socket."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Protocol

from msgspec import Raw

from domain.publications import Changes, Opening, Position
from realtime.protocol import codes
from realtime.protocol.codec import BadFrame, Codec
from realtime.protocol.codec_json import JSON
from realtime.protocol.codec_protobuf import PROTOBUF
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
    ConnectResult,
    HistoryResult,
    PresenceResult,
    Reply,
    RpcResult,
    subscribe_result,
)
from realtime.protocol.session import Session
from tests.fuzz.corpus import JSON_CONNECT, JSON_FRAMES, PROTOBUF_CONNECT, PROTOBUF_FRAMES
from tests.fuzz.mutations import mutated

MOST_FRAMES = 4
OPENING = Opening(Changes(Position(7, "e")), recovered=True, snapshot=b"{}")
RESULT = ConnectResult(client="c", version="v", expires=True, ttl=300, ping=25, pong=True)

Frames = tuple[bytes, ...]


class Target(Protocol):
    """Something that takes frames from anybody, and must not mind."""

    name: str

    def frames(self, random: Random) -> Frames:
        """Make frames to feed it with, the same from the same seed."""
        ...

    async def take(self, frames: Frames) -> None:
        """Feed it; what it raises, it must not."""
        ...


class CodecTarget:
    """Reads a frame: commands come of it, or the one error that says that it is none."""

    def __init__(self, name: str, codec: Codec, corpus: Sequence[bytes]) -> None:
        self.name = name
        self._codec = codec
        self._corpus = corpus

    def frames(self, random: Random) -> Frames:
        """Make one frame."""
        return (mutated(random, self._corpus),)

    async def take(self, frames: Frames) -> None:
        """Read it, and ask each command what it is."""
        for frame in frames:
            with suppress(BadFrame):
                for command in self._codec.decode(frame):
                    getattr(command, "method", str)()


class SessionTarget:
    """A connection without I/O, most often connected; everything that it wants is granted."""

    def __init__(self, name: str, codec: Codec, connect: bytes, corpus: Sequence[bytes]) -> None:
        self.name = name
        self._codec = codec
        self._connect = connect
        self._corpus = corpus

    def frames(self, random: Random) -> Frames:
        """Make some frames; mostly they come behind a good connect."""
        count = random.randrange(1, MOST_FRAMES + 1)
        frames = tuple(mutated(random, self._corpus) for _ in range(count))
        return frames if random.random() < 0.2 else (self._connect, *frames)

    async def take(self, frames: Frames) -> None:
        """Have it receive them, one a second."""
        session = Session(client_id="c", codec=self._codec, limits=Limits(), now=0.0)
        conversation = Conversation(session, self._codec)
        for now, frame in enumerate(frames):
            conversation.perform(session.receive(frame, float(now)), float(now))
            conversation.perform(session.tick(float(now)), float(now))
            assert session.next_due() >= 0
        assert len(session.channels) <= Limits().channels


class Conversation:
    """Does what a session wants, at once, and holds it to what it promises."""

    def __init__(self, session: Session, codec: Codec) -> None:
        self._session = session
        self._codec = codec
        self._over = False

    def perform(self, effects: Any, now: float) -> None:
        """Do what it wants, and what it wants then."""
        for effect in effects:
            assert not self._over, f"{effect} follows the end"
            self._perform(effect, now)

    def _perform(self, effect: Effect, now: float) -> None:
        if isinstance(effect, End):
            assert effect.disconnect in DISCONNECTS
            self._over = True
        elif type(effect) in GRANTED:
            self.perform(GRANTED[type(effect)](self._session, effect, now), now)
        elif type(effect) in ANSWERED:
            assert self._codec.encode(ANSWERED[type(effect)](effect))
        else:
            assert isinstance(effect, Leave | Ping)


# What a session is told of what it wanted, and what is told to the client without it.
GRANTED: Mapping[type, Callable[[Session, Any, float], Any]] = {
    Authenticate: lambda session, effect, now: session.connected(
        effect.id, result=RESULT, ttl=300.0, first_ping=1.0, now=now
    ),
    Open: lambda session, effect, _now: session.opened(
        effect.id, subscribe_result(OPENING, effect.since)
    ),
    Renew: lambda session, effect, now: session.renewed(effect.id, ttl=300.0, now=now),
}
ANSWERED: Mapping[type, Callable[[Any], Reply]] = {
    Answer: lambda effect: effect.reply,
    ReadHistory: lambda effect: Reply(
        id=effect.id, history=HistoryResult(publications=(), epoch="e", offset=7)
    ),
    ReadPresence: lambda effect: Reply(id=effect.id, presence=PresenceResult(presence={})),
    Call: lambda effect: Reply(id=effect.id, rpc=RpcResult(data=Raw(b"{}"))),
}
DISCONNECTS = frozenset(each for each in vars(codes).values() if isinstance(each, codes.Disconnect))

CODECS: Sequence[Target] = (
    CodecTarget("json", JSON, JSON_FRAMES),
    CodecTarget("protobuf", PROTOBUF, PROTOBUF_FRAMES),
    SessionTarget("json-session", JSON, JSON_CONNECT, JSON_FRAMES),
    SessionTarget("protobuf-session", PROTOBUF, PROTOBUF_CONNECT, PROTOBUF_FRAMES),
)
