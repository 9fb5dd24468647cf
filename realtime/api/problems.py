"""Errors as problem documents (RFC 9457): one table from what the rules refuse to HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says, and the status that it comes with."""

    status: HTTPStatus
    says: str


# Every code that the API can answer with; programs tell errors apart by them.
CODES: Mapping[str, Meaning] = {
    "bad_request": Meaning(HTTPStatus.BAD_REQUEST, "The request is not for this server."),
    "invalid": Meaning(
        HTTPStatus.BAD_REQUEST, "Something is wrong in the request; `errors` names each field."
    ),
    "unauthorized": Meaning(HTTPStatus.UNAUTHORIZED, "No credential, or none that is known here."),
    "token_expired": Meaning(HTTPStatus.UNAUTHORIZED, "A fresh token will do."),
    "account_erased": Meaning(
        HTTPStatus.UNAUTHORIZED, "Nobody signs in as this account any more: it was erased."
    ),
    "forbidden": Meaning(HTTPStatus.FORBIDDEN, "This is for another kind of caller."),
    "first_contact_required": Meaning(
        HTTPStatus.FORBIDDEN, "A seller cannot write to a client first: see `unlocked_by`."
    ),
    "blocked": Meaning(HTTPStatus.FORBIDDEN, "This person takes no messages outside of orders."),
    "you_blocked": Meaning(HTTPStatus.FORBIDDEN, "The caller has blocked this person."),
    "conversation_closed": Meaning(
        HTTPStatus.FORBIDDEN, "Nobody writes here any more: the other person is gone."
    ),
    "not_sender": Meaning(HTTPStatus.FORBIDDEN, "Only who wrote a message changes it."),
    "link_expired": Meaning(
        HTTPStatus.FORBIDDEN,
        "This link is over; `GET /v1/attachments/{id}` gives another.",
    ),
    "not_found": Meaning(HTTPStatus.NOT_FOUND, "It does not exist, or is not the caller's to see."),
    "not_participant": Meaning(
        HTTPStatus.NOT_FOUND, "There is no such conversation, or the caller has no part in it."
    ),
    "push_not_set_up": Meaning(HTTPStatus.NOT_FOUND, "This server sends no pushes."),
    "method_not_allowed": Meaning(
        HTTPStatus.METHOD_NOT_ALLOWED, "The path takes other methods; `Allow` names them."
    ),
    "action_not_available": Meaning(
        HTTPStatus.CONFLICT,
        "The order, as it is by now, does not allow it; `available_actions` names what it does.",
    ),
    "plan_changed": Meaning(
        HTTPStatus.CONFLICT, "The plan that was answered is in another version by now: `plan`."
    ),
    "open_orders": Meaning(
        HTTPStatus.CONFLICT, "Orders are open, to be completed or cancelled first: see `detail`."
    ),
    "id_retired": Meaning(
        HTTPStatus.CONFLICT, "The account with this id was erased, and stays so."
    ),
    "order_exists": Meaning(HTTPStatus.CONFLICT, "There is another order with this id."),
    "service_not_approved": Meaning(HTTPStatus.CONFLICT, "Only approved services are ordered."),
    "seller_changed": Meaning(HTTPStatus.CONFLICT, "A service stays with its seller."),
    "too_late": Meaning(HTTPStatus.CONFLICT, "The message is too old to be edited."),
    "contact_details": Meaning(
        HTTPStatus.CONFLICT, "It would say how to reach its sender, and there is no order yet."
    ),
    "delivery_under_way": Meaning(
        HTTPStatus.CONFLICT, "A worker has this delivery just now; the same call is fine later."
    ),
    "delivery_ended": Meaning(
        HTTPStatus.CONFLICT, "The delivery arrived, or ended for good: see `detail`."
    ),
    "set_started": Meaning(HTTPStatus.CONFLICT, "Somebody has carried this set out already."),
    "too_many_quick_replies": Meaning(HTTPStatus.CONFLICT, "There are as many as there may be."),
    "too_many_webhooks": Meaning(HTTPStatus.CONFLICT, "There are as many as there may be."),
    "too_many_attachments": Meaning(
        HTTPStatus.CONFLICT, "The caller has uploaded as many as may wait to be sent."
    ),
    "attachment_used": Meaning(HTTPStatus.CONFLICT, "It is part of a message or an order."),
    "wrong_offset": Meaning(
        HTTPStatus.CONFLICT, "The upload is not as far, or further; HEAD says how far it is."
    ),
    "too_many_pieces": Meaning(HTTPStatus.CONFLICT, "The upload came in too many pieces."),
    "precondition_failed": Meaning(
        HTTPStatus.PRECONDITION_FAILED, "This version of the tus protocol is not spoken here."
    ),
    "too_large": Meaning(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body, or a text in it, is too long."
    ),
    "unsupported_media_type": Meaning(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not of a type that is taken here."
    ),
    "range_not_satisfiable": Meaning(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The file ends before the part that is wanted."
    ),
    "attachment_infected": Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The scanner found a virus in this file."
    ),
    "idempotency_key_reused": Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Another order was placed under this key."
    ),
    "too_many_requests": Meaning(HTTPStatus.TOO_MANY_REQUESTS, "The same call is fine later."),
    "internal": Meaning(HTTPStatus.INTERNAL_SERVER_ERROR, "A mistake of this server's."),
    "unavailable": Meaning(HTTPStatus.SERVICE_UNAVAILABLE, "The same call is fine later."),
}
# What a code that is not in the table comes with: the status of the nearest of its kinds.
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
HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.PRECONDITION_FAILED: {"Tus-Version": "1.0.0"},
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "1"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
}


def problem(status: HTTPStatus, error: OrderwireError) -> Response:
    """Write a problem document."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": error.code,
        "detail": error.detail,
        "errors": [{"path": field.path, "message": field.message} for field in error.errors],
    }
    if isinstance(error, Conflict):
        document |= error.state
    return Response(
        encode(document),
        status_code=status.value,
        media_type="application/problem+json",
        headers=HEADERS.get(status),
    )


def status_of(error: OrderwireError) -> HTTPStatus:
    """Look an error's status up, by its code or by the nearest of its kinds."""
    known = CODES.get(error.code)
    if known is not None:
        return known.status
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
