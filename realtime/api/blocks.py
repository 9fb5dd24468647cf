"""``/v1/blocks``: of whom an account wants to hear nothing."""

from domain.identity import Identity
from realtime.api.bodies import AccountId, Moment, PageQuery
from realtime.api.endpoint import ACCOUNT, Resource, Stored, delete, get, put
from realtime.services.blocks import Block, Blocks
from realtime.services.shapes import Page


class BlockRoutes(Resource):
    """Blocks over HTTP."""

    def __init__(self, *, blocks: Blocks) -> None:
        self._blocks = blocks

    async def page(self, caller: Identity, query: PageQuery) -> Page[Block]:
        """List whom the caller blocks, the latest first."""
        after = query.after(tuple[Moment, AccountId])
        return await self._blocks.page(caller, after=after, limit=query.limit)

    async def block(self, caller: Identity, account_id: AccountId) -> Stored[Block]:
        """Block somebody: neither of the two can write to the other outside of orders."""
        return Stored(*await self._blocks.block(caller, account_id))

    async def unblock(self, caller: Identity, account_id: AccountId) -> None:
        """Block somebody no longer."""
        await self._blocks.unblock(caller, account_id)

    title = "Blocks"
    endpoints = (
        get("/v1/blocks", page, by=ACCOUNT),
        put("/v1/blocks/{account_id}", block, by=ACCOUNT, refuses=("not_found",)),
        delete("/v1/blocks/{account_id}", unblock, by=ACCOUNT),
    )
