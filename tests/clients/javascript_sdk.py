"""``centrifuge`` from npm, in a Node process that ``js/driver.mjs`` is the other end of."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.clients.sdk import PATIENCE, Diary, Happened, Page, Refused, TokenSource

DRIVER = Path(__file__).parent / "js" / "driver.mjs"
LONGEST_LINE = 64 * 1024 * 1024
# In milliseconds.
OPTIONS = {
    "minReconnectDelay": 100,
    "maxReconnectDelay": 500,
    "maxServerPingDelay": 2_000,
}


class JavaScriptClient:
    """One client, in the Node process."""

    def __init__(self, sdk: "JavaScriptSdk", name: str, token: TokenSource) -> None:
        self.diary = Diary()
        self.token = token
        self._sdk = sdk
        self._name = name

    async def open(self, url: str | Sequence[Mapping[str, str]], **options: Any) -> None:
        """Make it there; ``url`` may be a list of transports, each with its endpoint."""
        await self._do("open", url=url, options=OPTIONS | options)

    async def connect(self) -> None:
        await self._do("connect")

    async def disconnect(self) -> None:
        await self._do("disconnect")

    async def subscribe(self, channel: str, *, join_leave: bool = False) -> None:
        await self._do("subscribe", channel=channel, options={"joinLeave": join_leave})

    async def unsubscribe(self, channel: str) -> None:
        await self._do("unsubscribe", channel=channel)

    async def rpc(self, method: str, data: Mapping[str, Any]) -> Any:
        return await self._do("rpc", method=method, data=data)

    async def send(self, data: Mapping[str, Any]) -> None:
        """Send something that nobody answers; Python's SDK has nothing of the kind."""
        await self._do("send", data=data)

    async def history(
        self,
        channel: str,
        *,
        limit: int,
        since: tuple[int, str] | None = None,
        reverse: bool = False,
    ) -> Page:
        options: dict[str, Any] = {"limit": limit, "reverse": reverse}
        if since is not None:
            options["since"] = {"offset": since[0], "epoch": since[1]}
        page = await self._do("history", channel=channel, options=options)
        publications = [(each["offset"], each["data"]) for each in page["publications"]]
        return Page(publications=publications, offset=page["offset"], epoch=page["epoch"])

    async def presence(self, channel: str) -> dict[str, str]:
        present = await self._do("presence", channel=channel)
        return {client: info["user"] for client, info in present.items()}

    async def presence_stats(self, channel: str) -> tuple[int, int]:
        stats = await self._do("presence_stats", channel=channel)
        return stats["numClients"], stats["numUsers"]

    async def _do(self, action: str, **more: Any) -> Any:
        return await self._sdk.call({"do": action, "client": self._name, **more})


class JavaScriptSdk:
    """The Node process, and the clients in it."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process
        self._numbers = count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._clients: dict[str, JavaScriptClient] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read())

    async def client(
        self,
        url: str,
        token: TokenSource,
        *,
        data: Mapping[str, Any] | None = None,
        gives_up_after: float = PATIENCE,
    ) -> JavaScriptClient:
        made = self._made(token)
        await made.open(url, data=data, timeout=gives_up_after * 1000)
        return made

    async def fallback_client(
        self, transport: str, endpoint: str, token: TokenSource, *, emulation: str
    ) -> JavaScriptClient:
        """Make a client that has no WebSocket: it hears at one address and speaks at another."""
        made = self._made(token)
        transports = [{"transport": transport, "endpoint": endpoint}]
        await made.open(transports, emulationEndpoint=emulation)
        return made

    def _made(self, token: TokenSource) -> JavaScriptClient:
        name = f"client-{next(self._numbers)}"
        made = self._clients[name] = JavaScriptClient(self, name, token)
        return made

    async def call(self, message: Mapping[str, Any]) -> Any:
        """Have something done, and return what came of it."""
        number = next(self._numbers)
        outcome = self._calls[number] = asyncio.get_running_loop().create_future()
        self._tell({"call": number, **message})
        async with asyncio.timeout(PATIENCE):
            return await outcome

    async def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader
        for each in self._tasks:
            each.cancel()

    def _tell(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take(json.loads(line))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "call" in message:
            self._settle(self._calls.pop(message["call"]), message)
        elif "ask" in message:
            task = asyncio.create_task(self._answer(message["client"], message["ask"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._clients[message["client"]].diary.note(_happened(message["happened"]))

    def _settle(self, outcome: asyncio.Future[Any], message: Mapping[str, Any]) -> None:
        if outcome.done():
            return
        if "error" in message:
            error = message["error"]
            outcome.set_exception(Refused(error["code"], error["message"]))
        else:
            outcome.set_result(message["result"])

    async def _answer(self, client: str, question: int) -> None:
        self._tell({"answer": question, "token": await self._clients[client].token()})


def _happened(told: Mapping[str, Any]) -> Happened:
    return Happened(
        what=told["what"],
        channel=told.get("channel") or "",
        code=told.get("code") or 0,
        message=told.get("message") or "",
        recovered=told.get("recovered", False),
        was_recovering=told.get("wasRecovering", False),
        offset=told.get("offset") or 0,
        data=told.get("data"),
        user=told.get("user") or "",
    )


@asynccontextmanager
async def javascript_sdk(package: str) -> AsyncIterator[JavaScriptSdk]:
    """Give a ``package`` of ``js/package.json``; its clients end with the block."""
    node = shutil.which("node")
    assert node is not None, "there is no Node on the PATH: make sets one up"
    process = await asyncio.create_subprocess_exec(
        node,
        # Browsers have EventSource; Node knows it by this name.
        "--experimental-eventsource",
        "--no-warnings",
        str(DRIVER),
        package,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    sdk = JavaScriptSdk(package, process)
    try:
        yield sdk
    finally:
        await sdk.close()
