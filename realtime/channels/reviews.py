"""Who may listen is asked again when it has changed: who may no more is let go at once."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping

import structlog

from domain.errors import Forbidden, NotFound, Unavailable
from domain.identity import Identity
from domain.publications import OpenRequest, Position
from realtime.channels.channel import Channel
from realtime.channels.openings import Openings

log = structlog.get_logger(__name__)


class Reviews:
    """Looks through the subscribers of channels; ``left`` is told of a channel that lost some."""

    def __init__(
        self,
        *,
        openings: Openings,
        spawn: Callable[[Coroutine[None, None, None]], "asyncio.Task[None]"],
        left: Callable[[Channel], None],
    ) -> None:
        self._openings = openings
        self._spawn = spawn
        self._left = left
        # Under way; True where it has to be done once more.
        self._under_way: dict[Channel, bool] = {}

    def begin(self, channel: Channel) -> None:
        """Look through a channel; what is under way may have asked too early to see a change."""
        if channel in self._under_way:
            self._under_way[channel] = True
        else:
            self._under_way[channel] = False
            self._spawn(self._review(channel))

    def live(self, channel: Channel, rights: int, *, doubted: bool) -> None:
        """Note that somebody goes live by a reading that saw ``rights``."""
        if not channel.groups:
            channel.rights = rights
        elif channel.rights != rights or channel in self._under_way:
            channel.rights = min(channel.rights, rights)
            doubted = True
        if doubted:
            self.begin(channel)

    def changed(self, channel: Channel) -> None:
        """Note that rights have changed; who is being let in may have been asked before."""
        for buffer in channel.openings.values():
            buffer.doubted = True
        if channel.groups:
            self.begin(channel)

    def compare(self, channels: Iterable[Channel], positions: Mapping[str, Position]) -> None:
        """Look through those that have changed since without anybody being told."""
        for channel in channels:
            position = positions.get(channel.name)
            if channel.groups and position is not None and position.rights != channel.rights:
                self.begin(channel)

    async def _review(self, channel: Channel) -> None:
        try:
            while True:
                self._under_way[channel] = False
                await self._look_through(channel)
                if not self._under_way[channel]:
                    break
        finally:
            del self._under_way[channel]

    async def _look_through(self, channel: Channel) -> None:
        seen = []
        try:
            for identity in channel.identities():
                rights = await self._rights_of(channel, identity)
                if rights is not None:
                    seen.append(rights)
        except Unavailable as error:
            # The next comparing of positions finds that it has yet to be done.
            log.warning("rights_not_read", channel=channel.name, error=error.detail)
        else:
            channel.rights = min(seen, default=channel.rights)

    async def _rights_of(self, channel: Channel, identity: Identity) -> int | None:
        """Return as of when somebody may listen; let them go if they may not."""
        try:
            opening = await self._openings.read(OpenRequest(channel.name, identity))
        except (Forbidden, NotFound):
            self._let_go(channel, identity)
            return None
        return opening.changes.position.rights

    def _let_go(self, channel: Channel, identity: Identity) -> None:
        for subscriber in channel.those_of(identity):
            channel.remove(subscriber)
            subscriber.dismiss(channel.name)
        self._left(channel)
