"""Values into JSON responses."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from realtime.services.views import encode


def answer(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Write a value as JSON."""
    return Response(encode(value), status_code=status.value, media_type="application/json")


def created_or_ok(value: Any, *, created: bool) -> Response:
    """Say 201 for something new, 200 for what was there."""
    return answer(value, HTTPStatus.CREATED if created else HTTPStatus.OK)


def nothing() -> Response:
    """Say that it is done and there is nothing to add."""
    return Response(status_code=HTTPStatus.NO_CONTENT.value)
