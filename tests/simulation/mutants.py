"""Servers that break a promise, each in one way: a simulation that does not notice is none."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from domain.errors import OrderwireError
from domain.publications import Changes, Opening, OpenRequest, Publication
from realtime.channels.channel import Buffer, Channel, Subscriber
from realtime.channels.hub import Hub
from realtime.channels.redis_bus import RedisBus
from realtime.channels.reviews import Reviews
from realtime.services.commit_queue import CommitQueue
from realtime.services.messages import Messages, SendMessage, Sent
from tests.simulation.nodes import Backend, Parts


class SkipsGaps(Hub):
    """Hands on what came, whatever came before."""

    def deliver(self, publication: Publication) -> None:
        channel = self._channels.get(publication.channel)
        if channel is not None and publication.offset > (channel.position or 0):
            channel.position = publication.offset - 1
        super().deliver(publication)


class RepeatsItself(Hub):
    """Hands on what it has handed on before."""

    def deliver(self, publication: Publication) -> None:
        channel = self._channels.get(publication.channel)
        if channel is not None and publication.offset == channel.position:
            channel.position = publication.offset - 1
        super().deliver(publication)


class LooksTooSoon(Hub):
    """Reads first, and has the channel buffer afterwards."""

    async def _read(self, channel: Channel, request: OpenRequest, buffer: Buffer) -> Opening:
        opening = await self._openings.read(request)
        top = opening.changes.position.offset
        buffer.publications.clear()
        buffer.since = top
        if channel.position is None:
            channel.position, channel.epoch = top, opening.changes.position.epoch
        return opening


class SpeaksTooSoon(Hub):
    """Lets a subscriber hear before it is told where it begins."""

    async def _read(self, channel: Channel, request: OpenRequest, buffer: Buffer) -> Opening:
        opening = await super()._read(channel, request, buffer)
        for subscriber, its in channel.openings.items():
            if its is buffer and buffer.publications:
                subscriber.write(subscriber.format.publications(buffer.publications))
        return opening


class ForgetsWhoComes(Hub):
    """Writes the reply, and not what came while it was made."""

    def _go_live(
        self,
        channel: Channel,
        subscriber: Subscriber,
        opening: Opening,
        opened: Callable[[Opening], None],
    ) -> None:
        buffer = channel.openings.get(subscriber)
        if buffer is not None:
            buffer.publications.clear()
        super()._go_live(channel, subscriber, opening, opened)


class NeverCompares(Hub):
    """Does not look after its channels when the bus was away, nor ever."""

    async def _compare(self, channels: Sequence[Channel], *, second_look: float) -> None:
        return


class NoReviews(Reviews):
    """Asks nobody again."""

    def begin(self, channel: Channel) -> None:
        return


class DeafToRights(Hub):
    """Lets who was let in once listen for ever."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._reviews = NoReviews(
            openings=self._openings, spawn=self._spawn, left=self._drop_if_idle
        )


class HidesReconnects(RedisBus):
    """Tells nobody that it was away."""

    def _restored(self) -> None:
        self._restored_before = True


class DoesNotWait(RedisBus):
    """Takes a subscription for confirmed before it is asked for, and asks later."""

    async def subscribe(self, channel: str) -> None:
        asyncio.get_running_loop().call_later(0.5, self._subscribe_late, channel)

    def _subscribe_late(self, channel: str) -> None:
        key = self._key(channel)
        self._names[key] = channel
        self._line.want(key)
        self._line._arm("questions", 0, self._line._ask)


class HastyQueue(CommitQueue[SendMessage, Sent]):
    """Answers when it knows what it will store, and stores it then."""

    async def _commit(self, commands: Sequence[SendMessage]) -> Sequence[Sent | OrderwireError]:
        known: asyncio.Future[Sequence[Sent | OrderwireError]]
        known = asyncio.get_running_loop().create_future()
        store = self._store

        async def told(tx: Any, asked: Sequence[SendMessage], *, repeated: bool) -> Any:
            outcomes = await store(tx, asked, repeated=repeated)
            if not known.done():
                known.set_result(outcomes)
            return outcomes

        async def commit() -> None:
            self._store = cast("Any", told)
            try:
                outcomes = await super(HastyQueue, self)._commit(commands)
            finally:
                self._store = store
            if not known.done():
                known.set_result(outcomes)

        task = asyncio.get_running_loop().create_task(commit())
        outcomes = await known
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return outcomes


class HastyMessages(Messages):
    """Uses the hasty queue."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._queues = [
            HastyQueue(database=parts["database"], store=parts["store"], figures=self.figures)
        ]


class PatientMessages(Messages):
    """Has senders wait for as long as it takes."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts, answer_within=60.0)


class _Wrapped:
    """Another's parts, but for those that are defined here."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


class _ForgetfulStore(_Wrapped):
    """Stores what it stored before."""

    async def __call__(self, tx: Any, commands: Sequence[SendMessage], *, repeated: bool) -> Any:
        for command in commands:
            storage = self._wrapped._storage
            step = partial(
                storage.add, command.conversation_id, command.sender_id, command.client_id, "twice"
            )
            tx.steps.append(step)
            break
        return await self._wrapped(tx, commands, repeated=repeated)


class _OpenHouse(_Wrapped):
    """Lets everybody listen to everything."""

    async def open_many(self, requests: Sequence[OpenRequest]) -> Any:
        self._wrapped._may = lambda _identity, channel: (
            self._wrapped._storage.top(channel) is not None
        )
        return await self._wrapped.open_many(requests)


class _LosesTheLast(_Wrapped):
    """Leaves the last of what was missed out."""

    async def open_many(self, requests: Sequence[OpenRequest]) -> Any:
        return [_shortened(each) for each in await self._wrapped.open_many(requests)]


def _shortened(opening: Any) -> Any:
    if not isinstance(opening, Opening) or len(opening.changes.publications) < 2:
        return opening
    kept = opening.changes.publications[:-1]
    return replace(opening, changes=Changes(opening.changes.position, kept))


def _stores_twice(backend: Backend) -> Backend:
    return replace(backend, store=_ForgetfulStore(backend.store))


def _opens_to_all(backend: Backend) -> Backend:
    return replace(backend, reads=_OpenHouse(backend.reads))


def _loses_the_last(backend: Backend) -> Backend:
    return replace(backend, reads=_LosesTheLast(backend.reads))


MUTANTS: Mapping[str, Parts] = {
    "a hub that skips gaps": Parts(hub=SkipsGaps),
    "a hub that repeats itself": Parts(hub=RepeatsItself),
    "a hub that reads before it buffers": Parts(hub=LooksTooSoon),
    "a hub that pushes before its reply": Parts(hub=SpeaksTooSoon),
    "a hub that forgets what came meanwhile": Parts(hub=ForgetsWhoComes),
    "a hub that never compares positions": Parts(hub=NeverCompares),
    "a hub that never asks again who may listen": Parts(hub=DeafToRights),
    "a bus that hides reconnects": Parts(bus=HidesReconnects),
    "a bus that does not wait for confirmations": Parts(bus=DoesNotWait),
    "a queue that acknowledges before it commits": Parts(messages=HastyMessages),
    "a queue that lets senders wait": Parts(messages=PatientMessages),
    "a store that keeps things twice": Parts(backend=_stores_twice),
    "readings that anybody may do": Parts(backend=_opens_to_all),
    "recoveries that leave the last one out": Parts(backend=_loses_the_last),
}
