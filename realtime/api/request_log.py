"""Every request leaves a line in the log, a figure in the metrics, and its id with its answer."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from realtime.api.peers import Peers
from realtime.api.problems import CLIENT_LEFT
from realtime.histograms import Histogram

log = structlog.get_logger(__name__)

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked every few seconds, by machines.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
UNMATCHED = "unmatched"


@dataclass(slots=True)
class RequestFigures:
    """What was served since the start: by method, route and status, and how long it took."""

    answered: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    durations: dict[tuple[str, str], Histogram] = field(
        default_factory=lambda: defaultdict(Histogram)
    )

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one."""
        self.answered[method, route, status] += 1
        self.durations[method, route].add(seconds)


class RequestLog:
    """The outermost layer; what reaches it as an exception has been answered already."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        figures: RequestFigures,
        peers: Peers,
        new_id: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._figures = figures
        self._peers = peers
        self._new_id = new_id
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        started = self._monotonic()
        status = CLIENT_LEFT

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, noted)
            except Exception as error:
                # Starlette answers an unexpected error, logs it by our handler, and raises it on.
                if status == CLIENT_LEFT:
                    status = HTTPStatus.INTERNAL_SERVER_ERROR.value
                    log.error("request_failed", exc_info=error)
            finally:
                self._note(scope, status, self._monotonic() - started)

    def _request_id(self, scope: Scope) -> str:
        given = Headers(scope=scope).get("x-request-id", "")
        return given if _ID.fullmatch(given) else self._new_id()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self._figures.add(method, route, status, seconds)
        write = log.debug if route in PROBES else log.info
        write(
            "request",
            method=method,
            # As it was sent: percent-encoded. The query stays out, it may carry a token.
            path=scope.get("raw_path", b"").decode("ascii", "replace"),
            status=status,
            milliseconds=round(seconds * 1000, 1),
            client=self._peers.address(scope),
        )
