"""One Redis server: connects again whenever in doubt, and brings back what is subscribed."""

import asyncio
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import hiredis
import structlog

from realtime.channels.bus import BusFigures
from realtime.channels.redis_address import Reachable
from realtime.channels.redis_link import RedisLink, Refused, is_primary, packed
from realtime.channels.redis_subscriptions import Subscriptions

log = structlog.get_logger(__name__)

_ECHO = struct.Struct(">d")  # when it was sent, on this process's own clock
_WHO_ARE_YOU = packed("HELLO")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTimings:
    """In seconds; ``misses`` echoes in a row that did not come back end a connection."""

    connect: float = 1.0
    confirm: float = 2.0
    echo: float = 5.0
    misses: int = 3
    patience: float = 1.0
    first_retry: float = 0.1
    last_retry: float = 3.0
    farewell: float = 1.0


class RedisLine:
    """Publishes and subscribes by keys; ``heard`` gets what comes.

    ``restored`` is called when all that is wanted is subscribed on a new connection: what was
    published meanwhile is lost.
    """

    def __init__(
        self,
        *,
        address: Reachable,
        echo_key: bytes,
        heard: Callable[[bytes, bytes], None],
        restored: Callable[[], None],
        figures: BusFigures,
        timings: LineTimings,
        max_backlog: int = 16 * 1024 * 1024,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._address = address
        self._echo_key = echo_key
        self._heard = heard
        self._restored = restored
        self._figures = figures
        self._timings = timings
        self._max_backlog = max_backlog
        self._jitter = jitter
        self._subscriptions = Subscriptions(patience=timings.patience)
        self._subscriptions.want(echo_key)
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._link: RedisLink | None = None
        self._live = False
        self._missed = 0
        self._echo_awaited = False
        self._echo_asked_at = 0.0
        self._unanswered = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def healthy(self) -> bool:
        """True while all that is wanted is confirmed and every echo came back in time."""
        return self._live and not self._missed

    async def start(self) -> None:
        """Begin, and wait for the outcome of the first attempt to connect."""
        self._task = asyncio.create_task(self._run(), name="redis-line")
        await self._settled.wait()

    async def close(self) -> None:
        """End; what is unsent has a moment to leave."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    def publish(self, messages: list[tuple[bytes, bytes]]) -> None:
        """Send (key, payload) in one pipeline, or drop them: nothing is kept for a server away."""
        if self._link is None or self._link.backlog > self._max_backlog:
            self._figures.dropped += len(messages)
            return
        self._link.send(*[packed(b"PUBLISH", *message) for message in messages])
        self._unanswered += len(messages)
        self._figures.published += len(messages)

    def want(self, key: bytes) -> None:
        """Hear ``key`` on every connection to come."""
        self._subscriptions.want(key)

    async def subscribe(self, key: bytes) -> None:
        """Hear ``key``; returns once confirmed, at once while there is no connection."""
        confirmation = self._subscriptions.want(key)
        if confirmation is not None:
            self._arm("questions", 0, self._ask)
            # Shielded: several may wait for the same one, and one of them may give up.
            await asyncio.shield(confirmation)

    def unsubscribe(self, key: bytes) -> None:
        """Hear no more of ``key``, after a little patience."""
        self._subscriptions.forget(key, asyncio.get_running_loop().time())
        if self._subscriptions.lingering:
            self._arm("farewells", self._timings.patience, self._let_go)

    # The life of connections

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                await self._live_once()
            except Exception:  # a line that ended would be deaf for ever
                log.exception("bus_failed")
            self._settled.set()
            failures = 0 if loop.time() - began > self._timings.last_retry else failures + 1
            await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        longest = min(self._timings.last_retry, self._timings.first_retry * 2.0**failures)
        return longest * (0.5 + 0.5 * self._jitter())

    async def _live_once(self) -> None:
        link = RedisLink(pushed=self._pushed, replied=self._replied)
        try:
            async with asyncio.timeout(self._timings.connect):
                await self._address.connect(lambda: link)
                await link.greet(self._address.greeting)
            await self._serve(link)
        except (OSError, Refused) as error:
            log.warning("bus_unreachable", error=str(error) or type(error).__name__)
        finally:
            await link.close(within=self._timings.farewell)

    async def _serve(self, link: RedisLink) -> None:
        self._link = link
        self._subscriptions.connected()
        self._ask()
        try:
            while not link.closed.done():
                self._watch(link)
                await asyncio.wait((link.closed,), timeout=self._timings.echo)
            log.warning("bus_lost", reason=link.closed.result())
        finally:
            self._disconnected()

    def _watch(self, link: RedisLink) -> None:
        """Count the last echo if it is missing, then call again, and ask who is there."""
        now = asyncio.get_running_loop().time()
        if self._echo_awaited:
            self._missed += 1
            self._figures.lag = now - self._echo_asked_at
        else:
            self._echo_asked_at = now
        if self._missed >= self._timings.misses:
            link.abort(f"{self._missed} echoes are missing")
            return
        self._echo_awaited = True
        link.send(packed(b"PUBLISH", self._echo_key, _ECHO.pack(now)), _WHO_ARE_YOU)
        self._unanswered += 1

    def _disconnected(self) -> None:
        self._link = None
        self._live = self._echo_awaited = False
        self._missed = 0
        self._figures.dropped += self._unanswered
        self._unanswered = 0
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._subscriptions.disconnected()

    # What comes in

    def _pushed(self, push: list[Any]) -> None:
        kind, key, said = push
        if kind == b"message":
            if key == self._echo_key:
                self._echoed(said)
            else:
                self._heard(key, said)
        elif kind == b"subscribe" and self._subscriptions.confirm(key):
            self._live = True
            self._settled.set()
            self._restored()

    def _echoed(self, said: bytes) -> None:
        self._echo_awaited = False
        self._missed = 0
        self._figures.lag = asyncio.get_running_loop().time() - _ECHO.unpack(said)[0]

    def _replied(self, reply: Any) -> None:
        if isinstance(reply, dict):
            if self._link is not None and not is_primary(reply):
                self._link.abort("it has become a replica")
            return
        self._unanswered -= 1
        if isinstance(reply, hiredis.ReplyError):
            self._figures.dropped += 1
            log.warning("bus_refused", error=str(reply))

    # What is done a little later

    def _arm(self, name: str, after: float, action: Callable[[], None]) -> None:
        if name not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_later(after, self._fire, name, action)

    def _fire(self, name: str, action: Callable[[], None]) -> None:
        del self._timers[name]
        action()

    def _ask(self) -> None:
        if self._link is not None:
            self._link.send(*self._subscriptions.questions())
            self._expect(self._subscriptions.confirmations, doubted=False)

    def _expect(self, seen: int, *, doubted: bool) -> None:
        """Have the confirmations watched: they come in order, so one must come now and then."""
        check = partial(self._check_confirmations, seen, doubted=doubted)
        self._arm("confirmations", self._timings.confirm / 2, check)

    def _check_confirmations(self, seen: int, *, doubted: bool) -> None:
        now = self._subscriptions.confirmations
        if self._link is None or not self._subscriptions.waiting:
            return
        if now != seen:
            self._expect(now, doubted=False)
        elif not doubted:
            # Twice, for a loop that was held up runs its timers before it reads.
            self._expect(now, doubted=True)
        else:
            self._link.abort("subscriptions are not confirmed")

    def _let_go(self) -> None:
        if self._link is not None:
            self._link.send(*self._subscriptions.farewells(asyncio.get_running_loop().time()))
        if self._subscriptions.lingering:
            self._arm("farewells", self._timings.patience, self._let_go)
