"""``/v1/search``."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Invalid
from realtime.api.answers import answer
from realtime.api.bodies import query_int
from realtime.api.callers import Callers
from realtime.services.search import Kind, Search

DEFAULT_LIMIT, MAX_LIMIT = 20, 50
MAX_QUERY = 200


class SearchRoutes:
    """Search over HTTP."""

    def __init__(self, *, search: Search, callers: Callers) -> None:
        self._search = search
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        return [Route("/v1/search", self.find, methods=["GET"])]

    async def find(self, request: Request) -> Response:
        """Find messages, people and orders; ``in`` names some of them, separated by commas."""
        caller = await self._callers.account(request)
        query = request.query_params.get("q", "")
        if len(query) > MAX_QUERY:
            raise Invalid.field("q", f"has at most {MAX_QUERY} characters")
        return answer(await self._search.find(caller, query, _kinds(request), _limit(request)))


def _kinds(request: Request) -> set[Kind]:
    text = request.query_params.get("in")
    if text is None:
        return set(Kind)
    try:
        return {Kind(name) for name in text.split(",")}
    except ValueError:
        raise Invalid.field("in", f"names some of {', '.join(Kind)}") from None


def _limit(request: Request) -> int:
    limit = query_int(request, "limit")
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid.field("limit", f"is between 1 and {MAX_LIMIT}")
    return limit
