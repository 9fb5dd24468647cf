"""``/metrics``: plain counters of the parts, written as Prometheus or OpenMetrics reads them."""

import hmac
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Unauthorized
from realtime.api.endpoint import ANYBODY, Content, Resource, get
from realtime.api.peers import is_this_machine


class Source(Protocol):
    """A part that counts something."""

    def __call__(self) -> Awaitable[Iterable[Metric]]:
        """Return its metrics as they are now."""
        ...


class _Read(Collector):
    """Metrics that were read a moment ago."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class MetricsRoutes(Resource):
    """Shown to whoever has the token; without one, to this machine alone."""

    def __init__(self, *, sources: Sequence[Source], token: str | None) -> None:
        self._sources = sources
        self._token = token

    async def show(self, request: Request) -> Annotated[Response, Content("text/plain")]:
        """Show all figures, as Prometheus reads them or OpenMetrics has them."""
        self._admit(request)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Read([metric for each in self._sources for metric in await each()]))
        ProcessCollector(registry=registry)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": media_type})

    title = "Operation"
    endpoints = (get("/metrics", show, by=ANYBODY, refuses=("unauthorized",)),)

    def _admit(self, request: Request) -> None:
        if self._token is None:
            if not is_this_machine(request.scope):
                raise Unauthorized("metrics are shown on this machine alone, or by METRICS_TOKEN")
            return
        given = request.headers.get("authorization", "").partition(" ")[2].strip()
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Unauthorized("send Authorization: Bearer with METRICS_TOKEN")


def now(read: Callable[[], Iterable[Metric]]) -> Source:
    """Make a source of something that can be read without waiting."""

    async def source() -> Iterable[Metric]:
        return read()

    return source
