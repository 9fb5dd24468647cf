"""Who comes to a channel and who goes: kept as presence, and told to those who asked.

It is told at once on this node, and to the others by the bus, on a channel of its own that only
those nodes hear where somebody asked. The bus may lose it, and a node that dies says nothing: so
what was told is compared with presence now and then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

import msgspec
import structlog
from msgspec import Struct

from domain.publications import Publication
from realtime.channels.bus import BETWEEN_NODES
from realtime.channels.channel import Subscriber
from realtime.channels.hub import Hub
from realtime.channels.presence import Presence
from realtime.protocol.formats import Format
from realtime.protocol.replies import ClientInfo, join_push, leave_push

COMINGS_TO = f"{BETWEEN_NODES}comings:"

log = structlog.get_logger(__name__)


class Came(Struct, frozen=True, tag="came"):
    """Somebody came, as ``node`` tells the others."""

    node: str
    client: str
    account: str


class Went(Struct, frozen=True, tag="went"):
    """Somebody went, as ``node`` tells the others."""

    node: str
    client: str
    account: str


News = Came | Went
Differences = set[tuple[str, str]]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(News).decode


class _Watched:
    """A channel that somebody here watches, and who is there as far as they were told."""

    __slots__ = ("gone", "name", "sure", "there", "watchers")

    def __init__(self, name: str) -> None:
        self.name = name
        self.watchers: dict[Subscriber, None] = {}
        self.there: dict[str, str] = {}
        # False until it is known who was there before anybody watched.
        self.sure = False
        # Who went before that was known.
        self.gone: set[str] = set()

    def learn(self, everybody: dict[str, str]) -> None:
        """Take over who was there before: nobody is told of them."""
        before = {each: who for each, who in everybody.items() if each not in self.gone}
        self.there = before | self.there
        self.gone.clear()
        self.sure = True

    def differences(self, everybody: dict[str, str]) -> Differences:
        """Return (client, account) of all who are there but not known of, or the reverse."""
        return self.there.items() ^ everybody.items()

    def came(self, who: ClientInfo) -> None:
        """Tell that somebody came, unless that is known."""
        if who.client not in self.there:
            self.there[who.client] = who.user
            self._tell(lambda encoding: encoding.one(join_push(self.name, who)))

    def went(self, who: ClientInfo) -> None:
        """Tell that somebody went, unless that is known."""
        known = self.there.pop(who.client, None) is not None
        if known or (not self.sure and who.client not in self.gone):
            if not self.sure:
                self.gone.add(who.client)
            self._tell(lambda encoding: encoding.one(leave_push(self.name, who)))

    def _tell(self, encoded: Callable[[Format], bytes]) -> None:
        """Write it to all who asked, each encoding made once; who is backed up may miss it."""
        made: dict[Format, bytes] = {}
        for watcher in tuple(self.watchers):
            if watcher not in self.watchers:
                continue  # what was written to another made it leave
            data = made.get(watcher.format)
            if data is None:
                data = made[watcher.format] = encoded(watcher.format)
            if watcher.backed_up:
                watcher.write_careful(b"", data)
            else:
                watcher.write(data)


class Attendance:
    """The presence of this node's clients, and those of them who watch."""

    def __init__(
        self,
        *,
        node: str,
        presence: Presence,
        hub: Hub,
        announce: Callable[[list[Publication], set[str]], Awaitable[None]],
        spawn: Callable[[Coroutine[None, None, None]], object],
        check_every: float = 25.0,
        second_look: float = 1.0,
    ) -> None:
        """Make it; times are in seconds.

        Who comes is announced before presence has them everywhere: only what two looks,
        ``second_look`` apart, agree upon is told.
        """
        self._node = node
        self._presence = presence
        self._hub = hub
        self._announce = announce
        self._spawn = spawn
        self._check_every = check_every
        self._second_look = second_look
        self._watched: dict[str, _Watched] = {}
        self._news: list[Publication] = []

    def start(self) -> None:
        """Begin to compare."""
        self._spawn(self._check_for_ever())

    # --- coming and going -----------------------------------------------------------------------

    def enter(self, channel: str, client: str, account_id: str) -> None:
        """Note that ``client``, a connection of ``account_id``, is on ``channel`` from now on."""
        if self._presence.enter(channel, client, account_id):
            self._say(channel, Came(self._node, client, account_id))

    def leave(self, channel: str, client: str) -> None:
        """Note that ``client`` is gone from ``channel``."""
        account_id = self._presence.leave(channel, client)
        if account_id is not None:
            self._say(channel, Went(self._node, client, account_id))

    async def present(self, channel: str) -> dict[str, str]:
        """Return client -> account id of all nodes, of this one while the rest is unknown."""
        return await self._presence.present(channel)

    def _say(self, channel: str, news: News) -> None:
        """Tell those of this node at once; what one turn brings goes to the others together."""
        watched = self._watched.get(channel)
        if watched is not None:
            self._take(watched, news)
        if not self._news:
            asyncio.get_running_loop().call_soon(self._tell_others)
        self._news.append(Publication(f"{COMINGS_TO}{channel}", partial(_encode, news)))

    def _tell_others(self) -> None:
        news, self._news = self._news, []
        self._spawn(self._announced(news))

    async def _announced(self, news: list[Publication]) -> None:
        await self._announce(news, set())

    # --- watching -------------------------------------------------------------------------------

    def watch(self, channel: str, subscriber: Subscriber) -> None:
        """Tell ``subscriber`` from now on who comes to ``channel``, and who goes."""
        watched = self._watched.get(channel)
        if watched is None:
            watched = self._watched[channel] = _Watched(channel)
            self._spawn(self._begin(watched))
        watched.watchers[subscriber] = None

    def unwatch(self, channel: str, subscriber: Subscriber) -> None:
        """Tell it no more."""
        watched = self._watched.get(channel)
        if watched is None:
            return
        watched.watchers.pop(subscriber, None)
        if not watched.watchers:
            del self._watched[channel]
            self._hub.unlisten(f"{COMINGS_TO}{channel}")

    async def _begin(self, watched: _Watched) -> None:
        """Hear the others, and only then see who is there: nobody comes in between unseen."""
        if self._is_watched(watched):
            channel = watched.name
            await self._hub.listen(f"{COMINGS_TO}{channel}", partial(self._heard, channel))
            await self._look(watched)

    def _is_watched(self, watched: _Watched) -> bool:
        return self._watched.get(watched.name) is watched

    def _heard(self, channel: str, publication: Publication) -> None:
        try:
            news = _decode(publication.data)
        except msgspec.DecodeError:
            log.warning("not_understood", channel=publication.channel)
            return
        watched = self._watched.get(channel)
        if watched is not None and news.node != self._node:
            self._take(watched, news)

    def _take(self, watched: _Watched, news: News) -> None:
        who = ClientInfo(user=news.account, client=news.client)
        if isinstance(news, Came):
            watched.came(who)
        else:
            watched.went(who)

    # --- comparing ------------------------------------------------------------------------------

    async def _check_for_ever(self) -> None:
        """Compare every watched channel with presence once in ``check_every`` seconds or so."""
        while True:
            await asyncio.sleep(self._check_every)
            try:
                await self._check(tuple(self._watched.values()))
            except Exception:  # the outermost loop: without it those who died would stay for ever
                log.exception("attendance_not_compared")

    async def _check(self, channels: tuple[_Watched, ...]) -> None:
        differing = await self._differing(channels)
        if not differing:
            return
        await asyncio.sleep(self._second_look)
        again = await self._differing(tuple(differing))
        for watched, seen in again.items():
            for client, account_id in seen & differing[watched]:
                who = ClientInfo(user=account_id, client=client)
                if client in watched.there:
                    watched.went(who)
                else:
                    watched.came(who)

    async def _differing(self, channels: tuple[_Watched, ...]) -> dict[_Watched, Differences]:
        found: dict[_Watched, Differences] = {}
        for watched in channels:
            seen = await self._look(watched)
            if seen is None:
                break  # the others would be asked for in vain, one after the other
            if seen and self._is_watched(watched):
                found[watched] = seen
        return found

    async def _look(self, watched: _Watched) -> Differences | None:
        """Return who is there but not known of, or the reverse; None while that is unknown."""
        everybody = await self._presence.surely_present(watched.name)
        if everybody is not None and not watched.sure:
            watched.learn(everybody)
        return None if everybody is None else watched.differences(everybody)
