"""How many requests a caller may make: a bucket for each credential, or address without one."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import TooMany
from realtime.api.peers import Peers
from realtime.api.problems import problem

BURST = 4.0  # seconds: what the rate allows in them may come at once
MAX_CALLERS = 50_000
LIMITED = ("/v1/", "/u/")


class RequestRate:
    """A bucket a caller, kept as one number: the instant at which it will be full again."""

    def __init__(self, *, per_second: int, monotonic: Callable[[], float]) -> None:
        self._cost = 1.0 / per_second
        self._monotonic = monotonic
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many callers are remembered."""
        return len(self._full_at)

    def admits(self, caller: str) -> bool:
        """Tell whether a request of this caller would be let in now."""
        now = self._monotonic()
        return self._full_at.get(caller, now) - now <= BURST - self._cost

    def count(self, caller: str) -> None:
        """Count a request."""
        now = self._monotonic()
        self._full_at[caller] = max(self._full_at.pop(caller, now), now) + self._cost
        if len(self._full_at) > MAX_CALLERS:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop the callers whose bucket is full; if none is, the one that was quiet longest."""
        full = [caller for caller, at in self._full_at.items() if at <= now]
        for caller in full or [next(iter(self._full_at))]:
            del self._full_at[caller]


class LimitRequests:
    """Refuses what is too much with 429; the marketplace's own backend is not limited.

    A caller is who holds a credential. Those that are refused count against the address, or each
    made-up one would come with a bucket of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rate: RequestRate,
        peers: Peers,
        is_backend: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._rate = rate
        self._peers = peers
        self._is_backend = is_backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED):
            await self._app(scope, receive, send)
            return
        credential = Headers(scope=scope).get("authorization", "").partition(" ")[2].strip()
        if credential and self._is_backend(credential):
            await self._app(scope, receive, send)
            return
        address = self._peers.address(scope)
        caller = _named(credential) if credential else address
        if not (self._rate.admits(caller) and self._rate.admits(address)):
            refusal = problem(HTTPStatus.TOO_MANY_REQUESTS, TooMany("too many requests; slow down"))
            await refusal(scope, receive, send)
            return
        self._rate.count(caller)
        await self._app(scope, receive, self._counting_refusals(send, address))

    def _counting_refusals(self, send: Send, address: str) -> Send:
        async def counted(message: Message) -> None:
            refused = message["type"] == "http.response.start" and message["status"] == 401
            if refused:
                self._rate.count(address)
            await send(message)

        return counted


def _named(credential: str) -> str:
    """Name a credential without keeping it."""
    return hashlib.blake2b(credential.encode("utf-8", "replace"), digest_size=16).hexdigest()
