"""What every request passes before it is routed: its Host, the size of its body, our headers."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import OrderwireError, TooLarge
from realtime.api.problems import problem

_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

# For what is no page: it may be neither framed nor run. Pages bring a policy of their own.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": API_POLICY,
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


class CheckHost:
    """Refuses a request whose ``Host`` is not one; with ``hosts``, one for anybody else.

    The second keeps foreign pages out whose name was made to lead to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None = None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http" or self._is_good(Headers(scope=scope).getlist("host")):
            await self._app(scope, receive, send)
            return
        error = OrderwireError("the Host header names no host of ours", code="bad_request")
        await problem(HTTPStatus.BAD_REQUEST, error)(scope, receive, send)

    def _is_good(self, given: list[str]) -> bool:
        host = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        return host is not None and (self._hosts is None or host["name"].lower() in self._hosts)


class LimitBody:
    """Refuses a body that says it is too large, and stops reading one that turns out to be.

    ``most`` is for most paths; under those of ``elsewhere`` something else holds.
    """

    def __init__(self, app: ASGIApp, *, most: int, elsewhere: Mapping[str, int]) -> None:
        self._app = app
        self._most = most
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most_of(scope["path"])
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdigit() and int(length) > most:
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _over(most))(scope, receive, send)
            return
        await self._app(scope, _counting(receive, most), send)

    def _most_of(self, path: str) -> int:
        found = (most for start, most in self._elsewhere.items() if path.startswith(start))
        return next(found, self._most)


def _counting(receive: Receive, most: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise _over(most)
        return message

    return counted


def _over(most: int) -> TooLarge:
    return TooLarge(f"the body has at most {most} bytes")


class AddHeaders:
    """Adds headers to every response that does not bring them itself."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def added(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, added)


def security_headers(*, https: bool) -> Mapping[str, str]:
    """Return what each response carries; ``https`` where people reach us by it."""
    return SECURITY | ONLY_HTTPS if https else SECURITY
