"""Commands and their answers on one Redis connection, which is made when it is needed."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import hiredis

from realtime.channels.redis_address import Reachable
from realtime.channels.redis_link import RedisLink, Refused, packed

UNANSWERED = (OSError, Refused)
"""What ``ask`` raises: no connection, no answer in time, or an error for an answer."""


class RedisCalls:
    """Everybody's commands share a connection: they are sent at once, and answered in order."""

    def __init__(self, *, address: Reachable, within: float) -> None:
        self._address = address
        self._within = within
        self._conversation: _Conversation | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, *commands: bytes) -> list[Any]:
        """Send packed commands in one pipeline, and return their answers."""
        try:
            async with asyncio.timeout(self._within):
                conversation = await self._connected()
                return await conversation.ask(*commands)
        except TimeoutError:
            # Whoever else waits on this connection would wait in vain as well.
            if self._conversation is not None:
                self._conversation.link.abort("no answer in time")
            raise

    async def close(self) -> None:
        """End the connection."""
        if self._conversation is not None:
            await self._conversation.link.close(within=self._within)

    async def _connected(self) -> "_Conversation":
        async with self._connecting:
            if self._conversation is None or self._conversation.link.closed.done():
                self._conversation = await self._connect()
            return self._conversation

    async def _connect(self) -> "_Conversation":
        conversation = _Conversation()
        try:
            await self._address.connect(lambda: conversation.link)
            await conversation.link.greet(self._address.greeting)
            await conversation.ask(packed("SELECT", str(self._address.database)))
        except BaseException:
            conversation.link.abort("not welcomed")
            raise
        return conversation


@dataclass(frozen=True, slots=True)
class _Question:
    commands: int
    outcome: asyncio.Future[list[Any]]
    answers: list[Any] = field(default_factory=list)


class _Conversation:
    """What was asked on one connection, and is answered in that order."""

    def __init__(self) -> None:
        self._questions: deque[_Question] = deque()
        self.link = RedisLink(pushed=lambda _push: None, replied=self._replied)
        self.link.closed.add_done_callback(self._lost)

    async def ask(self, *commands: bytes) -> list[Any]:
        outcome: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._questions.append(_Question(len(commands), outcome))
        self.link.send(*commands)
        answers = await outcome
        for answer in answers:
            if isinstance(answer, hiredis.ReplyError):
                raise Refused(str(answer))
        return answers

    def _replied(self, reply: Any) -> None:
        question = self._questions[0]
        question.answers.append(reply)
        if len(question.answers) == question.commands:
            self._questions.popleft()
            if not question.outcome.done():
                question.outcome.set_result(question.answers)

    def _lost(self, closed: asyncio.Future[str]) -> None:
        for question in self._questions:
            if not question.outcome.done():
                question.outcome.set_exception(ConnectionError(closed.result()))
