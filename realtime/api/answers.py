"""Values into JSON responses."""

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from realtime.services.views import encode


def answer(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Write a value as JSON."""
    return Response(encode(value), status_code=status.value, media_type="application/json")
