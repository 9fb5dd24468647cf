"""``/v1/blocks``: of whom an account wants to hear nothing."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from realtime.api.answers import answer, created_or_ok, nothing
from realtime.api.bodies import AccountId, Moment, limit_of, path_id
from realtime.api.callers import Callers
from realtime.services.blocks import Blocks
from realtime.services.paging import decode_cursor


class BlockRoutes:
    """Blocks over HTTP."""

    def __init__(self, *, blocks: Blocks, callers: Callers) -> None:
        self._blocks = blocks
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/v1/blocks/{account_id}"
        return [
            Route("/v1/blocks", self.page, methods=["GET"]),
            Route(one, self.block, methods=["PUT"]),
            Route(one, self.unblock, methods=["DELETE"]),
        ]

    async def page(self, request: Request) -> Response:
        """List whom the caller blocks."""
        caller = await self._callers.account(request)
        cursor = request.query_params.get("cursor")
        after = decode_cursor(cursor, tuple[Moment, AccountId]) if cursor else None
        return answer(await self._blocks.page(caller, after=after, limit=limit_of(request)))

    async def block(self, request: Request) -> Response:
        """Block somebody: 201, or 200 for who is blocked already."""
        caller = await self._callers.account(request)
        shown, created = await self._blocks.block(caller, path_id(request, "account_id"))
        return created_or_ok(shown, created=created)

    async def unblock(self, request: Request) -> Response:
        """Block somebody no longer."""
        caller = await self._callers.account(request)
        await self._blocks.unblock(caller, path_id(request, "account_id"))
        return nothing()
