"""One face for the official SDKs: what a test has them do, and a diary of what they told."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

PATIENCE = 30.0

# Asked whenever the SDK wants a token.
TokenSource = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of an SDK, under the name that all of them have for it.

    Those of a channel name it, whichever side subscribed. ``code`` is the server's where it is 100
    or more, and the SDK's own below.
    """

    what: str
    channel: str = ""
    code: int = 0
    message: str = ""
    recovered: bool = False
    was_recovering: bool = False
    offset: int = 0
    data: Any = None
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What ``history`` returned."""

    publications: list[tuple[int, Any]]
    offset: int
    epoch: str


class Refused(Exception):
    """The server answered a call with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Diary:
    """All that an SDK told, in order."""

    def __init__(self) -> None:
        self.entries: list[Happened] = []
        self._news = asyncio.Event()

    def note(self, happened: Happened) -> None:
        """Write an event down."""
        self.entries.append(happened)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def all(self, what: str, channel: str = "") -> list[Happened]:
        """List the events of a name, and of one channel if it is named."""
        return [
            each
            for each in self.entries
            if each.what == what and (not channel or each.channel == channel)
        ]

    def offsets(self, channel: str) -> list[int]:
        """List the offsets of a channel's durable publications, as they came."""
        return [each.offset for each in self.all("publication", channel) if each.offset]

    async def until(self, true: Callable[[], bool], *, within: float = PATIENCE) -> None:
        """Wait until something that was told makes ``true()`` true."""
        try:
            async with asyncio.timeout(within):
                while not true():
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"it did not come; the last:\n{self._last()}") from None

    async def times(self, number: int, what: str, channel: str = "") -> Happened:
        """Wait until something has happened that often, and return that event."""
        await self.until(lambda: len(self.all(what, channel)) >= number)
        return self.all(what, channel)[number - 1]

    async def first(self, what: str, channel: str = "") -> Happened:
        """Wait until something has happened, and return the first of it."""
        return await self.times(1, what, channel)

    def _last(self) -> str:
        return "\n".join(str(each)[:300] for each in self.entries[-20:])


class SdkClient(Protocol):
    """One client; calls raise ``Refused``."""

    diary: Diary

    async def connect(self) -> None:
        """Begin to connect; the diary tells what comes of it."""
        ...

    async def disconnect(self) -> None:
        """End."""
        ...

    async def subscribe(self, channel: str, *, join_leave: bool = False) -> None:
        """Begin to listen, for the first time or again; wish to be told who comes and goes."""
        ...

    async def unsubscribe(self, channel: str) -> None:
        """Stop listening."""
        ...

    async def rpc(self, method: str, data: Mapping[str, Any]) -> Any:
        """Call a method, and return its data."""
        ...

    async def history(
        self,
        channel: str,
        *,
        limit: int,
        since: tuple[int, str] | None = None,
        reverse: bool = False,
    ) -> Page:
        """Read a page."""
        ...

    async def presence(self, channel: str) -> dict[str, str]:
        """Return client -> account of those who are there."""
        ...

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        """Count clients and accounts."""
        ...


class Sdk(Protocol):
    """One of the official SDKs, in one version."""

    name: str

    async def client(
        self,
        url: str,
        token: TokenSource,
        *,
        data: Mapping[str, Any] | None = None,
        gives_up_after: float = PATIENCE,
    ) -> SdkClient:
        """Make a client, which does nothing yet; it reconnects within a fraction of a second.

        A command unanswered for ``gives_up_after`` seconds is given up, often with its connection.
        """
        ...
