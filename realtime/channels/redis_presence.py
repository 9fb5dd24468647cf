"""Who is on a channel of the whole cluster: kept in Redis, alive for as long as its node is.

Each channel is a hash of ``<life> <client>`` -> account. A life is that of a node between two
doubts, and a key of its own that expires unless it is renewed: one command each 25 seconds keeps
all entries of a node alive, and when the key goes, they are all void at once. In doubt (Redis was
away, or has forgotten) a node begins a new life and writes its entries again.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from itertools import islice

import structlog

from realtime.channels.presence import LocalEntries
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_calls import UNANSWERED, RedisCalls
from realtime.channels.redis_link import packed

log = structlog.get_logger(__name__)

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceTimings:
    """In seconds. ``kept`` is how long a channel's hash outlives its last change."""

    renew: float = 25.0
    life: float = 60.0
    kept: float = 3600.0
    answer: float = 1.0
    retry: float = 1.0


class RedisPresence:
    """Entering and leaving wait for nothing: one task writes what has changed, in pipelines."""

    def __init__(
        self,
        *,
        url: str,
        node: str,
        prefix: str = "orderwire:",
        timings: PresenceTimings | None = None,
    ) -> None:
        self._timings = timings or PresenceTimings()
        self._prefix = prefix
        self._node = node
        self._redis = RedisCalls(address=RedisAddress.from_url(url), within=self._timings.answer)
        self._entries = LocalEntries()
        self._lives = 0
        self._certain = False
        self._changed: dict[tuple[str, str], None] = {}
        self._written: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep this node's entries in Redis."""
        self._task = asyncio.create_task(self._run(), name="redis-presence")

    async def close(self) -> None:
        """Take this node's entries away."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
            with contextlib.suppress(*UNANSWERED):
                await self._redis.ask(packed("DEL", self._life_key(self._life)))
        self._entries.clear()
        await self._redis.close()

    def enter(self, channel: str, client: str, account_id: str) -> bool:
        """Note that ``client`` is on ``channel``; tell whether that is news."""
        is_news = self._entries.add(channel, client, account_id)
        self._note(channel, client)
        return is_news

    def leave(self, channel: str, client: str) -> str | None:
        """Note that ``client`` is gone from ``channel``; return whose it was, if it was there."""
        account_id = self._entries.remove(channel, client)
        if account_id is not None:
            self._note(channel, client)
            if channel not in self._entries:
                self._written.pop(channel, None)
        return account_id

    async def present(self, channel: str) -> dict[str, str]:
        """Return client -> account id of all nodes, of this one while the rest is unknown."""
        everybody = await self.surely_present(channel)
        return self._entries.of(channel) if everybody is None else everybody

    async def surely_present(self, channel: str) -> dict[str, str] | None:
        """Return client -> account id of all nodes; None while that is unknown."""
        try:
            elsewhere = await self._read(channel)
        except UNANSWERED as error:
            log.warning("presence_unknown", error=str(error) or type(error).__name__)
            return None
        return elsewhere | self._entries.of(channel)

    # Reading

    async def _read(self, channel: str) -> dict[str, str]:
        """Read what the other nodes have written, and clear away what the dead have left."""
        key = self._channel_key(channel)
        [fields] = await self._redis.ask(packed("HGETALL", key))
        entries = [(*field.decode().split(" ", 1), of.decode()) for field, of in fields.items()]
        dead = await self._dead({life for life, _, _ in entries} - {self._life})
        if dead:
            left = [f"{life} {client}" for life, client, _ in entries if life in dead]
            await self._redis.ask(packed("HDEL", key, *left))
        return {
            client: account_id
            for life, client, account_id in entries
            if life != self._life and life not in dead
        }

    async def _dead(self, lives: set[str]) -> set[str]:
        asked = [packed("EXISTS", self._life_key(life)) for life in lives]
        answers = await self._redis.ask(*asked) if asked else []
        return {life for life, is_alive in zip(lives, answers, strict=True) if not is_alive}

    # Writing

    async def _run(self) -> None:
        while True:
            try:
                await self._begin_a_life()
                await self._live()
            except UNANSWERED as error:
                log.warning("presence_in_doubt", error=str(error) or type(error).__name__)
            except Exception:  # without this task the others would never see anybody here
                log.exception("presence_failed")
            self._certain = False
            await asyncio.sleep(self._timings.retry)

    async def _begin_a_life(self) -> None:
        """Void what this node has written so far, and have everything written again."""
        former = self._life_key(self._life)
        self._lives += 1
        lasts = str(_milliseconds(self._timings.life))
        await self._redis.ask(
            packed("DEL", former), packed("SET", self._life_key(self._life), "", "PX", lasts)
        )
        self._changed = dict.fromkeys(self._entries)
        self._written.clear()
        self._certain = True

    async def _live(self) -> None:
        """Write what changes and renew this life, until Redis has forgotten it."""
        loop = asyncio.get_running_loop()
        renewal = loop.time() + self._timings.renew
        while True:
            await self._write_changes()
            if loop.time() >= renewal:
                if not await self._renew():
                    log.warning("presence_forgotten")
                    return
                renewal = loop.time() + self._timings.renew
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(renewal):
                    await self._wake.wait()

    async def _renew(self) -> bool:
        self._refresh_channels()
        lasts = str(_milliseconds(self._timings.life))
        [renewed] = await self._redis.ask(packed("PEXPIRE", self._life_key(self._life), lasts))
        return bool(renewed)

    def _refresh_channels(self) -> None:
        """Have those written again whose hash would expire some day while somebody is there."""
        now = asyncio.get_running_loop().time()
        while self._written:
            channel, since = next(iter(self._written.items()))
            if now - since < self._timings.kept / 2:
                break
            del self._written[channel]
            for client in self._entries.of(channel):
                self._note(channel, client)

    async def _write_changes(self) -> None:
        self._wake.clear()
        while self._changed:
            batch = list(islice(self._changed, BATCH))
            for change in batch:
                del self._changed[change]
            await self._redis.ask(*self._commands(batch))

    def _commands(self, batch: list[tuple[str, str]]) -> list[bytes]:
        """Additions go first: a hash that loses its last field would lose its expiry."""
        now = asyncio.get_running_loop().time()
        additions, removals = [], []
        for channel, client in batch:
            key, field = self._channel_key(channel), f"{self._life} {client}"
            account_id = self._entries.account(channel, client)
            if account_id is None:
                removals.append(packed("HDEL", key, field))
                continue
            additions.append(packed("HSET", key, field, account_id))
            if channel not in self._written:
                self._written[channel] = now
                additions.append(packed("PEXPIRE", key, str(_milliseconds(self._timings.kept))))
        return additions + removals

    def _note(self, channel: str, client: str) -> None:
        """Have an entry written; in doubt all of them will be."""
        if self._certain:
            self._changed[channel, client] = None
            self._wake.set()

    @property
    def _life(self) -> str:
        return f"{self._node}.{self._lives}"

    def _life_key(self, life: str) -> str:
        return f"{self._prefix}life:{life}"

    def _channel_key(self, channel: str) -> str:
        return f"{self._prefix}present:{channel}"


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
