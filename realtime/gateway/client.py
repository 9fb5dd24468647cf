"""One connected client: drives its session, does what the session wants, and hears its channels."""

import asyncio
import random
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from msgspec import Raw

from domain.errors import OrderwireError
from domain.identity import Identity
from realtime.gateway import entrance, listening
from realtime.gateway.calls import SEND
from realtime.gateway.errors import channel_error_code, error_code
from realtime.gateway.patience import told_in_time
from realtime.gateway.surroundings import Outlet, Surroundings
from realtime.protocol import codes
from realtime.protocol.codes import Disconnect, ErrorCode, Unsubscribed, comes_back
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
from realtime.protocol.formats import MAX_JOINED, Format
from realtime.protocol.replies import Reply, RpcResult, unsubscribe_push
from realtime.protocol.session import Effects, Session
from realtime.services.commit_queue import ANSWER_WITHIN

MAX_UNSENT = 1024 * 1024
MAX_UNSENT_FOR_EPHEMERAL = 128 * 1024
# What is opened later than this does not belong to a connection's coming in.
ARRIVES_WITHIN = 5.0
# Those who lose a channel come back spread over so many seconds.
LOSS_SPREAD = 3.0

NOBODY = Identity("")

log = structlog.get_logger(__name__)


class Client:
    """Lives from the handshake to the last byte."""

    __slots__ = (
        "__weakref__",
        "_arriving_since",
        "_due",
        "_ended",
        "_exempt",
        "_focus",
        "_outlet",
        "_turned_away",
        "address",
        "backed_up",
        "format",
        "id",
        "identity",
        "opening",
        "own_inbox",
        "secret",
        "session",
        "shared",
        "write",
    )

    def __init__(
        self, shared: Surroundings, outlet: Outlet, encoding: Format, address: str
    ) -> None:
        self.id = secrets.token_urlsafe(12)
        self.address = address
        self.format = encoding
        self.write: Callable[[bytes], None] = outlet.write
        self.backed_up = False
        self.identity = NOBODY
        self._focus: str | None = None
        # What its later commands are known by, where they come by requests of their own.
        self.secret = ""
        # The channel that came with the connection, if one was asked for.
        self.own_inbox = ""
        # Subscribes under way, by channel.
        self.opening: dict[str, asyncio.Task[None]] = {}
        self.shared = shared
        self.session = Session(
            client_id=self.id,
            codec=encoding.codec,
            limits=shared.limits,
            now=shared.monotonic(),
        )
        self._ended = False
        self._turned_away = False
        # When it was opened, until the channels that it asks for first are open as well.
        self._arriving_since: float | None = shared.monotonic()
        # Bytes of large replies that are still unsent: they are no fault of the reader.
        self._exempt = 0
        self._outlet = outlet
        shared.registry.add(self)
        self.keep_time()

    # --- from the transport -------------------------------------------------------------------

    def receive(self, frame: bytes) -> None:
        """Take a frame."""
        self.shared.figures.frames += 1
        self.perform(self.session.receive(frame, self.shared.monotonic()))

    def closed(self) -> None:
        """The transport is gone, or going: hear no more."""
        if self._ended:
            return
        self._ended = True
        self.focus = None
        self.shared.admission.arrived(self)
        channels, self.session.channels = self.session.channels, {}
        for channel in channels:
            listening.stop(self, channel)
        self.shared.registry.remove(self, self.identity.account_id or None)

    def drained(self) -> None:
        """The transport has sent nearly everything."""
        self.backed_up = False
        self._exempt = 0

    @property
    def focus(self) -> str | None:
        """The conversation that its person has before their eyes."""
        return self._focus

    @focus.setter
    def focus(self, towards: str | None) -> None:
        before, self._focus = self._focus, towards
        if towards != before:
            self.shared.gazes.turn(
                self.id, self.identity.account_id, away_from=before, towards=towards
            )

    # --- for wheel, registry and calls --------------------------------------------------------

    def keep_time(self) -> None:
        """Be called when the session has something to do."""
        self._due = self.session.next_due()
        self.shared.wheel.schedule(self, self._due)

    def tick(self, now: float) -> float | None:
        """Do what is due; return when something is due again."""
        if now < self._due:
            return None  # the time was moved since, and this is the old one
        self.perform(self.session.tick(now))
        self._due = self.session.next_due()
        return None if self.has_ended() else self._due

    def unsent(self) -> int:
        """Return how many bytes have not left yet."""
        return self._outlet.unsent()

    def has_ended(self) -> bool:
        """Tell whether the connection is over."""
        return self._ended

    def is_turned_away(self) -> bool:
        """Tell whether it was sent away before it was in, to come again later."""
        return self._turned_away

    @property
    def awaits_pong(self) -> bool:
        """Whether it may be dead already."""
        return self.session.awaits_pong

    def listens(self, channel: str) -> bool:
        """Tell whether it has this channel open."""
        return channel in self.session.channels

    def end(self, disconnect: Disconnect) -> None:
        """Close the connection with a last word."""
        if not self._ended:
            self._turned_away = not self.identity.account_id and comes_back(disconnect)
            self.shared.figures.disconnects[disconnect.code] += 1
            log.info("disconnected", connection=self.id, code=disconnect.code)
            self.closed()
            self._outlet.end(disconnect)

    # --- for the hub (realtime.channels.channel.Subscriber) -------------------------------------

    def write_careful(self, durable: bytes, everything: bytes) -> None:
        """Send to a reader that is too slow: no ephemerals, and beyond a bound not at all."""
        unsent = self._outlet.unsent() - self._exempt
        if unsent > MAX_UNSENT:
            self.end(codes.SLOW)
        elif unsent <= MAX_UNSENT_FOR_EPHEMERAL:
            self.write(everything)
        elif durable:
            self.write(durable)

    def lose(self, channel: str) -> None:
        """Have the client subscribe anew: what it missed cannot be fetched."""
        self.session.channels.pop(channel, None)
        listening.stop(self, channel)
        delay = random.uniform(0, LOSS_SPREAD)
        asyncio.get_running_loop().call_later(delay, self._tell_loss, channel)

    def dismiss(self, channel: str) -> None:
        """Have the client listen no more: it may not."""
        self.session.channels.pop(channel, None)
        listening.leave(self, channel)
        self._tell_end_of(channel, codes.BY_SERVER)

    def _tell_loss(self, channel: str) -> None:
        if channel == self.own_inbox:
            self.end(codes.INSUFFICIENT_STATE)
        elif not self.listens(channel):  # or it came back by itself, and has recovered
            self._tell_end_of(channel, codes.STATE_LOST)

    def _tell_end_of(self, channel: str, end: Unsubscribed) -> None:
        self.shared.figures.unsubscribes[end.code] += 1
        self.send(unsubscribe_push(channel, end))

    # --- what the session wants ---------------------------------------------------------------

    def perform(self, effects: Effects) -> None:
        """Do what the session wants, in order."""
        for effect in effects:
            if self._ended:
                return
            _ACTIONS[type(effect)](self, effect)

    def send(self, reply: Reply) -> None:
        """Send one reply or push."""
        if self._ended:
            return
        data = self.format.one(reply)
        self.write(data)
        if len(data) > MAX_JOINED:
            self._exempt = min(self._exempt + len(data), self._outlet.unsent())

    def fail(self, command_id: int, error: ErrorCode) -> None:
        """Refuse a command."""
        self.perform(self.session.fail(command_id, error, self.shared.monotonic()))

    def _answer(self, effect: Answer) -> None:
        self.send(effect.reply)

    def _ping(self, _effect: Ping) -> None:
        self.write(self.format.ping)

    def _end(self, effect: End) -> None:
        self.end(effect.disconnect)

    def _authenticate(self, effect: Authenticate) -> None:
        self.shared.admission.arrived(self)
        if self.shared.admission.is_full():
            self.refuse(effect.id, codes.TOO_MANY_REQUESTS)
        else:
            self.run(entrance.connect(self, effect), partial(self.refuse, effect.id))

    def refuse(self, command_id: int, error: ErrorCode) -> None:
        """Refuse to let it in."""
        self._turned_away = error.temporary
        self.shared.figures.turned_away += error.temporary
        self.perform(self.session.connect_failed(command_id, error))

    def _renew(self, effect: Renew) -> None:
        self.run(entrance.renew(self, effect), partial(self.fail, effect.id), at=effect.at)

    def _open(self, effect: Open) -> None:
        def failed(error: ErrorCode) -> None:
            now = self.shared.monotonic()
            self.perform(self.session.open_failed(effect.id, effect.channel, error, now))
            if not self.listens(effect.channel):
                listening.stop(self, effect.channel)  # it may have been live before

        if self.shared.admission.is_full():
            self.shared.figures.turned_away += 1
            failed(codes.TOO_MANY_REQUESTS)
            return
        if self._arriving_since is not None and effect.at > self._arriving_since + ARRIVES_WITHIN:
            self._arriving_since = None  # it is in, and opens something else
        before = self.opening.get(effect.channel)
        work = listening.listen(self, effect, before)
        task = self.run(work, failed, channel_error_code, at=effect.at)
        self.opening[effect.channel] = task
        task.add_done_callback(partial(self._opening_done, effect.channel))

    def _opening_done(self, channel: str, task: asyncio.Task[None]) -> None:
        if self.opening.get(channel) is task:
            del self.opening[channel]
        if self._arriving_since is not None and not self.opening and not self._ended:
            took = self.shared.monotonic() - self._arriving_since
            self.shared.figures.until_subscribed.add(took)
            self._arriving_since = None

    def _leave(self, effect: Leave) -> None:
        listening.leave(self, effect.channel)

    def _read_history(self, effect: ReadHistory) -> None:
        failed = partial(self.fail, effect.id)
        work = listening.read_history(self, effect)
        self.run(work, failed, channel_error_code, at=effect.at)

    def _read_presence(self, effect: ReadPresence) -> None:
        failed = partial(self.fail, effect.id)
        self.run(listening.read_presence(self, effect), failed, at=effect.at)

    def _call(self, effect: Call) -> None:
        self.shared.figures.calls += 1
        if effect.method == SEND:
            told = told_in_time(partial(self._called, effect.id), effect.at)
            self.shared.calls.send(self, effect.data, told)
        elif self.shared.calls.knows(effect.method):
            self.run(self._call_method(effect), partial(self.fail, effect.id), at=effect.at)
        else:
            self.fail(effect.id, codes.METHOD_NOT_FOUND)

    async def _call_method(self, effect: Call) -> None:
        answer = await self.shared.calls.call(self, effect.method, effect.data)
        self._called(effect.id, answer)

    def _called(self, command_id: int, outcome: Raw | OrderwireError) -> None:
        if isinstance(outcome, OrderwireError):
            self.fail(command_id, error_code(outcome))
        elif command_id:
            self.send(Reply(id=command_id, rpc=RpcResult(data=outcome)))

    # --- running ------------------------------------------------------------------------------

    def run(
        self,
        work: Coroutine[Any, Any, None],
        failed: Callable[[ErrorCode], None],
        named: Callable[[OrderwireError], ErrorCode] = error_code,
        *,
        at: float | None = None,
    ) -> asyncio.Task[None]:
        """Do something that takes a while; ``failed`` hears in time if it cannot be done.

        ``at`` is since when somebody waits for it.
        """
        due = (self.shared.monotonic() if at is None else at) + ANSWER_WITHIN
        return self.shared.spawn(self._in_time(work, failed, named, due))

    async def _in_time(
        self,
        work: Coroutine[Any, Any, None],
        failed: Callable[[ErrorCode], None],
        named: Callable[[OrderwireError], ErrorCode],
        due: float,
    ) -> None:
        try:
            with self.shared.admission.working():
                async with asyncio.timeout_at(due):
                    await work
        except OrderwireError as error:
            failed(named(error))
        except TimeoutError:
            log.warning("command_too_slow", connection=self.id)
            failed(codes.INTERNAL)
        except Exception:  # the outermost of a task: nothing else would hear of it
            log.exception("command_failed", connection=self.id)
            failed(codes.INTERNAL)


_ACTIONS: dict[type[Effect], Callable[[Client, Any], None]] = {
    Answer: Client._answer,
    Ping: Client._ping,
    End: Client._end,
    Authenticate: Client._authenticate,
    Open: Client._open,
    Leave: Client._leave,
    ReadHistory: Client._read_history,
    ReadPresence: Client._read_presence,
    Call: Client._call,
    Renew: Client._renew,
}
