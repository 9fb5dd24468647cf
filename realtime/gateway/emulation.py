"""Commands of streams: they come by requests of their own, to any node, and find their client."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from domain.publications import Publication
from realtime.channels.bus import BETWEEN_NODES

# A node that does not answer in this time is gone, and with it its streams.
NODE_ANSWERS_WITHIN = 2.0
STREAMS_OF = f"{BETWEEN_NODES}streams:"

log = structlog.get_logger(__name__)


class Takes(Protocol):
    """A client that takes frames."""

    def receive(self, frame: bytes) -> None:
        """Take a frame."""
        ...


class Asked(Struct, frozen=True, kw_only=True, tag="asked"):
    """One node hands another a frame for a stream of its."""

    number: int
    node: str
    session: str
    data: str


class Answered(Struct, frozen=True, kw_only=True, tag="answered"):
    """Whether that stream was there."""

    number: int
    found: bool


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Asked | Answered).decode


class Emulation:
    """The streams of this node by their secret, and the way to those of others.

    ``announce`` is the bus; whoever makes this has ``take`` called with what comes on ``channel``.
    """

    def __init__(
        self, *, node: str, announce: Callable[[list[Publication], set[str]], Awaitable[None]]
    ) -> None:
        self.node = node
        self.channel = f"{STREAMS_OF}{node}"
        self._announce = announce
        self._streams: dict[str, Takes] = {}
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._last_number = 0
        self._answers: set[asyncio.Task[None]] = set()

    def open(self, client: Takes) -> str:
        """Give a stream its secret: whoever knows it speaks for the client."""
        secret = secrets.token_urlsafe(16)
        self._streams[secret] = client
        return secret

    def close(self, secret: str) -> None:
        """Forget a stream."""
        self._streams.pop(secret, None)

    async def hand_over(self, node: str, session: str, data: str) -> bool:
        """Bring a frame to its stream, wherever that is; False when it is gone."""
        if node == self.node:
            return self._take_here(session, data)
        self._last_number += 1
        number = self._last_number
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._tell(node, Asked(number=number, node=self.node, session=session, data=data))
            async with asyncio.timeout(NODE_ANSWERS_WITHIN):
                return await answer
        except TimeoutError:
            return False
        finally:
            del self._waiting[number]

    def _take_here(self, session: str, data: str) -> bool:
        client = self._streams.get(session)
        if client is None:
            return False
        client.receive(data.encode())
        return True

    def take(self, publication: Publication) -> None:
        """Take what another node said to this one."""
        try:
            said = _decode(publication.data)
        except msgspec.DecodeError:
            log.warning("not_understood", channel=publication.channel)
            return
        if isinstance(said, Asked):
            found = self._take_here(said.session, said.data)
            answer = self._tell(said.node, Answered(number=said.number, found=found))
            task = asyncio.get_running_loop().create_task(answer)
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        else:
            waiting = self._waiting.get(said.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(said.found)

    async def _tell(self, node: str, said: Asked | Answered) -> None:
        await self._announce([Publication(f"{STREAMS_OF}{node}", _encode(said))], set())
