"""Files as responses: whole or in part (RFC 9110, 14), and so that nothing in them can run."""

import re
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.attachments import served_as, shown_in_place
from domain.errors import FieldError, Invalid
from realtime.api.problems import problem
from realtime.services.attachments import Fetched

# A page of its own, even if somebody opens it as one: no script, no form, no origin.
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")

Content = Callable[[int, int], AsyncIterator[bytes]]


async def file_answer(request: Request, file: Fetched, content: Content) -> Response:
    """Send a file, or the part of it that is asked for."""
    headers = _headers(file)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    start, end = 0, file.size
    status = HTTPStatus.OK
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted and request.headers.get("if-range", headers["ETag"]) == headers["ETag"]:
        start, end = _within(wanted, file.size)
        if start >= end:
            return _unsatisfiable(file.size)
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers |= {"Content-Length": str(end - start), "Content-Type": served_as(file.media_type)}
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    # The first stretch is waited for: what cannot be read is an answer, not one that breaks off.
    stretches = content(start, end)
    first = await anext(stretches)
    return StreamingResponse(_following(first, stretches), status_code=status, headers=headers)


async def _following(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for stretch in rest:
        yield stretch


def _headers(file: Fetched) -> dict[str, str]:
    return {
        "ETag": f'"{file.tag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={int(file.holds.total_seconds())}, immutable",
        "Content-Disposition": disposition(file.media_type, file.name),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        # Whoever has a link may show what it leads to, on the marketplace's pages, too.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def disposition(media_type: str, name: str) -> str:
    """Say whether a file may be shown in place, and what it is called (RFC 6266, RFC 8187)."""
    kind = "inline" if shown_in_place(media_type) else "attachment"
    plain = re.sub(r"[^ !#$&+\-.0-9A-Z\[\]^_a-z{}~()]", "_", name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _within(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """Return the part that a range stands for; an empty one where there is none."""
    first, last, suffix = wanted.groups()
    if suffix is not None:
        return max(size - int(suffix), 0), size if int(suffix) else 0
    return int(first), min(int(last) + 1, size) if last else size


def _unsatisfiable(size: int) -> Response:
    wrong = FieldError("Range", f"is outside of the {size} bytes that there are")
    error = Invalid(wrong, code="range_not_satisfiable")
    answer = problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, error)
    answer.headers["Content-Range"] = f"bytes */{size}"
    return answer
