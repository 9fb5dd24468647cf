"""``centrifuge-python``, as it is installed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from centrifuge import CentrifugeError, Client, ReplyError, StreamPosition

from tests.clients.sdk import PATIENCE, Diary, Happened, Page, Refused, TokenSource

MOST_BETWEEN_TRIES = 0.5
NO_PING_AFTER = 2.0


class _Notes:
    """Takes every event by the name of its handler, and writes it down."""

    def __init__(self, diary: Diary, channel: str = "") -> None:
        self._diary = diary
        self._channel = channel

    def __getattr__(self, handler: str) -> Callable[[Any], Awaitable[None]]:
        what = handler.removeprefix("on_")

        async def note(context: Any) -> None:
            self._diary.note(_happened(what, self._channel, context))

        return note


def _happened(what: str, channel: str, context: Any) -> Happened:
    publication = getattr(context, "pub", None)
    told = publication or context
    error = getattr(context, "error", None)
    return Happened(
        what=what,
        channel=channel or getattr(context, "channel", ""),
        code=getattr(error, "code", getattr(context, "code", 0)),
        message=str(error or getattr(context, "reason", "")),
        recovered=getattr(context, "recovered", False),
        was_recovering=getattr(context, "was_recovering", False),
        offset=publication.offset if publication else 0,
        data=getattr(told, "data", None),
        user=getattr(getattr(context, "info", None), "user", ""),
    )


class PythonClient:
    """One client."""

    def __init__(
        self, url: str, token: TokenSource, *, data: Mapping[str, Any] | None, gives_up_after: float
    ) -> None:
        self.diary = Diary()
        self._client = Client(
            url,
            events=_Notes(self.diary),
            get_token=token,
            data=data,
            proxy=None,
            timeout=gives_up_after,
            max_reconnect_delay=MOST_BETWEEN_TRIES,
            max_server_ping_delay=NO_PING_AFTER,
        )
        self._beginning: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self._beginning = asyncio.create_task(self._client.connect())

    async def disconnect(self) -> None:
        await self._client.disconnect()
        if self._beginning is not None:
            await self._beginning

    async def subscribe(self, channel: str, *, join_leave: bool = False) -> None:
        subscription = self._client.get_subscription(channel)
        if subscription is None:
            events = _Notes(self.diary, channel)
            subscription = self._client.new_subscription(
                channel,
                events=events,
                max_resubscribe_delay=MOST_BETWEEN_TRIES,
                join_leave=join_leave,
            )
        await subscription.subscribe()

    async def unsubscribe(self, channel: str) -> None:
        await self._client.get_subscription(channel).unsubscribe()

    async def rpc(self, method: str, data: Mapping[str, Any]) -> Any:
        return (await _answer(self._client.rpc(method, data))).data

    async def history(
        self,
        channel: str,
        *,
        limit: int,
        since: tuple[int, str] | None = None,
        reverse: bool = False,
    ) -> Page:
        position = StreamPosition(*since) if since else None
        page = await _answer(
            self._client.history(channel, limit=limit, since=position, reverse=reverse)
        )
        publications = [(each.offset, each.data) for each in page.publications]
        return Page(publications=publications, offset=page.offset, epoch=page.epoch)

    async def presence(self, channel: str) -> dict[str, str]:
        present = await _answer(self._client.presence(channel))
        return {client: info.user for client, info in present.clients.items()}

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        stats = await _answer(self._client.presence_stats(channel))
        return stats.num_clients, stats.num_users


async def _answer(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except ReplyError as error:
        raise Refused(error.code, error.message) from None
    except CentrifugeError as error:
        raise Refused(0, type(error).__name__) from None


class PythonSdk:
    """Makes clients, and ends them."""

    name = "python"

    def __init__(self) -> None:
        self._clients: list[PythonClient] = []

    async def client(
        self,
        url: str,
        token: TokenSource,
        *,
        data: Mapping[str, Any] | None = None,
        gives_up_after: float = PATIENCE,
    ) -> PythonClient:
        made = PythonClient(url, token, data=data, gives_up_after=gives_up_after)
        self._clients.append(made)
        return made

    async def close(self) -> None:
        """End what still runs."""
        for each in self._clients:
            await each.disconnect()


@asynccontextmanager
async def python_sdk() -> AsyncIterator[PythonSdk]:
    """Give the SDK; its clients end with the block."""
    sdk = PythonSdk()
    try:
        yield sdk
    finally:
        await sdk.close()
