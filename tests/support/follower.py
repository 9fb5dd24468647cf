"""A client of the raw protocol that comes back as SDKs do, and keeps account of what it is sent.

What the server promises is checked with every frame: no push of a channel before its reply, each
durable publication of a thread once a subscription, in order, without a gap.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from realtime.ids import new_id

PATIENCE = 60.0
ANSWERED_WITHIN = 5.0
PAGE = 200

Message = dict[str, Any]


@dataclass(slots=True)
class Followed:
    """One channel over all connections; ``position`` is None until the first reply."""

    name: str
    position: int | None = None
    epoch: str = ""
    first: int = 0
    is_live: bool = False
    # By offset.
    heard: dict[int, Any] = field(default_factory=dict)

    @property
    def is_inbox(self) -> bool:
        """Whether it shows the latest state of things, and may leave steps out."""
        return self.name.startswith("inbox:")

    def is_at(self, top: int) -> bool:
        """Tell whether it has come that far."""
        return self.position is not None and self.position >= top

    def missing(self, top: int) -> list[int]:
        """List what is not there of all that came up to ``top`` since it began to follow."""
        return [each for each in range(self.first + 1, top + 1) if each not in self.heard]


class Follower:
    """Follows channels, one connection after the other; ``dial`` says where the next one goes."""

    def __init__(
        self,
        *,
        dial: Callable[[], str],
        token: Callable[[], str],
        channels: Sequence[str],
        inbox: str | None = None,
        random: Random | None = None,
    ) -> None:
        self.problems: list[str] = []
        self.closes: list[int | None] = []
        # By conversation, as the inbox told it last.
        self.unread: dict[str, int] = {}
        self.channels = {name: Followed(name) for name in channels}
        self._dial = dial
        self._token = token
        self._inbox = Followed(inbox) if inbox else None
        self._random = random or Random()
        self._ids = count(1)
        self._connection: ClientConnection | None = None
        self._connected = asyncio.Event()
        self._calls: dict[int, asyncio.Future[Message]] = {}
        self._subscribes: dict[int, Followed] = {}
        self._connect_id = 0
        self._reloads: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._failures: list[BaseException] = []

    @asynccontextmanager
    async def following(self) -> AsyncIterator["Follower"]:
        """Follow until the block ends."""
        task = asyncio.create_task(self._follow())
        task.add_done_callback(self._ended)
        try:
            await self.until(lambda: all(each.is_live for each in self.channels.values()))
            yield self
        finally:
            for each in (task, *self._reloads):
                each.cancel()
            await asyncio.gather(task, *self._reloads, return_exceptions=True)

    # --- what tests ask and do ------------------------------------------------------------------

    async def until(self, true: Callable[[], bool], *, within: float = PATIENCE) -> None:
        """Wait until something that has come makes ``true()`` true."""
        async with asyncio.timeout(within):
            while not true():
                assert not self._failures, self._failures
                await self._news.wait()

    async def has_all(self, channel: str, top: int, *, within: float = PATIENCE) -> None:
        """Wait until nothing is missing up to ``top``."""
        followed = self.channels[channel]
        try:
            await self.until(
                lambda: followed.is_at(top) and not followed.missing(top), within=within
            )
        except TimeoutError:
            raise AssertionError(
                f"{channel}: {followed.missing(top)[:20]} are missing; it is at "
                f"{followed.position}, live: {followed.is_live}, closes: {self.closes}"
            ) from None

    async def shows(self, conversation: str, unread: int, *, within: float = PATIENCE) -> None:
        """Wait until the inbox has told that so many messages of a conversation are unread."""
        try:
            await self.until(lambda: self.unread.get(conversation) == unread, within=within)
        except TimeoutError:
            told = self.unread.get(conversation)
            raise AssertionError(f"{conversation}: {told} unread, not {unread}") from None

    def drop(self) -> None:
        """Lose the connection, if there is one."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def send(self, conversation: str, body: str) -> int:
        """Send a message again and again until it is acknowledged; return its seq."""
        data = {"conversation": conversation, "client_id": new_id(), "body": body}
        while True:
            reply = await self.call(rpc={"method": "message.send", "data": data})
            if reply is None:
                continue
            if "error" not in reply:
                seq: int = reply["rpc"]["data"]["message"]["seq"]
                return seq
            assert reply["error"].get("temporary"), reply
            await asyncio.sleep(self._random.uniform(0.02, 0.1))

    async def call(self, **method: Any) -> Message | None:
        """Send a command; return its reply, or None when none came."""
        await self._connected.wait()
        connection = self._connection
        assert connection is not None
        command_id = next(self._ids)
        answer = self._calls[command_id] = asyncio.get_running_loop().create_future()
        try:
            await connection.send(json.dumps({"id": command_id, **method}))
            async with asyncio.timeout(ANSWERED_WITHIN):
                return await answer or None
        except TimeoutError:
            return None
        except WebSocketException:
            if connection is self._connection:
                self._connected.clear()  # nobody shall try again before there is another one
            return None
        finally:
            self._calls.pop(command_id, None)

    # --- one connection after the other ---------------------------------------------------------

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)
            self._tell()

    async def _follow(self) -> None:
        while True:
            try:
                async with connect(
                    self._dial(),
                    proxy=None,
                    max_size=None,
                    ping_interval=None,
                    open_timeout=ANSWERED_WITHIN,
                    close_timeout=1.0,
                ) as connection:
                    await self._live(connection)
            except (OSError, TimeoutError, WebSocketException):
                pass
            finally:
                self._gone()
            await asyncio.sleep(self._random.uniform(0.02, 0.1))

    async def _live(self, connection: ClientConnection) -> None:
        self._connection = connection
        await connection.send("\n".join(map(json.dumps, self._first_commands())))
        try:
            async for frame in connection:
                assert isinstance(frame, str)
                for line in frame.split("\n"):
                    await self._take(json.loads(line))
        finally:
            self.closes.append(connection.close_code)

    def _first_commands(self) -> list[Message]:
        """Connect and subscribe in one frame, as SDKs do."""
        self._connect_id = next(self._ids)
        opening: Message = {"token": self._token()}
        if self._inbox is not None:
            opening["data"] = {"inbox": True}
            if self._inbox.position is not None:
                opening["subs"] = {self._inbox.name: _recovery(self._inbox)}
        subscribes = [self._subscribe(each) for each in self.channels.values()]
        return [{"id": self._connect_id, "connect": opening}, *subscribes]

    def _subscribe(self, followed: Followed) -> Message:
        command_id = next(self._ids)
        self._subscribes[command_id] = followed
        recovery = {} if followed.position is None else _recovery(followed)
        return {"id": command_id, "subscribe": {"channel": followed.name, **recovery}}

    def _gone(self) -> None:
        self._connection = None
        self._connected.clear()
        self._subscribes.clear()
        for followed in self._all():
            followed.is_live = False
        for answer in self._calls.values():
            if not answer.done():
                answer.set_result({})
        self._tell()

    def _all(self) -> list[Followed]:
        return [*self.channels.values(), *([self._inbox] if self._inbox else [])]

    # --- what comes -----------------------------------------------------------------------------

    async def _take(self, message: Message) -> None:
        if not message:
            assert self._connection is not None
            await self._connection.send("{}")
        elif "push" in message:
            await self._pushed(message["push"])
        elif message["id"] == self._connect_id:
            await self._let_in(message)
        elif message["id"] in self._subscribes:
            await self._subscribed(self._subscribes.pop(message["id"]), message)
        elif (answer := self._calls.get(message["id"])) is not None and not answer.done():
            answer.set_result(message)
        self._tell()

    async def _let_in(self, reply: Message) -> None:
        if "error" in reply:
            await self._refused("connect", reply["error"])
            return
        if self._inbox is not None:
            self._begin(self._inbox, reply["connect"]["subs"][self._inbox.name])
        self._connected.set()

    async def _subscribed(self, followed: Followed, reply: Message) -> None:
        if "error" in reply:
            await self._refused(followed.name, reply["error"])
        else:
            self._begin(followed, reply["subscribe"])

    async def _refused(self, what: str, error: Message) -> None:
        """Come back after a temporary refusal; there is no other that would be right."""
        if not error.get("temporary"):
            self.problems.append(f"{what} was refused: {error}")
        assert self._connection is not None
        await self._connection.close()

    def _begin(self, followed: Followed, result: Message) -> None:
        missed = result.get("publications", [])
        top = result.get("offset", 0)
        if followed.position is None:
            followed.first = followed.position = top
        elif not result.get("was_recovering"):
            self.problems.append(f"{followed.name}: was not recovering: {result}")
        elif result.get("recovered"):
            if top != followed.position:
                self.problems.append(f"{followed.name}: began at {top}, not {followed.position}")
        else:
            if missed:
                self.problems.append(f"{followed.name}: publications without recovery")
            self._reload(followed, followed.position, top)
            followed.position = top
        followed.epoch = result["epoch"]
        followed.is_live = True
        for publication in missed:
            self._publication(followed, publication)

    async def _pushed(self, push: Message) -> None:
        followed = next((each for each in self._all() if each.name == push.get("channel")), None)
        if followed is None:
            self.problems.append(f"an unexpected push: {push}")
        elif not followed.is_live:
            self.problems.append(f"{followed.name}: a push before its reply: {push}")
        elif "pub" in push:
            self._publication(followed, push["pub"])
        elif "unsubscribe" in push:
            await self._unsubscribed(followed, push["unsubscribe"])

    async def _unsubscribed(self, followed: Followed, end: Message) -> None:
        followed.is_live = False
        if end["code"] < 2500:
            self.problems.append(f"{followed.name}: ended with {end}")
        else:
            assert self._connection is not None
            await self._connection.send(json.dumps(self._subscribe(followed)))

    def _publication(self, followed: Followed, publication: Message) -> None:
        offset = publication.get("offset", 0)
        if not offset:
            return
        assert followed.position is not None
        skips = offset > followed.position + 1 and not followed.is_inbox
        if skips or offset <= followed.position:
            self.problems.append(f"{followed.name}: {offset} came after {followed.position}")
        followed.position = offset
        followed.heard[offset] = publication["data"]
        if publication["data"]["type"] == "conversation":
            told = publication["data"]["conversation"]
            self.unread[told["id"]] = told["unread"]

    # --- what was too much to replay ------------------------------------------------------------

    def _reload(self, followed: Followed, after: int, up_to: int) -> None:
        if followed.is_inbox or after == up_to:
            return
        task = asyncio.create_task(self._read_history(followed, after, up_to))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _read_history(self, followed: Followed, after: int, up_to: int) -> None:
        while after < up_to:
            asked = {"channel": followed.name, "limit": PAGE, "since": {"offset": after}}
            reply = await self.call(history=asked)
            if reply is None or "error" in reply:
                continue
            for each in reply["history"]["publications"]:
                followed.heard.setdefault(each["offset"], each["data"])
                after = each["offset"]
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def _recovery(followed: Followed) -> Message:
    return {"recover": True, "offset": followed.position, "epoch": followed.epoch}
