"""Errors as problem documents (RFC 9457): one table from what the rules refuse to HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OrderwireError,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from realtime.services.views import encode

log = structlog.get_logger(__name__)

STATUS: Mapping[type[OrderwireError], HTTPStatus] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
# What is noted of a request whose client left before it was answered.
CLIENT_LEFT = 499
# Where one code stands apart from its kind.
STATUS_BY_CODE = {"idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY}
HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "1"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
}


def problem(status: HTTPStatus, error: OrderwireError) -> Response:
    """Write a problem document."""
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": error.code,
        "detail": error.detail,
        "errors": [{"path": field.path, "message": field.message} for field in error.errors],
    }
    return Response(
        encode(document),
        status_code=status.value,
        media_type="application/problem+json",
        headers=HEADERS.get(status),
    )


def status_of(error: OrderwireError) -> HTTPStatus:
    """Look an error's status up, by its code or by the nearest of its kinds."""
    by_code = STATUS_BY_CODE.get(error.code)
    if by_code is not None:
        return by_code
    kinds = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return next(kinds, HTTPStatus.INTERNAL_SERVER_ERROR)


async def refused(_request: Request, error: Exception) -> Response:
    """Answer what the rules refuse."""
    assert isinstance(error, OrderwireError)
    if isinstance(error, Unavailable):
        log.error("unavailable", error=error.detail, cause=type(error.__cause__).__name__)
    return problem(status_of(error), error)


async def not_routed(request: Request, error: Exception) -> Response:
    """Answer what no route takes, in the same shape."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    answer = problem(status, OrderwireError(status.description or status.phrase, code=code))
    answer.headers.update(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer


def _methods(request: Request) -> set[str]:
    """Collect what all routes of this path take, not only the first of them."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


async def client_left(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the client went away while it was still sending."""
    return Response(status_code=CLIENT_LEFT)


async def broken(_request: Request, error: Exception) -> Response:
    """Answer our own mistake, without a word about it but the log's."""
    log.error("request_failed", exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, OrderwireError("something went wrong on our side")
    )


HANDLERS = {
    OrderwireError: refused,
    HTTPException: not_routed,
    ClientDisconnect: client_left,
    Exception: broken,
}
