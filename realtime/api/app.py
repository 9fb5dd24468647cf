"""The HTTP side as one ASGI app: routes, what every request passes, and how errors are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from realtime.api import tus
from realtime.api.bodies import MAX_BODY_BYTES
from realtime.api.edge import AddHeaders, CheckHost, LimitBody, security_headers
from realtime.api.peers import Peers
from realtime.api.problems import HANDLERS
from realtime.api.request_log import RequestFigures, RequestLog
from realtime.api.request_rate import LimitRequests, RequestRate

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ASKED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "X-Request-Id",
    *tus.ASKED_HEADERS,
)
TOLD_HEADERS = ("Retry-After", "X-Request-Id", *tus.TOLD_HEADERS)
# What a form is larger than the file in it.
FORM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What stands between the network and the routes.

    ``hosts`` are the only ones that are answered to, None for any. ``requests_per_second`` is of
    one caller, 0 for no limit; ``is_backend`` knows the credentials that have none.
    ``most_of_file`` is how many bytes an attachment may have.
    """

    peers: Peers
    new_id: Callable[[], str]
    monotonic: Callable[[], float]
    is_backend: Callable[[str], bool]
    requests_per_second: int = 0
    most_of_file: int = 0
    allowed_origins: Sequence[str] = ()
    https: bool = False
    hosts: frozenset[str] | None = None
    figures: RequestFigures = field(default_factory=RequestFigures)


def create_app(routes: Sequence[BaseRoute], edge: Edge) -> ASGIApp:
    """Put it together, from the inside out.

    The layers are put around Starlette, not into it: what it answers to an unexpected error is to
    pass them as well.
    """
    app = Starlette(routes=routes, exception_handlers=HANDLERS)
    # A redirect would be written with the Host that the caller sent.
    app.router.redirect_slashes = False
    files = {"/v1/attachments": edge.most_of_file + FORM_BYTES}
    layered: ASGIApp = LimitBody(app, most=MAX_BODY_BYTES, elsewhere=files)
    if edge.requests_per_second:
        rate = RequestRate(per_second=edge.requests_per_second, monotonic=edge.monotonic)
        layered = LimitRequests(layered, rate=rate, peers=edge.peers, is_backend=edge.is_backend)
    if edge.allowed_origins:
        layered = CORSMiddleware(
            layered,
            allow_origins=edge.allowed_origins,
            allow_methods=METHODS,
            allow_headers=ASKED_HEADERS,
            expose_headers=TOLD_HEADERS,
        )
    layered = CheckHost(layered, hosts=edge.hosts)
    layered = AddHeaders(layered, headers=security_headers(https=edge.https))
    return RequestLog(
        layered,
        figures=edge.figures,
        peers=edge.peers,
        new_id=edge.new_id,
        monotonic=edge.monotonic,
    )
